#include "platform/uncached_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace snapshotter::platform {
namespace {

// The largest that any block device asks for in practice.
constexpr std::size_t kAlignment = 4096;
constexpr std::size_t kWindow = std::size_t{1} << 20U;

// False: the file system can't.
bool pass_cache(int descriptor, bool yes) {
  const int flags = ::fcntl(descriptor, F_GETFL);
  return flags >= 0 &&
         ::fcntl(descriptor, F_SETFL, yes ? flags | O_DIRECT : flags & ~O_DIRECT) == 0;
}

}  // namespace

UncachedFile::UncachedFile(UniqueFd descriptor, std::string path)
    : SystemFile(std::move(descriptor), std::move(path)),
      window_(static_cast<std::byte*>(std::aligned_alloc(kAlignment, kWindow))) {
  if (!window_) throw std::bad_alloc();
  drop_cache();
  static_cast<void>(pass_cache(this->descriptor(), true));
}

std::size_t UncachedFile::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  std::size_t filled = 0;
  while (filled < into.size()) {
    const std::uint64_t from = offset + filled;
    if (from < begin_ || from >= begin_ + length_) load(from - from % kAlignment);
    if (from >= begin_ + length_) break;  // the end of the file
    const auto skip = static_cast<std::size_t>(from - begin_);
    const std::size_t count = std::min(into.size() - filled, length_ - skip);
    std::memcpy(into.data() + filled, window_.get() + skip, count);
    filled += count;
  }
  return filled;
}

void UncachedFile::load(std::uint64_t begin) const {
  const auto read = [&] {
    return retry(
        [&] { return ::pread(descriptor(), window_.get(), kWindow, static_cast<off_t>(begin)); });
  };
  length_ = 0;
  auto got = read();
  if (got < 0 && errno == EINVAL && pass_cache(descriptor(), false)) got = read();
  if (got < 0) fail("read", path(), errno);
  begin_ = begin;
  length_ = static_cast<std::size_t>(got);
}

}  // namespace snapshotter::platform
