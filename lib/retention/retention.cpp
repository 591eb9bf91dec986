#include "retention/retention.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <set>
#include <string_view>
#include <tuple>

namespace snapshotter::retention {
namespace {

using std::chrono::local_seconds;
using std::chrono::sys_seconds;

constexpr std::uint64_t kMicrosPerDay = 86'400'000'000;

bool is_set(const std::optional<std::int64_t>& count) { return count.value_or(0) > 0; }
bool is_set(const std::optional<ByteSize>& size) { return size && size->bytes > 0; }

// A period's name is also its identity: two backups share a period when its name is the same.
template <class... Numbers>
std::string name(const char* format, Numbers... numbers) {
  std::array<char, 96> text{};
  const int length = std::snprintf(text.data(), text.size(), format, numbers...);
  return {text.data(), static_cast<std::size_t>(length)};
}

std::chrono::year_month_day date(local_seconds local) {
  return std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(local)};
}

std::string day_name(local_seconds local, sys_seconds) {
  const auto ymd = date(local);
  return name("%04d-%02u-%02u", static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()),
              static_cast<unsigned>(ymd.day()));
}

std::string hour_name(local_seconds local, sys_seconds utc) {
  const auto of_day = local - std::chrono::floor<std::chrono::days>(local);
  const auto hours = std::chrono::floor<std::chrono::hours>(of_day).count();
  const auto offset = (local.time_since_epoch() - utc.time_since_epoch()).count() / 60;
  const auto minutes = offset < 0 ? -offset : offset;
  return day_name(local, utc) + name(" %02ld:00 %c%02ld:%02ld", static_cast<long>(hours),
                                     offset < 0 ? '-' : '+', static_cast<long>(minutes / 60),
                                     static_cast<long>(minutes % 60));
}

// ISO 8601: a week belongs to the year that its Thursday is in.
std::string week_name(local_seconds local, sys_seconds) {
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::weekday weekday{day};
  const auto thursday = day + std::chrono::days{4 - static_cast<int>(weekday.iso_encoding())};
  const auto year = std::chrono::year_month_day{thursday}.year();
  const auto new_year = std::chrono::local_days{year / std::chrono::January / 1};
  const auto week = (thursday - new_year).count() / 7 + 1;
  return name("%04d-W%02d", static_cast<int>(year), static_cast<int>(week));
}

std::string month_name(local_seconds local, sys_seconds) {
  const auto ymd = date(local);
  return name("%04d-%02u", static_cast<int>(ymd.year()), static_cast<unsigned>(ymd.month()));
}

std::string year_name(local_seconds local, sys_seconds) {
  return name("%04d", static_cast<int>(date(local).year()));
}

struct PeriodRule {
  std::string_view key;
  std::optional<std::int64_t> Policy::*places;
  std::string (*period)(local_seconds, sys_seconds);
};
constexpr std::array<PeriodRule, 5> kPeriodRules{{
    {"hourly", &Policy::hourly, hour_name},
    {"daily", &Policy::daily, day_name},
    {"weekly", &Policy::weekly, week_name},
    {"monthly", &Policy::monthly, month_name},
    {"yearly", &Policy::yearly, year_name},
}};

std::string reason(std::string_view rule, std::string_view detail) {
  return std::string(rule).append(" (").append(detail).append(")");
}

// "a", "a or b", "a, b or c"
std::string alternatives(const std::vector<std::string>& words) {
  if (words.size() == 1) return words[0];
  return join(std::span(words).first(words.size() - 1), ", ") + " or " + words.back();
}

// The keys of the rules that have places to fill.
std::vector<std::string> rules_with_places(const Policy& policy) {
  std::vector<std::string> keys;
  if (is_set(policy.keep_last)) keys.emplace_back("keep_last");
  for (const PeriodRule& rule : kPeriodRules) {
    if (is_set(policy.*rule.places)) keys.emplace_back(rule.key);
  }
  return keys;
}

struct Verdict {
  Candidate backup;
  std::vector<std::string> reasons = {};  // to keep it; none: delete
  bool always = false;                    // max_size may not take it
};
using Verdicts = std::vector<Verdict>;
using Pointers = std::vector<Verdict*>;

void keep(Verdict& verdict, std::string why) { verdict.reasons.push_back(std::move(why)); }
void keep_always(Verdict& verdict, std::string why) {
  keep(verdict, std::move(why));
  verdict.always = true;
}

Pointers good_ones(const Pointers& backups) {
  Pointers good;
  std::copy_if(backups.begin(), backups.end(), std::back_inserter(good),
               [](const Verdict* verdict) { return verdict->backup.good; });
  return good;
}

void keep_last(const Policy& policy, const Pointers& good) {
  if (!is_set(policy.keep_last)) return;
  const std::string places = std::to_string(*policy.keep_last);
  std::int64_t place = 0;
  for (Verdict* verdict : good) {
    if (++place > *policy.keep_last) return;
    keep(*verdict, reason("keep_last", std::to_string(place) + " of " + places));
  }
}

