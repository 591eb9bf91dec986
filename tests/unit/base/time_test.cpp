#include "base/time.hpp"

#include "support/catch.hpp"

#include <random>

namespace snapshotter {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;

// Noon of a day that no offset of the tests leaves.
const Time kNoon = Time{sys_days{std::chrono::year{2026} / 11 / 24}} + hours{12};

TEST_CASE("times print as RFC 3339 in UTC") {
  CHECK(to_rfc3339(Time{}) == "1970-01-01T00:00:00Z");
  CHECK(to_rfc3339(kNoon - hours{10}) == "2026-11-24T02:00:00Z");
  CHECK(to_rfc3339(kNoon + Duration{1}) == "2026-11-24T12:00:00.000001Z");
  CHECK(to_rfc3339(kNoon + Duration{500'000}) == "2026-11-24T12:00:00.500000Z");
  CHECK(to_rfc3339(Time{sys_days{std::chrono::year{2024} / 2 / 29}}) == "2024-02-29T00:00:00Z");
}

TEST_CASE("times before the epoch print with a positive fraction") {
  CHECK(to_rfc3339(Time{Duration{-1}}) == "1969-12-31T23:59:59.999999Z");
  CHECK(to_rfc3339(Time{seconds{-1}}) == "1969-12-31T23:59:59Z");
  CHECK(to_compact(Time{Duration{-1}}) == "19691231T235959Z");
}

TEST_CASE("times beyond four digits of a year print as the last that fit") {
  CHECK(to_rfc3339(Time::max()) == "9999-12-31T23:59:59.999999Z");
  CHECK(to_rfc3339(Time::min()) == "0000-01-01T00:00:00Z");
  CHECK(to_compact(Time::max()) == "99991231T235959Z");
  CHECK(to_compact(Time::min()) == "00000101T000000Z");
}

TEST_CASE("RFC 3339 times parse with offsets and fractions") {
  CHECK(parse_rfc3339("2026-11-24T12:00:00Z") == kNoon);
  CHECK(parse_rfc3339("2026-11-24t12:00:00z") == kNoon);
  CHECK(parse_rfc3339("2026-11-24 12:00:00Z") == kNoon);
  CHECK(parse_rfc3339("2026-11-24T13:00:00+01:00") == kNoon);
  CHECK(parse_rfc3339("2026-11-24T06:30:00-05:30") == kNoon);
  CHECK(parse_rfc3339("2026-11-24T12:00:00-00:00") == kNoon);
  CHECK(parse_rfc3339("2026-11-25T11:59:00+23:59") == kNoon);
  CHECK(parse_rfc3339("2026-11-24T12:00:00.5Z") == kNoon + Duration{500'000});
  CHECK(parse_rfc3339("2026-11-24T12:00:00.000001Z") == kNoon + Duration{1});
  CHECK(parse_rfc3339("2026-11-24T12:00:00.123456999Z") == kNoon + Duration{123'456});
  CHECK(parse_rfc3339("2026-11-24T12:00:00.999999999+00:00") == kNoon + Duration{999'999});
  CHECK(parse_rfc3339("1969-12-31T23:59:59.999999Z") == Time{Duration{-1}});
}

TEST_CASE("an offset carries over days and years") {
  CHECK(parse_rfc3339("2027-01-01T00:30:00+01:00") == parse_rfc3339("2026-12-31T23:30:00Z"));
  CHECK(parse_rfc3339("2024-02-28T23:30:00-01:00") == parse_rfc3339("2024-02-29T00:30:00Z"));
}

TEST_CASE("what is not RFC 3339 is refused") {
  for (const char* text : {"",
                           "now",
                           "2026",
                           "2026-11-24",
                           "2026-11-24T12:00:00",
                           "2026-11-24T12:00Z",
                           "2026-11-24T12:00:00ZZ",
                           "2026-11-24T12:00:00Z ",
                           " 2026-11-24T12:00:00Z",
                           "2026-11-24X12:00:00Z",
                           "2026/11/24T12:00:00Z",
                           "26-11-24T12:00:00Z",
                           "+2026-11-24T12:00:00Z",
                           "-026-11-24T12:00:00Z",
                           "20261-1-24T12:00:00Z",
                           "2026-11-24T12:00:00,5Z",
                           "2026-11-24T12:00:00.Z",
                           "2026-11-24T12:00:00.5",
                           "2026-11-24T12:00:00.1234567890Z",
                           "2026-11-24T12:00:00+0100",
                           "2026-11-24T12:00:00+1:00",
                           "2026-11-24T12:00:00+01",
                           "2026-11-24T12:00:00+01:0",
                           "2026-11-24T12:00:00+24:00",
                           "2026-11-24T12:00:00+01:60",
                           "2026-11-24T12:00:00 +01:00",
                           "2026-11-24T1x:00:00Z",
                           "2026-11-24T12:-1:00Z",
                           "2026-11-24T12: 1:00Z",
                           "20261124T120000Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_rfc3339(text));
  }
  CHECK_FALSE(parse_rfc3339(std::string_view("2026-11-24T12:00:00Z\0", 21)));
}

TEST_CASE("days and times that do not exist are refused") {
  for (const char* text : {"2026-00-24T12:00:00Z", "2026-13-24T12:00:00Z", "2026-11-00T12:00:00Z",
                           "2026-11-31T12:00:00Z", "2026-02-29T12:00:00Z", "1900-02-29T12:00:00Z",
                           "2026-11-24T24:00:00Z", "2026-11-24T12:60:00Z", "2026-11-24T12:00:60Z",
                           "2016-12-31T23:59:60Z", "2026-11-24T99:99:99Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_rfc3339(text));
  }
  CHECK(parse_rfc3339("2000-02-29T12:00:00Z"));
}

TEST_CASE("an offset can not lead out of the years 0 to 9999") {
  CHECK(parse_rfc3339("0000-01-01T00:00:00Z"));
  CHECK_FALSE(parse_rfc3339("0000-01-01T00:00:00+00:01"));
  CHECK(parse_rfc3339("9999-12-31T23:59:59.999999Z"));
  CHECK_FALSE(parse_rfc3339("9999-12-31T23:59:59-00:01"));
}

TEST_CASE("compact times are whole seconds of UTC") {
  CHECK(to_compact(kNoon) == "20261124T120000Z");
  CHECK(to_compact(kNoon + Duration{999'999}) == "20261124T120000Z");
  CHECK(parse_compact("20261124T120000Z") == kNoon);
  CHECK(parse_compact("20240229T000000Z") == Time{sys_days{std::chrono::year{2024} / 2 / 29}});
  for (const char* text :
       {"", "20261124T120000", "20261124T120000ZZ", "20261124120000Z", "20261124t120000Z",
        "20261124T120000z", "2026112T1200000Z", "20260229T120000Z", "20261124T240000Z",
        "20261124T120060Z", "20261124T12000.Z", "20261124T1200-1Z", "2026-11-24T12:00:00Z"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_compact(text));
  }
}

TEST_CASE("microseconds since the epoch convert both ways") {
  CHECK(to_unix_micros(from_unix_micros(-1)) == -1);
  CHECK(to_unix_micros(kNoon) == 1'795'521'600'000'000);
}

TEST_CASE("every time in range survives printing and parsing") {
  constexpr unsigned kSeed = 20261124;
  CAPTURE(kSeed);
  std::mt19937_64 random(kSeed);
  std::uniform_int_distribution<std::int64_t> micros(
      to_unix_micros(*parse_rfc3339("0000-01-01T00:00:00Z")),
      to_unix_micros(*parse_rfc3339("9999-12-31T23:59:59.999999Z")));
  for (int i = 0; i < 20'000; ++i) {
    const Time time = from_unix_micros(micros(random));
    CAPTURE(to_unix_micros(time));
    REQUIRE(parse_rfc3339(to_rfc3339(time)) == time);
    REQUIRE(parse_compact(to_compact(time)) == std::chrono::floor<seconds>(time));
  }
}

}  // namespace
}  // namespace snapshotter
