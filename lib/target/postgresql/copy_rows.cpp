#include "target/postgresql/copy_rows.hpp"

#include <algorithm>
#include <array>

namespace snapshotter::target::postgresql {
namespace {

// Compilers turn the inner loop into vector instructions: 10 to 15 GB/s where memchr from line to
// line makes 0.4 (rows of two bytes) to 14, and std::count with a search for the end 1.
constexpr std::size_t kLanes = 32;
constexpr std::size_t kMostSteps = 255;  // what a lane of one byte can count
constexpr std::size_t kLookAhead = 2;

struct Window {
  std::uint64_t lines = 0;
  bool suspicious = false;  // holds "\n\\.": the end, if a line feed follows
};

// Looks kLookAhead bytes beyond the window.
Window look(const char* bytes, std::size_t steps) noexcept {
  std::array<unsigned char, kLanes> lines{}, hits{};
  for (std::size_t step = 0; step < steps; ++step, bytes += kLanes) {
    for (std::size_t i = 0; i < kLanes; ++i) {
      const auto line = static_cast<unsigned char>(bytes[i] == '\n');
      const auto dot = static_cast<unsigned char>((bytes[i + 1] == '\\') & (bytes[i + 2] == '.'));
      lines[i] = static_cast<unsigned char>(lines[i] + line);
      hits[i] = static_cast<unsigned char>(hits[i] | (line & dot));
    }
  }
  Window window;
  for (std::size_t i = 0; i < kLanes; ++i) {
    window.lines += lines[i];
    window.suspicious |= hits[i] != 0;
  }
  return window;
}

}  // namespace

void CopyRows::begin() noexcept { *this = {}; }

void CopyRows::step(char byte) noexcept {
  constexpr std::string_view kEnd = "\n\\.\n";
  if (matched_ == 3 && byte == '\n') {
    ended_ = true;
  } else if (byte == '\n') {
    ++rows_;
    matched_ = 1;
  } else {
    matched_ = matched_ > 0 && byte == kEnd[matched_] ? matched_ + 1 : 0;
  }
}

std::size_t CopyRows::add(std::string_view bytes) noexcept {
  std::size_t at = 0;
  while (at < bytes.size() && !ended_) {
    const std::size_t left = bytes.size() - at;
    if (matched_ == 0 && left >= kLanes + kLookAhead) {
      const std::size_t steps = std::min((left - kLookAhead) / kLanes, kMostSteps);
      const Window window = look(bytes.data() + at, steps);
      if (!window.suspicious) {
        rows_ += window.lines;
        at += steps * kLanes;
        // The window's last byte may be the line feed before the end.
        matched_ = bytes[at - 1] == '\n' ? 1 : 0;
        continue;
      }
      for (const std::size_t end = at + steps * kLanes; at < end && !ended_; ++at) step(bytes[at]);
      continue;
    }
    step(bytes[at++]);
  }
  return at;
}

}  // namespace snapshotter::target::postgresql
