#include "http/message.hpp"

#include "support/catch.hpp"

#include <chrono>

using namespace snapshotter;
using namespace std::chrono_literals;
using http::Response;

namespace {

// 1994-11-06T08:48:37Z
constexpr Time kNow{std::chrono::seconds{784'111'717}};

std::optional<Duration> after(const std::string& value, Time now = kNow) {
  Response response;
  response.headers.add("retry-AFTER", value);
  response.headers.add("Retry-After", "1");
  return http::retry_after(response, now);
}

}  // namespace

TEST_CASE("headers keep their order and compare without case") {
  http::Headers headers;
  headers.add("A", "1");
  headers.add("b", "2");
  headers.add("a", "3");
  CHECK(headers.find("a") == "1");
  CHECK(headers.find("B") == "2");
  CHECK(!headers.find("c"));
  CHECK(!headers.find(""));
  CHECK(headers.all().size() == 3);
}

TEST_CASE("ok means 2xx") {
  Response response;
  for (const auto& [status, ok] : {std::pair{199U, false},
                                   {200U, true},
                                   {204U, true},
                                   {299U, true},
                                   {300U, false},
                                   {500U, false}}) {
    response.status = status;
    CHECK(response.ok() == ok);
  }
}

TEST_CASE("Retry-After in seconds") {
  CHECK(!http::retry_after(Response{}, kNow));
  CHECK(after("120") == 120s);
  CHECK(after("0") == 0s);
  CHECK(after("007") == 7s);
  CHECK(after("999999999") == 999'999'999s);
  CHECK(after("99999999999999999999999999") == 999'999'999s);
  for (const auto* bad : {"", "-1", "+1", "1.5", "1s", " 1", "0x1", "soon"}) {
    CAPTURE(bad);
    CHECK(!after(bad));
  }
}

TEST_CASE("Retry-After as a date, in the three forms of HTTP") {
  CHECK(after("Sun, 06 Nov 1994 08:49:37 GMT") == 60s);
  CHECK(after("Sunday, 06-Nov-94 08:49:37 GMT") == 60s);
  CHECK(after("Sun Nov  6 08:49:37 1994") == 60s);
  CHECK(after("Sun, 06 Nov 1994 08:47:37 GMT") == 0s);
  CHECK(after("Thu, 01 Jan 1970 00:00:00 GMT") == 0s);
  CHECK(after("Sun, 06 Nov 1994 08:49:37 GMT", kNow + 30s) == 30s);
  for (const auto* bad :
       {"Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Nov 1994 08:49:37", "Sun, 06 nov 1994 08:49:37 GMT", "06 Nov 1994",
        "Sun, xx Nov 1994 08:49:37 GMT", "Sun, 06 Nov 99999 08:49:37 GMT"}) {
    CAPTURE(bad);
    CHECK(!after(bad));
  }
}

TEST_CASE("two digits of a year mean the near century") {
  const Time now{std::chrono::sys_days{std::chrono::year{2026} / 11 / 24}};
  CHECK(after("Tuesday, 24-Nov-26 00:01:00 GMT", now) == 60s);
  CHECK(after("Tuesday, 24-Nov-94 00:01:00 GMT", now) == 0s);
  CHECK(after("Saturday, 24-Nov-75 00:01:00 GMT", now) > 24h * 365 * 48);
}
