#include "retention/retention.hpp"

#include "history.hpp"
#include "support/catch.hpp"

#include <limits>

namespace snapshotter::retention {
namespace {

using Ids = std::vector<std::string>;
using Reasons = std::vector<std::string>;

const Time kNow = at("2026-11-24T12:00:00Z");

std::vector<Decision> decide_at_noon(const Policy& policy, std::vector<Candidate> backups) {
  return decide(policy, std::move(backups), kNow, utc);
}

Ids kept(const std::vector<Decision>& decisions) {
  Ids ids;
  for (const Decision& decision : decisions) {
    if (decision.keep) ids.push_back(decision.id);
  }
  return ids;
}

Reasons reasons(const std::vector<Decision>& decisions, const std::string& id) {
  for (const Decision& decision : decisions) {
    if (decision.id == id) return decision.reasons;
  }
  return {"no decision"};
}

// "d0" was taken today at 02:00, "d1" yesterday, …
std::vector<Candidate> days(int count) {
  std::vector<Candidate> backups;
  for (int i = 0; i < count; ++i) {
    Candidate backup = good("d" + std::to_string(i), "2026-11-24T02:00:00Z");
    backup.taken -= std::chrono::days{i};
    backups.push_back(backup);
  }
  return backups;
}

TEST_CASE("no backups need no decision") { CHECK(decide_at_noon({}, {}).empty()); }

TEST_CASE("a policy without a rule keeps everything") {
  CHECK(Policy{}.keeps_everything());
  const auto decisions =
      decide_at_noon({}, {good("a", "2026-11-01T02:00:00Z"), bad("b", "1999-01-01T00:00:00Z")});
  CHECK(kept(decisions) == Ids{"a", "b"});
  CHECK(reasons(decisions, "a") == Reasons{"last-good", "no rule"});
  CHECK(reasons(decisions, "b") == Reasons{"no rule"});
}

TEST_CASE("any rule makes a policy one that deletes") {
  const auto with = [](auto member, auto value) {
    Policy policy;
    policy.*member = value;
    return policy.keeps_everything();
  };
  for (const auto member : {&Policy::days, &Policy::keep_last, &Policy::hourly, &Policy::daily,
                            &Policy::weekly, &Policy::monthly, &Policy::yearly}) {
    CHECK_FALSE(with(member, std::int64_t{1}));
    CHECK(with(member, std::int64_t{0}));
    CHECK(with(member, std::int64_t{-1}));
  }
  CHECK_FALSE(with(&Policy::max_size, ByteSize{1}));
  CHECK(with(&Policy::max_size, ByteSize{0}));
}

TEST_CASE("rules of zero or less are no rules") {
  Policy policy;
  policy.daily = 0;
  policy.keep_last = -5;
  policy.days = 0;
  policy.max_size = ByteSize{0};
  CHECK(kept(decide_at_noon(policy, days(50))).size() == 50);
  policy.weekly = 1;
  const auto decisions = decide_at_noon(policy, days(2));
  CHECK(reasons(decisions, "d0") == Reasons{"weekly (2026-W48)", "last-good"});
  CHECK(reasons(decisions, "d1") == Reasons{"in no weekly place"});
}

TEST_CASE("decisions come newest first and by id within an instant") {
  const auto decisions =
      decide_at_noon({}, {good("b", "2026-11-01T00:00:00Z"), good("c", "2026-11-02T00:00:00Z"),
                          good("a", "2026-11-01T00:00:00Z"), good("d", "2026-10-01T00:00:00Z")});
  CHECK(kept(decisions) == Ids{"c", "a", "b", "d"});
}

TEST_CASE("days keeps what is not older, good or not") {
  Policy policy;
  policy.days = 30;
  const auto decisions = decide_at_noon(
      policy, {good("new", "2026-11-24T02:00:00Z"), bad("bad", "2026-11-01T02:00:00Z"),
               good("edge", "2026-10-25T12:00:00Z"), good("old", "2026-10-25T11:59:59.999999Z"),
               bad("old bad", "2026-10-25T11:00:00Z")});
  CHECK(kept(decisions) == Ids{"new", "bad", "edge"});
  CHECK(reasons(decisions, "new") == Reasons{"days (30)", "last-good"});
  CHECK(reasons(decisions, "bad") == Reasons{"days (30)"});
  CHECK(reasons(decisions, "old") == Reasons{"older than 30 days"});
  CHECK(reasons(decisions, "old bad") == Reasons{"older than 30 days"});
}

TEST_CASE("a single day is spelt as one") {
  Policy policy;
  policy.days = 1;
  CHECK(reasons(decide_at_noon(policy, days(3)), "d2") == Reasons{"older than 1 day"});
}

TEST_CASE("absurd numbers of days and ancient dates do not overflow") {
  Policy policy;
  policy.days = std::numeric_limits<std::int64_t>::max();
  auto backups = days(1);
  Candidate ancient = good("ancient", "2026-01-01T00:00:00Z");
  ancient.taken = Time::min();
  backups.push_back(ancient);
  CHECK(kept(decide(policy, backups, Time::max(), utc)).size() == 2);
  policy.days = 30;
  CHECK(kept(decide(policy, backups, Time::max(), utc)) == Ids{"d0"});
  policy.days = 106'751'992;  // one more than an int64 of microseconds holds
  CHECK(kept(decide(policy, backups, Time{}, utc)) == Ids{"d0", "ancient"});
}

TEST_CASE("keep_last counts good backups of each target") {
  Policy policy;
  policy.keep_last = 2;
  const auto decisions = decide_at_noon(
      policy, {good("a1", "2026-11-05T00:00:00Z", "a"), bad("a2", "2026-11-04T00:00:00Z", "a"),
               good("a3", "2026-11-03T00:00:00Z", "a"), good("a4", "2026-11-02T00:00:00Z", "a"),
               good("b1", "2020-01-02T00:00:00Z", "b"), good("b2", "2020-01-01T00:00:00Z", "b")});
  CHECK(kept(decisions) == Ids{"a1", "a3", "b1", "b2"});
  CHECK(reasons(decisions, "a1") == Reasons{"keep_last (1 of 2)", "last-good"});
  CHECK(reasons(decisions, "a3") == Reasons{"keep_last (2 of 2)"});
  CHECK(reasons(decisions, "a4") == Reasons{"in no keep_last place"});
  CHECK(reasons(decisions, "a2") == Reasons{"not good, so in no keep_last place"});
}

TEST_CASE("a period keeps its newest good backup") {
  Policy policy;
  policy.daily = 2;
  const auto decisions = decide_at_noon(
      policy, {bad("late", "2026-11-24T09:00:00Z"), good("noon", "2026-11-24T08:00:00Z"),
               good("early", "2026-11-24T01:00:00Z"), good("before", "2026-11-20T01:00:00Z"),
               good("last", "2026-11-19T23:59:59Z")});
  CHECK(kept(decisions) == Ids{"late", "noon", "before"});
  CHECK(reasons(decisions, "noon") == Reasons{"daily (2026-11-24)", "last-good"});
  CHECK(reasons(decisions, "before") == Reasons{"daily (2026-11-20)"});
  CHECK(reasons(decisions, "late") == Reasons{"newer than last-good"});
  CHECK(reasons(decisions, "early") == Reasons{"in no daily place"});
}

TEST_CASE("days without a good backup take no place") {
  Policy policy;
  policy.daily = 2;
  const auto decisions =
      decide_at_noon(policy, {good("1", "2026-11-24T01:00:00Z"), bad("2", "2026-11-23T01:00:00Z"),
                              bad("3", "2026-11-22T01:00:00Z"), good("4", "2026-11-21T01:00:00Z")});
  CHECK(kept(decisions) == Ids{"1", "4"});
}

TEST_CASE("rules add up and each says what it keeps") {
  Policy policy;
  policy.days = 2;
  policy.keep_last = 3;
  policy.hourly = 1;
  policy.daily = 4;
  policy.weekly = 2;
  policy.monthly = 2;
  policy.yearly = 1;
  const auto decisions = decide_at_noon(policy, days(60));
  CHECK(kept(decisions) == Ids{"d0", "d1", "d2", "d3", "d24"});
  CHECK(reasons(decisions, "d0") ==
        Reasons{"keep_last (1 of 3)", "hourly (2026-11-24 02:00 +00:00)", "daily (2026-11-24)",
                "weekly (2026-W48)", "monthly (2026-11)", "yearly (2026)", "days (2)",
                "last-good"});
  CHECK(reasons(decisions, "d2") ==
        Reasons{"keep_last (3 of 3)", "daily (2026-11-22)", "weekly (2026-W47)"});
  CHECK(reasons(decisions, "d24") == Reasons{"monthly (2026-10)"});
  CHECK(reasons(decisions, "d25") ==
        Reasons{"older than 2 days and in no keep_last, hourly, daily, weekly, monthly or yearly "
                "place"});
}

TEST_CASE("the sentence of a deletion names the rules there are") {
  Policy policy;
  policy.days = 30;
  policy.daily = 1;
  policy.weekly = 1;
  policy.monthly = 1;
  auto backups = days(40);
  backups.push_back(bad("bad", "2026-09-01T00:00:00Z"));
  const auto decisions = decide_at_noon(policy, backups);
  CHECK(reasons(decisions, "d39") ==
        Reasons{"older than 30 days and in no daily, weekly or monthly place"});
  CHECK(reasons(decisions, "bad") ==
        Reasons{"older than 30 days and not good, so in no daily, weekly or monthly place"});
}

TEST_CASE("weeks begin on Monday and belong to the year of their Thursday") {
  Policy policy;
  policy.weekly = 99;
  const auto week_of = [&](const char* taken) {
    return decide(policy, {good("a", taken)}, kNow, utc)[0].reasons[0];
  };
  CHECK(week_of("2026-11-22T23:59:59Z") == "weekly (2026-W47)");
  CHECK(week_of("2026-11-23T00:00:00Z") == "weekly (2026-W48)");
  CHECK(week_of("2025-12-28T12:00:00Z") == "weekly (2025-W52)");
  CHECK(week_of("2025-12-29T12:00:00Z") == "weekly (2026-W01)");
  CHECK(week_of("2021-01-03T12:00:00Z") == "weekly (2020-W53)");
  CHECK(week_of("2021-01-04T12:00:00Z") == "weekly (2021-W01)");
  CHECK(week_of("2016-01-01T12:00:00Z") == "weekly (2015-W53)");
  CHECK(week_of("1969-12-28T12:00:00Z") == "weekly (1969-W52)");
  CHECK(week_of("1969-12-29T12:00:00Z") == "weekly (1970-W01)");
}

TEST_CASE("periods are those of the zone") {
  Policy policy;
  policy.daily = 9;
  policy.monthly = 9;
  const auto decisions =
      decide(policy,
             {good("june", "2026-06-30T22:30:00Z"), good("late", "2026-06-30T21:59:59Z"),
              good("winter", "2026-01-31T23:30:00Z")},
             kNow, berlin);
  CHECK(reasons(decisions, "june") ==
        Reasons{"daily (2026-07-01)", "monthly (2026-07)", "last-good"});
  CHECK(reasons(decisions, "late") == Reasons{"daily (2026-06-30)", "monthly (2026-06)"});
  CHECK(reasons(decisions, "winter") == Reasons{"daily (2026-02-01)", "monthly (2026-02)"});
}

TEST_CASE("the hour that the clocks repeat is two hours") {
  Policy policy;
  policy.hourly = 9;
  const auto decisions =
      decide(policy,
             {good("first", "2026-10-25T00:30:00Z"), good("second", "2026-10-25T01:30:00Z"),
              good("again", "2026-10-25T01:10:00Z")},
             kNow, berlin);
  CHECK(kept(decisions) == Ids{"second", "first"});
  CHECK(reasons(decisions, "first") == Reasons{"hourly (2026-10-25 02:00 +02:00)"});
  CHECK(reasons(decisions, "second")[0] == "hourly (2026-10-25 02:00 +01:00)");
}

TEST_CASE("a day that the clocks return to is one day") {
  // As in St. John's until 2011: at 00:01 back to 23:01 of the day before.
  const Time back = at("2026-11-01T02:31:00Z");
  const auto st_johns = [back](std::chrono::sys_seconds time) {
    return utc(time) - std::chrono::minutes{time < back ? 150 : 210};
  };
  Policy policy;
  policy.daily = 9;
  const auto decisions =
      decide(policy,
             {good("before", "2026-11-01T02:00:00Z"), good("midnight", "2026-11-01T02:30:30Z"),
              good("again", "2026-11-01T03:00:00Z")},
             kNow, st_johns);
  CHECK(kept(decisions) == Ids{"again", "midnight"});
  CHECK(reasons(decisions, "again")[0] == "daily (2026-10-31)");
  CHECK(reasons(decisions, "midnight")[0] == "daily (2026-11-01)");
}

TEST_CASE("a zone west of Greenwich names its hours") {
  Policy policy;
  policy.hourly = 1;
  const auto decisions = decide(policy, {good("a", "2026-11-24T02:10:00Z")}, kNow,
                                [](auto time) { return utc(time) - std::chrono::minutes{210}; });
  CHECK(reasons(decisions, "a")[0] == "hourly (2026-11-23 22:00 -03:30)");
}

TEST_CASE("the last good backup survives whatever came after it") {
  Policy policy;
  policy.days = 1;
  policy.max_size = ByteSize{1};
  const auto decisions = decide_at_noon(
      policy, {good("good", "2020-01-01T00:00:00Z"), bad("bad 1", "2020-02-01T00:00:00Z"),
               bad("bad 2", "2020-03-01T00:00:00Z"), good("older", "2019-12-01T00:00:00Z"),
               bad("oldest", "2019-11-01T00:00:00Z")});
  CHECK(kept(decisions) == Ids{"bad 2", "bad 1", "good"});
  CHECK(reasons(decisions, "good") == Reasons{"last-good"});
  CHECK(reasons(decisions, "bad 1") == Reasons{"newer than last-good"});
}

TEST_CASE("a target without a good backup keeps all it has") {
  Policy policy;
  policy.days = 1;
  policy.max_size = ByteSize{1};
  const auto decisions = decide_at_noon(
      policy, {bad("a", "2020-01-01T00:00:00Z", "x"), bad("b", "2020-02-01T00:00:00Z", "x"),
               good("c", "2020-01-01T00:00:00Z", "y"), good("d", "2020-01-02T00:00:00Z", "y")});
  CHECK(kept(decisions) == Ids{"b", "d", "a"});
  CHECK(reasons(decisions, "a") == Reasons{"no good backup yet"});
}

TEST_CASE("pinned backups stay, good or not, and within no limit") {
  Policy policy;
  policy.keep_last = 1;
  policy.max_size = ByteSize{1};
  auto pinned = bad("pinned", "2000-01-01T00:00:00Z");
  pinned.pinned = true;
  auto backups = days(2);
  backups.push_back(pinned);
  const auto decisions = decide_at_noon(policy, backups);
  CHECK(kept(decisions) == Ids{"d0", "pinned"});
  CHECK(reasons(decisions, "pinned") == Reasons{"pinned"});
}

TEST_CASE("a backup dated in the future stays and takes nobody's place") {
  Policy policy;
  policy.keep_last = 1;
  policy.daily = 1;
  const auto decisions = decide_at_noon(
      policy, {good("future", "2099-01-01T00:00:00Z"), bad("soon", "2026-11-24T12:00:00.000001Z"),
               good("now", "2026-11-24T12:00:00Z"), good("before", "2026-11-23T12:00:00Z")});
  CHECK(kept(decisions) == Ids{"future", "soon", "now"});
  CHECK(reasons(decisions, "future") == Reasons{"dated in the future"});
  CHECK(reasons(decisions, "soon") == Reasons{"dated in the future"});
  CHECK(reasons(decisions, "now") ==
        Reasons{"keep_last (1 of 1)", "daily (2026-11-24)", "last-good"});
}

std::vector<Candidate> sized(std::initializer_list<std::uint64_t> newest_first) {
  auto backups = days(static_cast<int>(newest_first.size()));
  std::size_t i = 0;
  for (const std::uint64_t size : newest_first) backups[i++].stored = ByteSize{size};
  return backups;
}

TEST_CASE("max_size alone keeps the newest that fit") {
  Policy policy;
  policy.max_size = ByteSize{100};
  const auto decisions = decide_at_noon(policy, sized({40, 30, 30, 1}));
  CHECK(kept(decisions) == Ids{"d0", "d1", "d2"});
  CHECK(reasons(decisions, "d1") == Reasons{"max_size (100 B)"});
  CHECK(reasons(decisions, "d3") ==
        Reasons{"does not fit into max_size (100 B) beside newer and protected backups"});
}

TEST_CASE("max_size removes from the oldest on even where a smaller one would fit") {
  Policy policy;
  policy.max_size = ByteSize{100};
  CHECK(kept(decide_at_noon(policy, sized({40, 70, 10, 10}))) == Ids{"d0"});
  CHECK(kept(decide_at_noon(policy, sized({40, 60, 0, 1}))) == Ids{"d0", "d1", "d2"});
}

TEST_CASE("max_size takes only from what the other rules keep") {
  Policy policy;
  policy.keep_last = 1;
  policy.monthly = 2;
  policy.max_size = ByteSize{100};
  auto backups = sized({60, 1000});
  backups.push_back(good("october", "2026-10-20T00:00:00Z"));
  backups[2].stored = ByteSize{40};
  CHECK(kept(decide_at_noon(policy, backups)) == Ids{"d0", "october"});
  backups[2].stored = ByteSize{41};
  const auto decisions = decide_at_noon(policy, backups);
  CHECK(kept(decisions) == Ids{"d0"});
  CHECK_THAT(reasons(decisions, "october")[0], test::ContainsText("max_size"));
  CHECK(reasons(decisions, "d1") == Reasons{"in no keep_last or monthly place"});
}

TEST_CASE("max_size never takes the last good backup of any target") {
  Policy policy;
  policy.days = 3650;
  policy.max_size = ByteSize{10};
  auto backups = sized({20, 5, 5});
  backups.push_back(good("other", "2020-01-01T00:00:00Z", "files"));
  CHECK(kept(decide_at_noon(policy, backups)) == Ids{"d0", "other"});
}

TEST_CASE("sizes that overflow a sum are too big and no more") {
  Policy policy;
  policy.max_size = ByteSize{std::numeric_limits<std::uint64_t>::max()};
  const std::uint64_t huge = std::numeric_limits<std::uint64_t>::max() - 5;
  CHECK(kept(decide_at_noon(policy, sized({huge, huge, huge}))) == Ids{"d0"});
  CHECK(kept(decide_at_noon(policy, sized({huge, 5, 1}))) == Ids{"d0", "d1"});
}

}  // namespace
}  // namespace snapshotter::retention
