// When an event is tried again, and when it is given up. Pure.
#pragma once

#include "base/time.hpp"
#include "platform/random.hpp"

#include <cstdint>
#include <optional>

namespace snapshotter::notify {

// Pauses double from the first to the longest, each shortened by a random part of up to a half so
// that many machines do not come back at once.
inline constexpr Duration kFirstPause = std::chrono::seconds{5};
inline constexpr Duration kLongestPause = std::chrono::days{1};
// Counted from when it happened.
inline constexpr Duration kGiveUpAfter = std::chrono::days{7};
// A newer event for the same notifier is reason to try the waiting ones at once, but not sooner
// than this after the last attempt: a receiver that is back should hear it soon.
inline constexpr Duration kShortestPause = std::chrono::minutes{1};

// The pause after the `attempts`-th attempt (≥ 1) failed; never shorter than `asked`, which the
// receiver has asked for, as far as that is not longer than kLongestPause.
[[nodiscard]] Duration pause_after(std::uint32_t attempts, std::optional<Duration> asked,
                                   platform::Random& random);

}  // namespace snapshotter::notify
