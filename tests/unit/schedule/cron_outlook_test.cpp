#include "schedule_support.hpp"

#include <set>

namespace snapshotter::schedule::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

// "2026-03-29T03:00:00+02:00 the note" of each.
Texts listing(std::string_view expression, std::string_view zone_name, std::string_view after,
              std::size_t count, DstPolicy dst = DstPolicy::cron) {
  const TimeZone where = zone(zone_name);
  Texts lines;
  for (const Firing& firing :
       upcoming(CronExpression::parse(expression), where, at(after), count, dst)) {
    lines.push_back(to_rfc3339(firing.time, where) +
                    (firing.note.empty() ? "" : " " + firing.note));
  }
  return lines;
}

seconds interval(std::string_view expression, std::string_view zone_name = "Europe/Berlin",
                 std::string_view from = "2026-03-01T00:00:00Z") {
  return CronExpression::parse(expression).typical_interval(at(from), zone(zone_name));
}

}  // namespace

TEST_CASE("upcoming notes a firing that stands for skipped times") {
  CHECK(listing("30 2 * * *", "Europe/Berlin", "2026-03-28T00:00:00+01:00", 3) ==
        Texts{"2026-03-28T02:30:00+01:00",
              "2026-03-29T03:00:00+02:00 clocks go forward: 02:30 does not exist",
              "2026-03-30T02:30:00+02:00"});
  CHECK(listing("0 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2) ==
        Texts{"2026-03-29T03:00:00+02:00 clocks go forward: 02:00 does not exist",
              "2026-03-30T02:00:00+02:00"});
  CHECK(listing("15 30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 1) ==
        Texts{"2026-03-29T03:00:00+02:00 clocks go forward: 02:30:15 does not exist"});
  CHECK(listing("0 12 * * *", "Pacific/Apia", "2011-12-29T12:00:00-10:00", 1) ==
        Texts{"2011-12-31T00:00:00+14:00 clocks go forward: 2011-12-30 12:00 does not exist"});
  // Where nothing of it was skipped, nothing is said.
  CHECK(listing("0 3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 1) ==
        Texts{"2026-03-29T03:00:00+02:00"});
  CHECK(listing("0 * * * *", "Europe/Berlin", "2026-03-29T00:30:00Z", 1) ==
        Texts{"2026-03-29T03:00:00+02:00"});
  CHECK(listing("0 2,3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 1, DstPolicy::strict) ==
        Texts{"2026-03-29T03:00:00+02:00"});
}

TEST_CASE("upcoming notes a local time that comes twice") {
  CHECK(listing("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2) ==
        Texts{"2026-10-25T02:30:00+02:00 first of two", "2026-10-26T02:30:00+01:00"});
  CHECK(listing("30 * * * *", "Europe/Berlin", "2026-10-25T01:00:00+02:00", 4) ==
        Texts{"2026-10-25T01:30:00+02:00", "2026-10-25T02:30:00+02:00 first of two",
              "2026-10-25T02:30:00+01:00 second of two", "2026-10-25T03:30:00+01:00"});
  CHECK(listing("@every 1h", "Europe/Berlin", "2026-10-25T02:00:00+02:00", 2) ==
        Texts{"2026-10-25T02:00:00+01:00 second of two", "2026-10-25T03:00:00+01:00"});
}

TEST_CASE("upcoming gives as many as asked or as there are") {
  const auto daily = CronExpression::parse("@daily");
  CHECK(upcoming(daily, TimeZone::utc(), at("2026-01-01T00:00:00Z"), 0).empty());
  CHECK(upcoming(daily, TimeZone::utc(), at("2026-01-01T00:00:00Z"), 1000).size() == 1000);
  CHECK(upcoming(daily, TimeZone::utc(), at("2200-12-25T00:00:00Z"), 1000).size() == 6);
}

TEST_CASE("typical interval is the shortest distance on the clock") {
  CHECK(interval("* * * * * *") == seconds{1});
  CHECK(interval("* * * * *") == minutes{1});
  CHECK(interval("*/25 * * * *") == minutes{10});
  CHECK(interval("@hourly") == hours{1});
  CHECK(interval("@every 7h") == hours{7});
  CHECK(interval("@weekly") == hours{168});
  CHECK(interval("0 3 * * MON-FRI") == hours{24});
  CHECK(interval("0 3 1,2 * *") == hours{24});
  CHECK(interval("@monthly") == hours{28 * 24});
  CHECK(interval("0 0 1 1,6 *") == hours{151 * 24});
  CHECK(interval("@yearly") == hours{365 * 24});
  CHECK(interval("0 0 29 2 *") == hours{1461 * 24});
  CHECK(interval("0 0 29 2 *", "UTC", "2096-01-01T00:00:00Z") == hours{(8 * 365 + 1) * 24});
  CHECK(interval("0 0 29 2 *", "UTC", "2193-01-01T00:00:00Z") == std::chrono::years{100});
}

TEST_CASE("typical interval does not depend on the season") {
  for (const char* from :
       {"2026-03-28T20:00:00Z", "2026-10-24T20:00:00Z", "2026-06-01T00:00:00Z"}) {
    CAPTURE(from);
    CHECK(interval("30 2 * * *", "Europe/Berlin", from) == hours{24});
    CHECK(interval("30 2,3 * * *", "Europe/Berlin", from) == hours{1});
  }
}

TEST_CASE("stable jitter is the same for the same host and job") {
  const Duration limit = minutes{10};
  const Duration delay = stable_jitter("4c4c4544", "nightly", limit);
  CHECK(stable_jitter("4c4c4544", "nightly", limit) == delay);
  CHECK(stable_jitter("4c4c4545", "nightly", limit) != delay);
  CHECK(stable_jitter("4c4c4544", "nightly2", limit) != delay);
  CHECK(stable_jitter("4c4c4544n", "ightly", limit) != delay);  // the two names do not run together
  // A new version must not move anyone's jobs.
  CHECK(delay == Duration{236306997});
  CHECK(stable_jitter("", "", hours{1}) == Duration{366584608});
}

TEST_CASE("stable jitter stays below its limit and takes no part of it rather than another") {
  constexpr int kHosts = 20'000;
  constexpr int kBuckets = 20;
  const Duration limit = hours{1};
  std::vector<int> buckets(kBuckets);
  std::set<Duration> distinct;
  for (int host = 0; host < kHosts; ++host) {
    const Duration delay = stable_jitter("host" + std::to_string(host), "nightly", limit);
    REQUIRE(delay >= Duration::zero());
    REQUIRE(delay < limit);
    ++buckets[static_cast<std::size_t>(delay * kBuckets / limit)];
    distinct.insert(delay);
  }
  // 1000 each expected, with a standard deviation of 31; the names are always these.
  for (const int count : buckets) CHECK(std::abs(count - kHosts / kBuckets) < 150);
  CHECK(distinct.size() > kHosts - 200);
}

TEST_CASE("stable jitter of nothing is nothing") {
  CHECK(stable_jitter("host", "job", Duration::zero()) == Duration::zero());
  CHECK(stable_jitter("host", "job", minutes{-5}) == Duration::zero());
  CHECK(stable_jitter("host", "job", Duration{1}) == Duration::zero());
}

}  // namespace snapshotter::schedule::test
