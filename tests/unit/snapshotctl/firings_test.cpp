#include "snapshotctl/parts/firings.hpp"

#include "base/error.hpp"
#include "examples.hpp"

using namespace snapshotter;
using namespace snapshotter::ctl;
using snapshotter::ctl::test::at;
using snapshotter::ctl::test::plain_view;
using snapshotter::test::ContainsText;

namespace {

const std::string kJobs = R"([
  {"name": "nightly", "schedule": "0 2 * * *", "timezone": "Europe/Berlin", "dst": "cron"},
  {"name": "by-hand", "schedule": null, "timezone": "UTC", "dst": "cron"},
  {"name": "noon", "schedule": "0 12 * * *", "timezone": "UTC", "dst": "cron"}])";

}  // namespace

TEST_CASE("Firings are told in local time, in UTC and with what the clocks do") {
  const auto expression = schedule::CronExpression::parse("0 2 * * *");
  const auto zone = *schedule::TimeZone::load("Europe/Berlin");
  const auto firings = firings_of(expression, zone, at("2026-03-28T23:00:00Z"), 2);
  CHECK(firings_to_json(firings, false) ==
        R"([{"local":"2026-03-29T03:00:00+02:00","utc":"2026-03-29T01:00:00Z",)"
        R"("note":"clocks go forward: 02:00 does not exist"},)"
        R"({"local":"2026-03-30T02:00:00+02:00","utc":"2026-03-30T00:00:00Z","note":""}])");
  CHECK_THAT(render_firings(firings, plain_view()),
             ContainsText("2026-03-29 03:00:00 +02:00  Europe/Berlin") &&
                 ContainsText("02:00 does not exist"));
}

TEST_CASE("The time from which on counts itself") {
  const auto expression = schedule::CronExpression::parse("0 2 * * *");
  const auto firings =
      firings_of(expression, schedule::TimeZone::utc(), at("2026-03-28T02:00:00Z"), 1);
  REQUIRE(firings.size() == 1);
  CHECK(to_rfc3339(firings[0].firing.time) == "2026-03-28T02:00:00Z");
}

TEST_CASE("Firings of all jobs are merged in the order of time") {
  const auto firings = firings_of_jobs(kJobs, at("2026-11-24T00:00:00Z"), 3);
  REQUIRE(firings.size() == 3);
  CHECK(firings[0].job == "nightly");
  CHECK(firings[1].job == "noon");
  CHECK(firings[2].job == "nightly");
  CHECK_THAT(firings_to_json(firings, true),
             ContainsText(R"({"job":"nightly","local":"2026-11-24T02:00:00+01:00")"));
}

TEST_CASE("Strict jobs leave out times that do not exist") {
  const std::string strict = R"([{"name": "n", "schedule": "30 2 * * *",
      "timezone": "Europe/Berlin", "dst": "strict"}])";
  const auto firings = firings_of_jobs(strict, at("2026-03-28T12:00:00Z"), 1);
  REQUIRE(firings.size() == 1);
  CHECK(to_rfc3339(firings[0].firing.time) == "2026-03-30T00:30:00Z");
}

TEST_CASE("A zone that this machine does not know is an error") {
  const std::string jobs =
      R"([{"name": "n", "schedule": "@daily", "timezone": "Mars/Base", "dst": "cron"}])";
  CHECK_THROWS_AS(firings_of_jobs(jobs, at("2026-03-28T12:00:00Z"), 1), Error);
}

TEST_CASE("Nothing scheduled is said so") {
  CHECK(render_firings({}, plain_view()) == "nothing is scheduled\n");
  CHECK(firings_to_json({}, true) == "[]");
}
