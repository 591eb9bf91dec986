// Points in time. The library counts real time in microseconds since the epoch, UTC, as D-Bus and
// the journal do; intervals that must not follow a clock change use Steady.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace snapshotter {

using Duration = std::chrono::microseconds;
using Time = std::chrono::sys_time<Duration>;
using Steady = std::chrono::time_point<std::chrono::steady_clock, Duration>;

[[nodiscard]] constexpr std::int64_t to_unix_micros(Time time) noexcept {
  return time.time_since_epoch().count();
}
[[nodiscard]] constexpr Time from_unix_micros(std::int64_t micros) noexcept {
  return Time{Duration{micros}};
}

// RFC 3339 in UTC, to the second, or with six digits where there is a fraction:
// "2026-11-24T02:00:00Z". The form has four digits for the year, so times outside the years 0 to
// 9999 (Time::max(), say) print as the nearest one inside; the same goes for to_compact.
[[nodiscard]] std::string to_rfc3339(Time time);
// Takes what to_rfc3339 prints and any RFC 3339 time with an offset; nullopt for anything else:
// days that no calendar has, leap seconds, more than nine digits of fraction. Digits finer than a
// microsecond are cut. 'T' and 'Z' may be small, and a blank may stand for the 'T' (section 5.6).
[[nodiscard]] std::optional<Time> parse_rfc3339(std::string_view text);
// "20261124T020000Z": the form in names of backups and runs. Seconds; fractions are cut.
[[nodiscard]] std::string to_compact(Time time);
[[nodiscard]] std::optional<Time> parse_compact(std::string_view text);

}  // namespace snapshotter
