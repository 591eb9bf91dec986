// Where bytes go to and come from, as archives and stores see each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace snapshotter {

// A sequence of bytes being written. Blocking; used by one thread at a time. Throws Error.
class ByteSink {
 public:
  virtual ~ByteSink() = default;
  virtual void append(std::span<const std::byte> bytes) = 0;

  // Replaces bytes that were appended. At most one range can be awaiting this at any time: whoever
  // appends a range meant to be replaced calls hold() right before that append, and rewrite() with
  // the same offset and no more bytes before the next hold(). An object store keeps the part that
  // holds the range in memory until then, so the range is small (≤ 64 KiB).
  virtual void hold(std::size_t length) = 0;
  virtual void rewrite(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
};

// Finished bytes that can be read from any place. Blocking. read_at may be called by several
// threads at once. Throws Error.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  // Fills `into` from `offset` on; returns how many bytes were read, less than asked only at the
  // end.
  virtual std::size_t read_at(std::uint64_t offset, std::span<std::byte> into) const = 0;
};

}  // namespace snapshotter