void keep_periods(const Policy& policy, const Pointers& good, const ToLocal& to_local) {
  for (const PeriodRule& rule : kPeriodRules) {
    const std::int64_t places = (policy.*rule.places).value_or(0);
    // All periods seen, not only the last: local time can fall back into one that was left.
    std::set<std::string> seen;
    for (Verdict* verdict : good) {
      if (static_cast<std::int64_t>(seen.size()) >= places) break;
      const auto utc = std::chrono::floor<std::chrono::seconds>(verdict->backup.taken);
      const auto [period, is_new] = seen.insert(rule.period(to_local(utc), utc));
      if (is_new) keep(*verdict, reason(rule.key, *period));
    }
  }
}

void keep_days(const Policy& policy, const Pointers& backups, Time now) {
  if (!is_set(policy.days)) return;
  const auto days = static_cast<std::uint64_t>(*policy.days);
  for (Verdict* verdict : backups) {
    // Unsigned, and whole days first: neither an ancient date nor a huge number of days overflows.
    const std::uint64_t age = static_cast<std::uint64_t>(to_unix_micros(now)) -
                              static_cast<std::uint64_t>(to_unix_micros(verdict->backup.taken));
    const std::uint64_t whole = age / kMicrosPerDay;
    if (whole < days || (whole == days && age % kMicrosPerDay == 0)) {
      keep(*verdict, reason("days", std::to_string(days)));
    }
  }
}

void keep_last_good(const Pointers& backups, const Pointers& good) {
  for (Verdict* verdict : backups) {
    if (good.empty()) {
      keep_always(*verdict, "no good backup yet");
    } else if (verdict == good.front()) {
      keep_always(*verdict, "last-good");
      return;
    } else {
      keep_always(*verdict, "newer than last-good");
    }
  }
}

bool has_keeping_rule(const Policy& policy) {
  return is_set(policy.days) || !rules_with_places(policy).empty();
}

void apply_rules(const Policy& policy, Verdicts& verdicts, Time now, const ToLocal& to_local) {
  std::map<std::string_view, Pointers> targets;
  for (Verdict& verdict : verdicts) {
    if (verdict.backup.taken <= now) targets[verdict.backup.target].push_back(&verdict);
  }
  for (const auto& [target, backups] : targets) {
    const Pointers good = good_ones(backups);
    keep_last(policy, good);
    keep_periods(policy, good, to_local);
    keep_days(policy, backups, now);
    keep_last_good(backups, good);
  }
  for (Verdict& verdict : verdicts) {
    if (verdict.backup.pinned) keep_always(verdict, "pinned");
    if (verdict.backup.taken > now) keep_always(verdict, "dated in the future");
    if (has_keeping_rule(policy)) continue;
    keep(verdict,
         policy.keeps_everything() ? "no rule" : reason("max_size", to_string(*policy.max_size)));
  }
}

std::string why_unkept(const Policy& policy, const Candidate& backup) {
  std::string sentence;
  if (is_set(policy.days)) {
    sentence =
        "older than " + std::to_string(*policy.days) + (*policy.days == 1 ? " day" : " days");
  }
  const auto rules = rules_with_places(policy);
  if (rules.empty()) return sentence;
  if (!sentence.empty()) sentence += " and ";
  if (!backup.good) sentence += "not good, so ";
  return sentence + "in no " + alternatives(rules) + " place";
}

// Keeps from the newest on while they fit, which leaves what removing from the oldest on would
// leave, without sums that could overflow.
void apply_max_size(const Policy& policy, const Verdicts& verdicts,
                    std::vector<Decision>& decisions) {
  if (!is_set(policy.max_size)) return;
  std::uint64_t room = policy.max_size->bytes;
  bool full = false;
  const auto take = [&](const Candidate& backup) {
    full = full || backup.stored.bytes > room;
    if (!full) room -= backup.stored.bytes;
  };
  for (const Verdict& verdict : verdicts) {
    if (verdict.always) take(verdict.backup);
  }
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    if (verdicts[i].always || !decisions[i].keep) continue;
    take(verdicts[i].backup);
    if (!full) continue;
    decisions[i].keep = false;
    decisions[i].reasons = {reason("does not fit into max_size", to_string(*policy.max_size)) +
                            " beside newer and protected backups"};
  }
}

}  // namespace

bool Policy::keeps_everything() const noexcept {
  return !is_set(days) && !is_set(keep_last) && !is_set(hourly) && !is_set(daily) &&
         !is_set(weekly) && !is_set(monthly) && !is_set(yearly) && !is_set(max_size);
}

std::vector<Decision> decide(const Policy& policy, std::vector<Candidate> backups, Time now,
                             const ToLocal& to_local) {
  std::sort(backups.begin(), backups.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(b.taken, a.id, a.target) < std::tie(a.taken, b.id, b.target);
  });
  Verdicts verdicts;
  verdicts.reserve(backups.size());
  for (Candidate& backup : backups) verdicts.push_back({std::move(backup)});
  apply_rules(policy, verdicts, now, to_local);

  std::vector<Decision> decisions;
  decisions.reserve(verdicts.size());
  for (const Verdict& verdict : verdicts) {
    const bool kept = !verdict.reasons.empty();
    decisions.push_back({verdict.backup.id, kept,
                         kept ? verdict.reasons : std::vector{why_unkept(policy, verdict.backup)}});
  }
  apply_max_size(policy, verdicts, decisions);
  return decisions;
}

}  // namespace snapshotter::retention
