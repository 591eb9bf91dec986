// Sizes and durations as people write and read them.
#pragma once

#include "base/time.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace snapshotter {

// A number of bytes. Prints in IEC units ("1.5 GiB"); parses "500GiB", "10 MiB", "4096", "1.5TB"
// (decimal units are powers of 1000), without regard to case. A lone letter is binary, as in
// systemd and GNU tools: "10G" is 10 GiB.
struct ByteSize {
  std::uint64_t bytes = 0;
  auto operator<=>(const ByteSize&) const = default;
};

inline constexpr ByteSize operator""_KiB(unsigned long long n) { return {n << 10U}; }
inline constexpr ByteSize operator""_MiB(unsigned long long n) { return {n << 20U}; }
inline constexpr ByteSize operator""_GiB(unsigned long long n) { return {n << 30U}; }

// One decimal at most, rounded to the nearest: "512 B", "1.5 GiB".
[[nodiscard]] std::string to_string(ByteSize size);
// nullopt for anything else, signs, surrounding blanks and what 64 bits cannot hold included. A
// fraction of a byte is cut.
[[nodiscard]] std::optional<ByteSize> parse_byte_size(std::string_view text);

// "90s", "1h30m", "2 days", "250ms", "1w", "1.5h"; a bare number is seconds. Negative ones do not
// exist. The units are systemd's (us, ms, s, min or m, h, d, w and their long names), each at most
// once and the larger first; months and years have no fixed length and are refused.
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);
// The two largest units that are not zero: "1h 30m", "2d 4h", "45s", "1.2s" below ten seconds,
// "250ms" below one. What is smaller is cut. parse_duration takes all of these.
[[nodiscard]] std::string to_string(Duration duration);

}  // namespace snapshotter
