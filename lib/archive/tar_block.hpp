// The 512 bytes that stand before each member of a tar archive (POSIX.1-1988 "ustar"), and the
// numbers in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace snapshotter::archive {

inline constexpr std::size_t kTarBlock = 512;

[[nodiscard]] constexpr std::uint64_t round_up_to_block(std::uint64_t length) {
  return (length + kTarBlock - 1) / kTarBlock * kTarBlock;
}

// Names of the fields as in <tar.h> and POSIX.
struct TarBlock {
  char name[100] = {};
  char mode[8] = {};
  char uid[8] = {};
  char gid[8] = {};
  char size[12] = {};
  char mtime[12] = {};
  char chksum[8] = {};
  char typeflag = 0;
  char linkname[100] = {};
  char magic[6] = {'u', 's', 't', 'a', 'r', '\0'};
  char version[2] = {'0', '0'};
  char uname[32] = {};
  char gname[32] = {};
  char devmajor[8] = {};
  char devminor[8] = {};
  char prefix[155] = {};
  char padding[12] = {};
};
static_assert(sizeof(TarBlock) == kTarBlock);

// Octal digits with a final NUL hold numbers up to 8^(width − 1) − 1. Larger ones are written in
// base 256 with the first bit set: GNU's extension, which every tar of today reads.
[[nodiscard]] constexpr bool fits_octal(std::uint64_t value, std::size_t width) {
  return value < std::uint64_t{1} << 3 * (width - 1);
}
void put_number(std::span<char> field, std::uint64_t value);
// Both forms; nullopt: not a number (or a negative one).
[[nodiscard]] std::optional<std::uint64_t> get_number(std::span<const char> field);

// The sum of all bytes, those of the sum itself taken as spaces.
[[nodiscard]] std::uint32_t checksum(const TarBlock& block);
void put_checksum(TarBlock& block);

}  // namespace snapshotter::archive
