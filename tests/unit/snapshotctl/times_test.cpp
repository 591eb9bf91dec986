#include "snapshotctl/parts/times.hpp"

#include "examples.hpp"

using namespace snapshotter;
using namespace snapshotter::ctl;
using snapshotter::ctl::test::at;
using snapshotter::ctl::test::plain_view;
using snapshotter::ctl::test::terminal;
using namespace std::chrono_literals;

namespace {

schedule::TimeZone berlin() { return *schedule::TimeZone::load("Europe/Berlin"); }
const Time kNow = at("2026-11-24T12:00:00Z");

std::optional<std::string> when_text(std::string_view text) {
  const auto time = parse_when(text, kNow, berlin());
  if (!time) return std::nullopt;
  return to_rfc3339(*time);
}

}  // namespace

TEST_CASE("Spans are said roughly, in one unit") {
  CHECK(rough(0s) == "0 s");
  CHECK(rough(59s) == "59 s");
  CHECK(rough(60s) == "1 min");
  CHECK(rough(59min + 59s) == "59 min");
  CHECK(rough(1h) == "1 h");
  CHECK(rough(47h + 59min) == "47 h");
  CHECK(rough(48h) == "2 days");
  CHECK(rough(24h * 60) == "60 days");
  CHECK(rough(24h * 61) == "2 months");
  CHECK(rough(24h * 365 * 3) == "2 years");
  CHECK(rough(-5s) == "0 s");
}

TEST_CASE("Ages look both ways") {
  CHECK(age(kNow - 3h, kNow) == "3 h ago");
  CHECK(age(kNow + 5h, kNow) == "in 5 h");
  CHECK(age(kNow, kNow) == "just now");
}

TEST_CASE("Times are local, with the age where there is room") {
  auto view = plain_view();
  view.zone = berlin();
  const auto time = at("2026-11-24T01:00:07Z");
  CHECK(local_minute(time, view) == "2026-11-24 02:00");
  CHECK(local_clock(time, view) == "02:00:07");
  CHECK(when(time, view) == "2026-11-24 02:00 (10 h ago)");
  view.width = 80;
  CHECK(when(time, view) == "10 h ago");
  CHECK(date_and_age(time, view) == "2026-11-24 02:00 (10 h ago)");
  view.width = 120;
  CHECK(when(time, view) == "2026-11-24 02:00 (10 h ago)");
}

TEST_CASE("Local times are read in all their forms") {
  const auto read = [](std::string_view text) {
    const auto time = parse_local(text, berlin());
    return time ? to_rfc3339(*time) : "none";
  };
  CHECK(read("2026-03-28") == "2026-03-27T23:00:00Z");
  CHECK(read("2026-03-28T00:00") == "2026-03-27T23:00:00Z");
  CHECK(read("2026-03-28 00:00:30") == "2026-03-27T23:00:30Z");
  CHECK(read("2026-03-29T02:30") == "2026-03-29T01:00:00Z");  // does not exist: the jump
  CHECK(read("2026-10-25T02:30") == "2026-10-25T00:30:00Z");  // twice: the first
  CHECK(read("2026-02-30") == "none");
  CHECK(read("2026-3-1") == "none");
  CHECK(read("") == "none");
  CHECK(read("2026-03-28T00:00Z") == "none");
}

TEST_CASE("Since when takes what people say") {
  CHECK(when_text("2h") == "2026-11-24T10:00:00Z");
  CHECK(when_text("3 days") == "2026-11-21T12:00:00Z");
  CHECK(when_text("3 days ago") == "2026-11-21T12:00:00Z");
  CHECK(when_text("now") == "2026-11-24T12:00:00Z");
  CHECK(when_text("today") == "2026-11-23T23:00:00Z");
  CHECK(when_text("yesterday") == "2026-11-22T23:00:00Z");
  CHECK(when_text("2026-11-24") == "2026-11-23T23:00:00Z");
  CHECK(when_text("2026-11-24T02:00:00Z") == "2026-11-24T02:00:00Z");
  CHECK(when_text("2026-11-24T02:00:00+05:00") == "2026-11-23T21:00:00Z");
  CHECK_FALSE(when_text("tomorrow"));
  CHECK_FALSE(when_text("-2h"));
  CHECK_FALSE(when_text(""));
  CHECK_FALSE(when_text("9999999 days"));
}

TEST_CASE("Midnight is the local one also on the day of a clock change") {
  const auto now = at("2026-03-29T10:00:00Z");
  CHECK(*parse_when("today", now, berlin()) == at("2026-03-28T23:00:00Z"));
  CHECK(*parse_when("yesterday", at("2026-03-30T10:00:00Z"), berlin()) ==
        at("2026-03-28T23:00:00Z"));
}
