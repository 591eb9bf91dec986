// Inside lib/http only: bytes that have come and were not looked at yet.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <vector>

namespace snapshotter::http {

class Inbox {
 public:
  [[nodiscard]] std::span<const std::byte> unread() const noexcept {
    return std::span(bytes_).subspan(begin_, end_ - begin_);
  }
  [[nodiscard]] bool empty() const noexcept { return begin_ == end_; }

  void drop(std::size_t bytes) noexcept {
    begin_ += bytes;
    if (empty()) begin_ = end_ = 0;
  }
  std::size_t take(std::span<std::byte> into) noexcept {
    const auto bytes = std::min(into.size(), end_ - begin_);
    if (bytes != 0) std::memcpy(into.data(), bytes_.data() + begin_, bytes);
    drop(bytes);
    return bytes;
  }

  // Room for at least this many bytes behind what is unread; filled() says how many came.
  [[nodiscard]] std::span<std::byte> room(std::size_t bytes) {
    if (bytes_.size() - end_ < bytes) bytes_.resize(end_ + bytes);
    return std::span(bytes_).subspan(end_);
  }
  void filled(std::size_t bytes) noexcept { end_ += bytes; }

 private:
  std::vector<std::byte> bytes_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace snapshotter::http
