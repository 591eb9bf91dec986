#include "target/prometheus/record.hpp"

#include "target/prometheus/crc32c.hpp"

#include <algorithm>

namespace snapshotter::target::prometheus {
namespace {
constexpr std::uint64_t kChecksum = 4;  // bytes
}

void Record::begin(Length length, std::uint64_t extra, std::uint64_t limit) noexcept {
  state_ = State::length;
  length_ = length;
  extra_ = extra;
  limit_ = limit;
  digits_ = 0;
  value_ = 0;
  crc_ = 0;
  if (length == Length::known) length_is(0);
}

std::size_t Record::take(std::span<const std::byte> bytes) noexcept {
  if (state_ == State::content) {
    const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
    crc_ = crc32c(crc_, bytes.first(taken));
    left_ -= taken;
    if (left_ == 0) state_ = State::checksum;
    return taken;
  }
  std::size_t taken = 0;
  while (taken < bytes.size() && (state_ == State::length || state_ == State::checksum)) {
    const auto byte = std::to_integer<std::uint8_t>(bytes[taken++]);
    state_ == State::length ? take_length(byte) : take_checksum(byte);
  }
  return taken;
}

void Record::take_length(std::uint8_t byte) noexcept {
  ++digits_;
  if (length_ == Length::four_bytes) {
    value_ = value_ << 8U | byte;
    if (digits_ == 4) length_is(value_);
    return;
  }
  value_ |= static_cast<std::uint64_t>(byte & 0x7FU) << (7 * (digits_ - 1));
  if (byte < 0x80) {
    length_is(value_);
  } else if (digits_ == 5) {
    state_ = State::bad_length;
  }
}

void Record::length_is(std::uint64_t length) noexcept {
  left_ = length + extra_;
  const bool fits = digits_ + left_ + kChecksum <= limit_;
  state_ = !fits ? State::bad_length : left_ > 0 ? State::content : State::checksum;
  digits_ = 0;
  value_ = 0;
}

void Record::take_checksum(std::uint8_t byte) noexcept {
  value_ = value_ << 8U | byte;
  if (++digits_ == kChecksum) state_ = value_ == crc_ ? State::good : State::bad_checksum;
}

}  // namespace snapshotter::target::prometheus
