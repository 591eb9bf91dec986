// Looks at an output that passes by. Internal to this target.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace snapshotter::target::command {

class OutputCheck {
 public:
  // `trailer`: what the output must end with; white space at its ends is of no account.
  explicit OutputCheck(const std::string& trailer);

  void add(std::span<const std::byte> piece);
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  // Whether the output so far ends with the trailer, but for 4 KiB of white space after it at most.
  [[nodiscard]] bool complete() const;

 private:
  std::string trailer_;
  std::string end_;  // of the output, as much as matters and up to as much again
  std::uint64_t bytes_ = 0;
};

}  // namespace snapshotter::target::command
