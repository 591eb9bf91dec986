#include "target/postgresql/frame_parser.hpp"

#include <algorithm>

namespace snapshotter::target::postgresql {

void FrameParser::feed(std::span<const std::byte> bytes, const Sink& sink) {
  while (!bytes.empty()) {
    if (left_ > 0) {
      const auto piece = bytes.first(std::min<std::size_t>(left_, bytes.size()));
      left_ -= static_cast<std::uint32_t>(piece.size());
      bytes = bytes.subspan(piece.size());
      sink(stream_, piece);
      continue;
    }
    const auto part = bytes.first(std::min(header_.size() - have_, bytes.size()));
    std::copy(part.begin(), part.end(), header_.begin() + static_cast<std::ptrdiff_t>(have_));
    have_ += part.size();
    bytes = bytes.subspan(part.size());
    if (have_ == header_.size()) begin_frame();
  }
}

void FrameParser::begin_frame() {
  const auto byte = [&](std::size_t i) { return std::to_integer<std::uint32_t>(header_.at(i)); };
  if (byte(0) > 3 || byte(1) != 0 || byte(2) != 0 || byte(3) != 0)
    throw FrameError("the stream is not made of frames");
  stream_ = static_cast<FrameStream>(byte(0));
  left_ = byte(4) << 24U | byte(5) << 16U | byte(6) << 8U | byte(7);
  have_ = 0;
}

}  // namespace snapshotter::target::postgresql
