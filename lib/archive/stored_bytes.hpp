// The compressed file, read once from its beginning to its end, with somebody watching.
#pragma once

#include "base/byte_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <stop_token>
#include <string>

namespace snapshotter::archive {

// One thread. Throws what the source throws, CorruptArchiveError, CancelledError.
class StoredBytes {
 public:
  // Sees every byte that is read, once and in order: checksums and progress hang on this.
  using Observer = std::function<void(std::uint64_t offset, std::span<const std::byte> bytes)>;

  StoredBytes(const ByteSource& source, std::stop_token stop, Observer observer = {});

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }

  // Up to the length of `into`; less only at the end, then 0.
  std::size_t read_some(std::span<std::byte> into);
  // All of `into`, or CorruptArchiveError: the archive ends too early.
  void read(std::span<std::byte> into);
  // Looks elsewhere; unobserved. Fewer bytes only where the file ends.
  std::size_t peek(std::uint64_t offset, std::span<std::byte> into) const;
  void check_stop() const;

 private:
  const ByteSource& source_;
  std::stop_token stop_;
  Observer observer_;
  std::uint64_t size_;
  std::uint64_t offset_ = 0;
};

// "cannot read archive: WHAT at byte OFFSET".
[[noreturn]] void throw_corrupt(std::uint64_t offset, const std::string& what);

}  // namespace snapshotter::archive
