// Inside of lib/schedule: what a parsed expression is, and its matching on a calendar that knows no
// zone. Time zones come in one level higher, in CronExpression::next.
//
// Sets are bit masks; bit n stands for the value n (hour 7, the 31st, December = 12, Sunday = 0).
#pragma once

#include "schedule/time_zone.hpp"

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>
#include <optional>

namespace snapshotter::schedule {

struct DayOfMonth {
  std::uint32_t days = 0;
  std::uint32_t before_last = 0;      // bit n: `L-n`; bit 0: `L`
  std::uint32_t nearest_weekday = 0;  // bit n: `nW`
  bool last_weekday = false;          // `LW`
  bool star = false;                  // begins with `*`, or is `?`
};

struct DayOfWeek {
  std::uint32_t days = 0;
  std::uint32_t last = 0;                 // bit d: `dL`
  std::array<std::uint32_t, 6> nth = {};  // bit d of [n]: `d#n`; [0] is unused
  bool star = false;
};

struct CronFields {
  std::uint64_t seconds = 0;
  std::uint64_t minutes = 0;
  std::uint64_t hours = 0;
  DayOfMonth day_of_month;
  std::uint64_t months = 0;
  DayOfWeek day_of_week;
  bool fixed_times = false;  // neither the minute nor the hour field begins with `*`
  std::optional<std::chrono::seconds> every;  // @every; then nothing else counts
};

// The span of time in which firings are looked for; its end is the first moment outside.
inline constexpr std::chrono::year kLastYear{2200};
inline constexpr std::chrono::sys_seconds kBegin =
    std::chrono::sys_days{std::chrono::year{1900} / 1 / 1};
inline constexpr std::chrono::sys_seconds kEnd =
    std::chrono::sys_days{std::chrono::year{2201} / 1 / 1};

// The smallest member of `mask` that is not less than `from`, or -1.
[[nodiscard]] constexpr int next_bit(std::uint64_t mask, int from) noexcept {
  if (from > 63) return -1;
  mask &= ~std::uint64_t{0} << from;
  return mask == 0 ? -1 : std::countr_zero(mask);
}

// The days of a month on which the day fields match; the month field is not looked at.
[[nodiscard]] std::uint32_t matching_days(const CronFields& fields, std::chrono::year_month month);

// The first matching wall-clock time not before `from`, as if the clocks never changed. nullopt
// past kLastYear. Not for @every.
[[nodiscard]] std::optional<LocalSeconds> first_match(const CronFields& fields, LocalSeconds from);

}  // namespace snapshotter::schedule
