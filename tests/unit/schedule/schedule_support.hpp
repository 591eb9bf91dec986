// What the tests of lib/schedule share: times as text, and a second, naive reading of what a cron
// expression means. Nothing below uses the code under test except TimeZone to convert times.
#pragma once

#include "schedule/cron.hpp"
#include "schedule/time_zone.hpp"
#include "support/catch.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::schedule::test {

using std::chrono::sys_seconds;
using Firings = std::vector<sys_seconds>;
using Random = std::mt19937_64;

[[nodiscard]] sys_seconds at(std::string_view rfc3339);
[[nodiscard]] TimeZone zone(std::string_view name);

// The next `count` firings in the zone's own words: "2026-03-29T03:00:00+02:00".
[[nodiscard]] std::vector<std::string> next_texts(std::string_view expression,
                                                  std::string_view zone_name,
                                                  std::string_view after, std::size_t count,
                                                  DstPolicy dst = DstPolicy::cron);

// A wall-clock time taken apart.
struct Civil {
  int year, month, day, weekday, hour, minute, second, days_in_month;
};
[[nodiscard]] Civil civil(LocalSeconds local);

// An expression together with what it means.
struct Meaning {
  std::string text;
  bool fixed;  // at fixed times, as cron(8) understands it
  std::function<bool(const Civil&)> matches;
};

// Any expression the grammar allows, five or six fields; some of them match no day at all.
[[nodiscard]] Meaning random_meaning(Random& random, bool with_seconds);
// Only the day fields vary.
[[nodiscard]] Meaning random_day_meaning(Random& random);

[[nodiscard]] int pick(Random& random, int min, int max);

// A new seed each time, or the one in SNAPSHOTTER_TEST_SEED; printed, so that a failure can be
// replayed.
[[nodiscard]] std::uint64_t seed();

// One zone of every distinct history between 1970 and 2037, with the moments its offset changes.
struct ZoneHistory {
  TimeZone zone;
  std::vector<sys_seconds> changes;
};
[[nodiscard]] const std::vector<ZoneHistory>& zone_histories();

}  // namespace snapshotter::schedule::test
