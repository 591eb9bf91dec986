// Sizes and durations as people write and read them.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace snapshotter {

// A number of bytes. Prints in IEC units ("1.5 GiB"); parses "500GiB", "10 MiB", "4096", "1.5TB"
// (decimal units are powers of 1000), without regard to case.
struct ByteSize {
  std::uint64_t bytes = 0;
  auto operator<=>(const ByteSize&) const = default;
};

inline constexpr ByteSize operator""_KiB(unsigned long long n) { return {n << 10U}; }
inline constexpr ByteSize operator""_MiB(unsigned long long n) { return {n << 20U}; }
inline constexpr ByteSize operator""_GiB(unsigned long long n) { return {n << 30U}; }

[[nodiscard]] std::string to_string(ByteSize size);
[[nodiscard]] std::optional<ByteSize> parse_byte_size(std::string_view text);

// "90s", "1h30m", "2 days", "250ms", "1w"; a bare number is seconds. Negative ones do not exist.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);
// The two largest units that are not zero: "1h 30m", "2d 4h", "45s", "1.2s" below ten seconds.
[[nodiscard]] std::string to_string(Duration duration);

}  // namespace snapshotter
