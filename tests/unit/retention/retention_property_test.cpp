// Random histories and policies against a second, naive implementation, and against what must hold
// whatever the policy. A failure prints the seed and the round; the generator has no other input.
#include "history.hpp"
#include "support/catch.hpp"

#include <ctime>
#include <numeric>
#include <random>
#include <set>

namespace snapshotter::retention {
namespace {

using Random = std::mt19937_64;
using Kept = std::map<std::string, std::set<std::string>>;  // id → reasons
using Count = std::optional<std::int64_t> Policy::*;

constexpr unsigned kSeed = 20261124;
constexpr int kRounds = 4000;
const Time kNow = at("2026-11-24T12:00:00Z");

struct Rule {
  const char* key;
  Count count;
  const char* format;  // of strftime
};
const std::vector<Rule> kPeriods{{"hourly", &Policy::hourly, "%Y-%m-%d %H:00"},
                                 {"daily", &Policy::daily, "%Y-%m-%d"},
                                 {"weekly", &Policy::weekly, "%G-W%V"},
                                 {"monthly", &Policy::monthly, "%Y-%m"},
                                 {"yearly", &Policy::yearly, "%Y"}};
const std::vector<Count> kKeepingRules{&Policy::days,  &Policy::keep_last, &Policy::hourly,
                                       &Policy::daily, &Policy::weekly,    &Policy::monthly,
                                       &Policy::yearly};

std::int64_t below(Random& random, std::int64_t limit) {
  return static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(limit));
}

Policy random_policy(Random& random) {
  Policy policy;
  for (const Count rule : kKeepingRules) {
    if (below(random, 3) == 0) policy.*rule = below(random, 6);
  }
  if (below(random, 3) == 0) policy.max_size = ByteSize{random() % 200};
  return policy;
}

// Gaps from seconds to months, and some backups of one instant.
std::vector<Candidate> random_history(Random& random) {
  std::vector<Candidate> backups;
  const std::int64_t count = below(random, 40);
  const std::int64_t targets = 1 + below(random, 3);
  const std::int64_t good_of_ten = below(random, 11);
  const std::int64_t longest_gap = std::int64_t{1} << (4 + below(random, 20));  // seconds
  Time taken = kNow + std::chrono::seconds{below(random, 4) == 0 ? 3 * longest_gap : 0};
  for (std::int64_t i = 0; i < count; ++i) {
    if (below(random, 8) != 0) taken -= std::chrono::seconds{below(random, longest_gap)};
    backups.push_back({"b" + std::to_string(random() % 1'000'000) + "-" + std::to_string(i),
                       "t" + std::to_string(below(random, targets)), taken, ByteSize{random() % 40},
                       below(random, 10) < good_of_ten, below(random, 20) == 0});
  }
  std::shuffle(backups.begin(), backups.end(), random);
  return backups;
}

// --- The naive implementation: each backup by itself, each rule as its sentence in the header. ---

bool newer(const Candidate& a, const Candidate& b) {
  return a.taken != b.taken ? a.taken > b.taken : a.id < b.id;
}

std::string period_of(const Rule& rule, const Candidate& backup) {
  const auto utc_time = std::chrono::floor<std::chrono::seconds>(backup.taken);
  const auto local = berlin(utc_time).time_since_epoch();
  const std::time_t seconds = local.count();
  std::tm fields{};
  gmtime_r(&seconds, &fields);
  char text[64];
  std::string period(text, std::strftime(text, sizeof text, rule.format, &fields));
  if (rule.count == &Policy::hourly) {
    period += local - utc_time.time_since_epoch() == std::chrono::hours{2} ? " +02:00" : " +01:00";
  }
  return period;
}

// The good ones of `of`'s target that are newer than it and not of the future.
std::vector<Candidate> newer_good(const std::vector<Candidate>& all, const Candidate& of) {
  std::vector<Candidate> found;
  for (const Candidate& other : all) {
    if (other.good && other.target == of.target && other.taken <= kNow && newer(other, of)) {
      found.push_back(other);
    }
  }
  return found;
}

void add_place_reasons(const Policy& policy, const Candidate& backup,
                       const std::vector<Candidate>& newer_ones, std::set<std::string>& reasons) {
  const auto rank = static_cast<std::int64_t>(newer_ones.size()) + 1;
  if (rank <= policy.keep_last.value_or(0)) {
    reasons.insert("keep_last (" + std::to_string(rank) + " of " +
                   std::to_string(*policy.keep_last) + ")");
  }
  for (const Rule& rule : kPeriods) {
    if ((policy.*rule.count).value_or(0) == 0) continue;
    std::set<std::string> newer_periods;
    for (const Candidate& other : newer_ones) newer_periods.insert(period_of(rule, other));
    const std::string own = period_of(rule, backup);
    if (newer_periods.count(own) == 0 &&
        static_cast<std::int64_t>(newer_periods.size()) < *(policy.*rule.count)) {
      reasons.insert(std::string(rule.key) + " (" + own + ")");
    }
  }
}

bool has_keeping_rule(const Policy& policy) {
  return std::any_of(kKeepingRules.begin(), kKeepingRules.end(),
                     [&](Count rule) { return (policy.*rule).value_or(0) > 0; });
}

std::set<std::string> naive_reasons(const Policy& policy, const std::vector<Candidate>& all,
                                    const Candidate& backup) {
  std::set<std::string> reasons;
  if (backup.pinned) reasons.insert("pinned");
  if (!has_keeping_rule(policy)) {
    reasons.insert(policy.max_size.value_or(ByteSize{}).bytes == 0
                       ? "no rule"
                       : "max_size (" + to_string(*policy.max_size) + ")");
  }
  if (backup.taken > kNow) {
    reasons.insert("dated in the future");
    return reasons;
  }
  const auto newer_ones = newer_good(all, backup);
  if (backup.good) add_place_reasons(policy, backup, newer_ones, reasons);
  if (policy.days.value_or(0) > 0 && kNow - backup.taken <= std::chrono::days{*policy.days}) {
    reasons.insert("days (" + std::to_string(*policy.days) + ")");
  }
  const bool any_good = std::any_of(all.begin(), all.end(), [&](const Candidate& other) {
    return other.good && other.target == backup.target && other.taken <= kNow;
  });
  if (!any_good) {
    reasons.insert("no good backup yet");
  } else if (newer_ones.empty()) {
    reasons.insert(backup.good ? "last-good" : "newer than last-good");
  }
  return reasons;
}

bool is_protected(const std::set<std::string>& reasons) {
  for (const char* reason : {"pinned", "dated in the future", "no good backup yet", "last-good",
                             "newer than last-good"}) {
    if (reasons.count(reason) != 0) return true;
  }
  return false;
}

Kept naive(const Policy& policy, std::vector<Candidate> all) {
  std::sort(all.begin(), all.end(), newer);
  Kept kept;
  std::uint64_t total = 0;
  for (const Candidate& backup : all) {
    auto reasons = naive_reasons(policy, all, backup);
    if (reasons.empty()) continue;
    kept[backup.id] = std::move(reasons);
    total += backup.stored.bytes;
  }
  const std::uint64_t limit = policy.max_size.value_or(ByteSize{}).bytes;
  for (auto oldest = all.rbegin(); limit != 0 && oldest != all.rend(); ++oldest) {
    if (total <= limit) break;
    const auto found = kept.find(oldest->id);
    if (found == kept.end() || is_protected(found->second)) continue;
    total -= oldest->stored.bytes;
    kept.erase(found);
  }
  return kept;
}

// --- Checks. ---

Kept kept(const std::vector<Decision>& decisions) {
  Kept result;
  for (const Decision& decision : decisions) {
    if (decision.keep) {
      result[decision.id] = {decision.reasons.begin(), decision.reasons.end()};
    }
  }
  return result;
}

std::vector<Candidate> survivors(const std::vector<Candidate>& all, const Kept& kept_ones) {
  std::vector<Candidate> result;
  std::copy_if(all.begin(), all.end(), std::back_inserter(result),
               [&](const Candidate& backup) { return kept_ones.count(backup.id) != 0; });
  return result;
}

// Runs `check(policy, backups, decisions, random)` over all the rounds.
template <class Check>
void for_random_cases(Check check) {
  CAPTURE(kSeed);
  Random random(kSeed);
  for (int round = 0; round < kRounds; ++round) {
    CAPTURE(round);
    const Policy policy = random_policy(random);
    const auto backups = random_history(random);
    check(policy, backups, decide(policy, backups, kNow, berlin), random);
  }
}

TEST_CASE("decisions and reasons agree with a naive implementation") {
  std::size_t deleted = 0;
  for_random_cases([&](const Policy& policy, const auto& backups, const auto& decisions, Random&) {
    REQUIRE(decisions.size() == backups.size());
    REQUIRE(kept(decisions) == naive(policy, backups));
    deleted += backups.size() - kept(decisions).size();
  });
  CHECK(deleted > 10'000);  // the cases are no formality
}

TEST_CASE("the order of the input changes nothing") {
  for_random_cases([](const Policy& policy, auto backups, const auto& decisions, Random& random) {
    std::shuffle(backups.begin(), backups.end(), random);
    const auto again = decide(policy, backups, kNow, berlin);
    REQUIRE(again.size() == decisions.size());
    for (std::size_t i = 0; i < again.size(); ++i) {
      REQUIRE(again[i].id == decisions[i].id);
      REQUIRE(again[i].keep == decisions[i].keep);
      REQUIRE(again[i].reasons == decisions[i].reasons);
    }
  });
}

TEST_CASE("the last good backup of every target always survives") {
  for_random_cases([](const Policy&, const auto& backups, const auto& decisions, Random&) {
    std::map<std::string, Candidate> last_good;
    for (const Candidate& backup : backups) {
      if (!backup.good || backup.taken > kNow) continue;
      const auto [last, is_first] = last_good.try_emplace(backup.target, backup);
      if (!is_first && newer(backup, last->second)) last->second = backup;
    }
    const Kept found = kept(decisions);
    for (const auto& [target, backup] : last_good) {
      REQUIRE(found.count(backup.id) == 1);
      REQUIRE(found.at(backup.id).count("last-good") == 1);
    }
    for (const Candidate& backup : backups) {
      if (backup.pinned || backup.taken > kNow) REQUIRE(found.count(backup.id) == 1);
      const auto last = last_good.find(backup.target);
      if (last == last_good.end() || newer(backup, last->second)) {
        REQUIRE(found.count(backup.id) == 1);
      }
    }
  });
}

TEST_CASE("what is kept has reasons to keep and what is deleted has one sentence") {
  for_random_cases([](const Policy&, const auto&, const auto& decisions, Random&) {
    for (const Decision& decision : decisions) {
      REQUIRE_FALSE(decision.reasons.empty());
      for (const std::string& reason : decision.reasons) {
        const bool deletes = reason.rfind("older than", 0) == 0 || reason.rfind("in no ", 0) == 0 ||
                             reason.rfind("not good", 0) == 0 ||
                             reason.rfind("does not fit", 0) == 0;
        REQUIRE(deletes != decision.keep);
      }
      REQUIRE((decision.keep || decision.reasons.size() == 1));
    }
  });
}

TEST_CASE("only good backups fill places and no rule fills more than it has") {
  for_random_cases([](const Policy& policy, const auto& backups, const auto& decisions, Random&) {
    const Kept found = kept(decisions);
    std::map<std::string, std::int64_t> places;  // target and rule → filled
    for (const Candidate& backup : backups) {
      if (found.count(backup.id) == 0) continue;
      for (const std::string& reason : found.at(backup.id)) {
        const std::string rule = reason.substr(0, reason.find(" ("));
        const bool is_period = std::any_of(kPeriods.begin(), kPeriods.end(),
                                           [&](const Rule& period) { return rule == period.key; });
        if (!is_period && rule != "keep_last") continue;
        REQUIRE(backup.good);
        REQUIRE(backup.taken <= kNow);
        ++places[backup.target + " " + rule];
      }
    }
    for (const auto& [place, filled] : places) {
      const std::string rule = place.substr(place.find(' ') + 1);
      std::int64_t limit = policy.keep_last.value_or(0);
      for (const Rule& period : kPeriods) {
        if (rule == period.key) limit = (policy.*period.count).value_or(0);
      }
      REQUIRE(filled <= limit);
    }
  });
}

TEST_CASE("another rule or a wider one never deletes more") {
  for_random_cases([](Policy policy, const auto& backups, const auto&, Random& random) {
    policy.max_size.reset();
    if (!has_keeping_rule(policy)) return;  // the first rule ends keeping everything
    const Kept before = kept(decide(policy, backups, kNow, berlin));
    const Count rule = kKeepingRules[random() % kKeepingRules.size()];
    policy.*rule = (policy.*rule).value_or(0) + 1 + below(random, 5);
    const Kept after = kept(decide(policy, backups, kNow, berlin));
    for (const auto& [id, reasons] : before) REQUIRE(after.count(id) == 1);
  });
}

TEST_CASE("what max_size leaves fits unless all of it is protected") {
  for_random_cases([](const Policy& policy, const auto& backups, const auto& decisions, Random&) {
    const std::uint64_t limit = policy.max_size.value_or(ByteSize{}).bytes;
    if (limit == 0) return;
    const Kept found = kept(decisions);
    const auto left = survivors(backups, found);
    const auto total = std::accumulate(
        left.begin(), left.end(), std::uint64_t{0},
        [](std::uint64_t sum, const Candidate& backup) { return sum + backup.stored.bytes; });
    if (total <= limit) return;
    for (const Candidate& backup : left) REQUIRE(is_protected(found.at(backup.id)));
  });
}

TEST_CASE("deciding again about the survivors deletes nothing") {
  for_random_cases([](const Policy& policy, const auto& backups, const auto& decisions, Random&) {
    const auto left = survivors(backups, kept(decisions));
    REQUIRE(kept(decide(policy, left, kNow, berlin)).size() == left.size());
  });
}

TEST_CASE("pruning after every backup leaves what pruning once would leave") {
  CAPTURE(kSeed);
  Random random(kSeed);
  for (int round = 0; round < 40; ++round) {
    CAPTURE(round);
    Policy policy = random_policy(random);
    policy.max_size.reset();
    std::vector<Candidate> all;
    std::vector<Candidate> pruned;
    Time now = kNow;
    for (int i = 0; i < 150; ++i) {
      now += std::chrono::minutes{1 + below(random, 60 * 60)};
      const Candidate backup{"b" + std::to_string(i),
                             i % 2 == 0 ? "a" : "b",
                             now,
                             ByteSize{1},
                             below(random, 4) != 0,
                             false};
      all.push_back(backup);
      pruned.push_back(backup);
      pruned = survivors(pruned, kept(decide(policy, pruned, now, berlin)));
    }
    REQUIRE(kept(decide(policy, pruned, now, berlin)) == kept(decide(policy, all, now, berlin)));
  }
}

}  // namespace
}  // namespace snapshotter::retention
