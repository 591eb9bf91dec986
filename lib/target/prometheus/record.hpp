// Inside lib/target/prometheus: one checksummed record of a file, as it passes in pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace snapshotter::target::prometheus {

// A length, so many bytes, and their CRC-32C in four bytes.
class Record {
 public:
  // How the length is written: in four bytes, as a uvarint (of five bytes at most), or nowhere: it
  // is known.
  enum class Length { four_bytes, uvarint, known };
  enum class State { length, content, checksum, good, bad_length, bad_checksum };

  // The checksum covers `extra` bytes more than the length says (all of it, when the length is
  // known). The whole record is at most `limit` bytes.
  void begin(Length length, std::uint64_t extra, std::uint64_t limit) noexcept;
  // How many of these bytes belong to the record: at least one while it has not ended.
  std::size_t take(std::span<const std::byte> bytes) noexcept;
  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] bool ended() const noexcept { return state_ >= State::good; }

 private:
  void take_length(std::uint8_t byte) noexcept;
  void length_is(std::uint64_t length) noexcept;
  void take_checksum(std::uint8_t byte) noexcept;

  State state_ = State::good;
  Length length_ = Length::known;
  std::uint64_t extra_ = 0, limit_ = 0;
  unsigned digits_ = 0;      // bytes seen of the length or of the checksum
  std::uint64_t value_ = 0;  // of the same
  std::uint64_t left_ = 0;   // bytes of content
  std::uint32_t crc_ = 0;
};

}  // namespace snapshotter::target::prometheus
