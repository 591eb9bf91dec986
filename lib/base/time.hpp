// Points in time. The library counts real time in microseconds since the epoch, UTC, as D-Bus and
// the journal do; intervals that must not follow a clock change use Steady.
#pragma once

#include <chrono>
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
// "2026-11-24T02:00:00Z".
[[nodiscard]] std::string to_rfc3339(Time time);
// Takes what to_rfc3339 prints and any RFC 3339 time with an offset; nullopt for anything else.
[[nodiscard]] std::optional<Time> parse_rfc3339(std::string_view text);
// "20261124T020000Z": the form in names of backups and runs. Seconds; fractions are cut.
[[nodiscard]] std::string to_compact(Time time);
[[nodiscard]] std::optional<Time> parse_compact(std::string_view text);

}  // namespace snapshotter
