// Times as people say and read them. Pure; any thread.
#pragma once

#include "base/time.hpp"
#include "schedule/time_zone.hpp"
#include "snapshotctl/parts/view.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace snapshotter::ctl {

// "45 s", "12 min", "3 h", "5 days", "4 months", "2 years": one unit, cut. Nothing is negative.
[[nodiscard]] std::string rough(Duration span);
// "3 h ago", "just now", and "in 5 h" for what is still to come.
[[nodiscard]] std::string age(Time time, Time now);

// "2026-11-24 02:00" in the reader's zone.
[[nodiscard]] std::string local_minute(Time time, const View& view);
// "02:00:07" in the reader's zone.
[[nodiscard]] std::string local_clock(Time time, const View& view);
// "2026-11-24 02:00 (3 h ago)"; in a narrow view the age alone.
[[nodiscard]] std::string when(Time time, const View& view);
// The same whatever the width.
[[nodiscard]] std::string date_and_age(Time time, const View& view);

// "2026-03-28", "2026-03-28T00:00", "2026-03-28 00:00:30": a time on a clock. In a gap the clock
// jumps over it is the jump, in a repeated hour the first of two. nullopt: nothing of the kind.
[[nodiscard]] std::optional<Time> parse_local(std::string_view text,
                                              const schedule::TimeZone& zone);
// What --since takes: "2h", "3 days", "3 days ago", "today", "yesterday", RFC 3339, parse_local.
[[nodiscard]] std::optional<Time> parse_when(std::string_view text, Time now,
                                             const schedule::TimeZone& zone);

}  // namespace snapshotter::ctl
