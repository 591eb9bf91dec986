// What is asked of an expression besides the next firing: a listing, an interval, a jitter.
#include "schedule/cron.hpp"
#include "schedule/cron_fields.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace snapshotter::schedule {
namespace {

using std::chrono::days;
using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr int kIntervalSamples = 400;

// "02:30", with seconds where there are some, with the date where it is not that of `reader`.
std::string clock_text(LocalSeconds time, LocalSeconds reader) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss<seconds> clock{time - day};
  std::array<char, 64> text{};
  std::string result;
  if (day != std::chrono::floor<days>(reader)) {
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02u ", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    result += text.data();
  }
  std::snprintf(text.data(), text.size(), "%02d:%02d", static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()));
  result += text.data();
  if (clock.seconds().count() != 0) {
    std::snprintf(text.data(), text.size(), ":%02d", static_cast<int>(clock.seconds().count()));
    result += text.data();
  }
  return result;
}

// The first matching time that the clock jumped over to reach `time`.
std::optional<LocalSeconds> skipped_match(const CronFields& fields, sys_seconds time,
                                          const TimeZone& zone) {
  const LocalSeconds jump_start = zone.to_local(time - seconds{1}) + seconds{1};
  const auto match = first_match(fields, jump_start);
  if (match && *match < zone.to_local(time)) return match;
  return std::nullopt;
}

std::string note_on(const CronFields& fields, sys_seconds time, const TimeZone& zone,
                    DstPolicy dst) {
  const LocalSeconds clock = zone.to_local(time);
  const TimeZone::Lookup found = zone.lookup(clock);
  if (found.kind == TimeZone::Lookup::Kind::repeated) {
    return time < found.transition ? "first of two" : "second of two";
  }
  if (dst == DstPolicy::strict || !fields.fixed_times) return "";
  const auto skipped = skipped_match(fields, time, zone);
  if (!skipped) return "";
  return "clocks go forward: " + clock_text(*skipped, clock) + " does not exist";
}

std::uint64_t fnv1a(std::uint64_t hash, std::string_view bytes) {
  for (const char c : bytes) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001B3U;
  }
  return hash;
}

// SplitMix64's finisher: FNV-1a alone leaves the high bits of short names alike.
std::uint64_t mix(std::uint64_t hash) {
  hash = (hash ^ (hash >> 30U)) * 0xBF58476D1CE4E5B9U;
  hash = (hash ^ (hash >> 27U)) * 0x94D049BB133111EBU;
  return hash ^ (hash >> 31U);
}

}  // namespace

std::vector<Firing> upcoming(const CronExpression& expression, const TimeZone& zone,
                             sys_seconds after, std::size_t count, DstPolicy dst) {
  std::vector<Firing> firings;
  while (firings.size() < count) {
    const auto time = expression.next(after, zone, dst);
    if (!time) break;
    firings.push_back({*time, note_on(*expression.fields_, *time, zone, dst)});
    after = *time;
  }
  return firings;
}

seconds CronExpression::typical_interval(sys_seconds from, const TimeZone& zone) const {
  if (fields_->every) return *fields_->every;
  seconds shortest = std::chrono::years{100};
  const LocalSeconds start = zone.to_local(std::clamp(from, kBegin, kEnd));
  auto last = first_match(*fields_, start);
  for (int n = 0; last && n < kIntervalSamples; ++n) {
    if (n > 0 && *last - start > std::chrono::years{1}) break;
    const auto match = first_match(*fields_, *last + seconds{1});
    if (match) shortest = std::min(shortest, *match - *last);
    last = match;
  }
  return shortest;
}

Duration stable_jitter(std::string_view host_id, std::string_view job, Duration jitter) {
  if (jitter <= Duration::zero()) return Duration::zero();
  std::uint64_t hash = fnv1a(0xCBF29CE484222325U, host_id);
  hash = fnv1a(hash, std::string_view("\0", 1));
  hash = mix(fnv1a(hash, job));
  return Duration{static_cast<Duration::rep>(hash % static_cast<std::uint64_t>(jitter.count()))};
}

}  // namespace snapshotter::schedule
