// The journal's MESSAGE_IDs: fixed numbers that scripts and catalogs find an event by, whatever its
// text says. Documented in snapshotterd(8); never changed, never used for something else.
#pragma once

#include <string_view>

namespace snapshotter::telemetry {

inline constexpr std::string_view kRunStarted = "7c4ce3808211478c92038273fb408ba7";
inline constexpr std::string_view kRunSucceeded = "2dfe1126ef984a2cba75e08615b135f8";
inline constexpr std::string_view kRunPartial = "1761dc0a9f0d46f6833873b583757359";
inline constexpr std::string_view kRunFailed = "5f48834b54c04eed857d8321913adca9";
inline constexpr std::string_view kRunCancelled = "3c5fe071a01b4015ac02fc54369e458a";
inline constexpr std::string_view kRunInterrupted = "0c836bcd22a0411493c319702865aa22";
inline constexpr std::string_view kFiringMissed = "0f6971be565d4b209a9971c76a276abf";
inline constexpr std::string_view kPruned = "b353c29b367a40429d29709091e9a1ae";
inline constexpr std::string_view kReloadFailed = "66911507fa954ab9a0879021628846ca";
inline constexpr std::string_view kJobOverdue = "0d95abe73e854f79b68577ba588c83f0";
inline constexpr std::string_view kNotificationGivenUp = "dd3e0d225b334d3d824098483334307a";

}  // namespace snapshotter::telemetry
