// Numbers as gzip and zstd write them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace snapshotter::archive {

inline void put_le32(std::byte* to, std::uint32_t value) noexcept {
  for (unsigned i = 0; i < 4; ++i) to[i] = static_cast<std::byte>(value >> (8 * i));
}

[[nodiscard]] inline std::uint32_t get_le32(const std::byte* from) noexcept {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) value |= std::to_integer<std::uint32_t>(from[i]) << (8 * i);
  return value;
}

}  // namespace snapshotter::archive
