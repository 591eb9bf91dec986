#include "archive/stored_bytes.hpp"

#include "base/error.hpp"

#include <utility>

namespace snapshotter::archive {

StoredBytes::StoredBytes(const ByteSource& source, std::stop_token stop, Observer observer)
    : source_(source),
      stop_(std::move(stop)),
      observer_(std::move(observer)),
      size_(source.size()) {}

std::size_t StoredBytes::read_some(std::span<std::byte> into) {
  check_stop();
  if (into.empty()) return 0;
  const std::size_t count = source_.read_at(offset_, into);
  if (observer_ && count > 0) observer_(offset_, into.first(count));
  offset_ += count;
  return count;
}

void StoredBytes::read(std::span<std::byte> into) {
  if (read_some(into) != into.size()) throw_corrupt(offset_, "the archive ends too early");
}

std::size_t StoredBytes::peek(std::uint64_t offset, std::span<std::byte> into) const {
  return source_.read_at(offset, into);
}

void StoredBytes::check_stop() const {
  if (stop_.stop_requested()) throw CancelledError("read archive");
}

void throw_corrupt(std::uint64_t offset, const std::string& what) {
  throw CorruptArchiveError({"read archive", "", what + " at byte " + std::to_string(offset),
                             "use another backup, and check the disk that this one is on"});
}

}  // namespace snapshotter::archive
