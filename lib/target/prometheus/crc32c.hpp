// The checksum of Prometheus's files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace snapshotter::target::prometheus {

// CRC-32C (Castagnoli, RFC 3720 B.4), continued: crc32c(crc32c(0, a), b) is that of a and b
// together. By the CPU's own instruction where there is one.
[[nodiscard]] std::uint32_t crc32c(std::uint32_t crc, std::span<const std::byte> bytes) noexcept;

// The same by tables, eight bytes at a time: for CPUs without the instruction.
[[nodiscard]] std::uint32_t crc32c_by_tables(std::uint32_t crc,
                                             std::span<const std::byte> bytes) noexcept;

}  // namespace snapshotter::target::prometheus
