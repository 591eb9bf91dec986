#include "target/filesystem/file_reader.hpp"

#include "base/error.hpp"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

namespace snapshotter::target {
namespace {

using archive::Extent;

constexpr std::uint64_t kDropEvery = 8 * 1024 * 1024;
// The holder of a lease is told at once that somebody wants the file; Samba gives it back in
// milliseconds. One that does not react has up to /proc/sys/fs/lease-break-time (45 s).
constexpr std::chrono::seconds kLeasePatience{3};
constexpr std::chrono::milliseconds kLeasePoll{5};

constexpr std::uint64_t kSmallestHole = 4096;

std::uint64_t end_of(const Extent& extent) { return extent.offset + extent.length; }

// Closes holes of less than `smallest` bytes.
void merge(std::vector<Extent>& extents, std::uint64_t smallest) {
  std::size_t last = 0;
  for (std::size_t i = 1; i < extents.size(); ++i) {
    if (extents[i].offset - end_of(extents[last]) < smallest) {
      extents[last].length = end_of(extents[i]) - extents[last].offset;
    } else {
      extents[++last] = extents[i];
    }
  }
  extents.resize(last + 1);
}

}  // namespace

FileReader::FileReader(std::stop_token stop, std::size_t max_extents)
    : stop_(std::move(stop)), max_extents_(max_extents), buffer_(kBlock) {}

void FileReader::check_stop() const {
  if (stop_.stop_requested()) throw CancelledError("read files");
}

int FileReader::open(int parent, const char* name, const Status& seen) {
  consistent_ = sparse_ = probed_ = cold_ = false;
  extents_.clear();
  extent_ = 0;
  offset_ = dropped_ = read_ = 0;
  error_ = 0;
  status_ = seen;
  if (const int error = open_waiting(parent, name, seen.stx_uid)) return error;
  const bool whole = seen.stx_size <= kBlock && seen.stx_blocks * 512 >= seen.stx_size;
  if (const int error = whole ? read_whole(seen) : read_status(handle_.get(), status_))
    return error;
  if (!S_ISREG(status_.stx_mode)) return ELOOP;
  prepare();
  return 0;
}

int FileReader::open_waiting(int parent, const char* name, uid_t owner) {
  const auto deadline = std::chrono::steady_clock::now() + kLeasePatience;
  for (;;) {
    check_stop();
    handle_ = open_(parent, name, 0, owner);
    if (handle_) return 0;
    const int error = errno;
    if (error != EWOULDBLOCK || std::chrono::steady_clock::now() > deadline) return error;
    std::this_thread::sleep_for(kLeasePoll);
  }
}

int FileReader::read_whole(const Status& seen) {
  std::size_t length = 0;
  int error = 0;
  while (length < seen.stx_size) {
    const auto rest = std::span(buffer_).subspan(length, seen.stx_size - length);
    const ssize_t got = read_at(length, rest);
    if (got < 0) error = errno;
    if (got <= 0) break;
    length += static_cast<std::size_t>(got);
  }
  if (const int failed = read_status(handle_.get(), status_)) return failed;
  if (!S_ISREG(status_.stx_mode)) return ELOOP;  // and that is why it could not be read
  consistent_ = length == seen.stx_size && is_same_version(seen, status_);
  return error;
}

void FileReader::prepare() {
  const bool holes = !consistent_ && status_.stx_blocks * 512 < status_.stx_size;
  if (holes) find_extents();
  if (!sparse_ && status_.stx_size > 0) extents_.push_back({0, status_.stx_size});
}

// File systems that compress have fewer blocks than bytes, too: then one extent is found, or (where
// holes are unknown) the kernel says that it is all data.
void FileReader::find_extents() {
  std::uint64_t smallest_hole = kSmallestHole;
  const auto size = static_cast<off_t>(status_.stx_size);
  for (off_t at = 0; at < size;) {
    check_stop();
    const off_t data = ::lseek(handle_.get(), at, SEEK_DATA);
    if (data < 0 && errno != ENXIO) return extents_.clear();  // can't tell: all of it is data
    if (data < 0 || data >= size) break;
    const off_t hole = ::lseek(handle_.get(), data, SEEK_HOLE);
    at = hole < 0 ? size : std::min(hole, size);
    extents_.push_back({static_cast<std::uint64_t>(data), static_cast<std::uint64_t>(at - data)});
    if (extents_.size() >= 2 * max_extents_) merge(extents_, smallest_hole *= 2);
  }
  while (extents_.size() > max_extents_) merge(extents_, smallest_hole *= 2);
  sparse_ = extents_.size() != 1 || extents_.front().length != status_.stx_size;
  if (!sparse_) extents_.clear();
}

std::span<const std::byte> FileReader::next() {
  check_stop();
  if (consistent_) {
    const std::size_t length = status_.stx_size - read_;
    read_ += length;
    return std::span(buffer_).first(length);
  }
  for (; extent_ < extents_.size() && error_ == 0; ++extent_) {
    const Extent& extent = extents_[extent_];
    offset_ = std::max(offset_, extent.offset);
    if (offset_ == end_of(extent)) continue;
    const auto left = std::min<std::uint64_t>(kBlock, end_of(extent) - offset_);
    const auto into = std::span(buffer_).first(static_cast<std::size_t>(left));
    const ssize_t got = read_at(offset_, into);
    if (got < 0) error_ = errno;
    if (got <= 0) break;
    offset_ += static_cast<std::uint64_t>(got);
    read_ += static_cast<std::uint64_t>(got);
    if (cold_ && offset_ - dropped_ >= kDropEvery) {
      ::posix_fadvise(handle_.get(), static_cast<off_t>(dropped_),
                      static_cast<off_t>(offset_ - dropped_), POSIX_FADV_DONTNEED);
      dropped_ = offset_;
    }
    return into.first(static_cast<std::size_t>(got));
  }
  extent_ = extents_.size();
  return {};
}

ssize_t FileReader::read_at(std::uint64_t offset, std::span<std::byte> into) {
  if (!std::exchange(probed_, true)) {
    const ssize_t got = read_cached(offset, into);
    if (got >= 0) return got;
  }
  for (;;) {
    const ssize_t got =
        ::pread(handle_.get(), into.data(), into.size(), static_cast<off_t>(offset));
    if (got >= 0 || errno != EINTR) return got;
  }
}

// What is in the page cache at this place; negative: nothing, or the file system doesn't tell.
ssize_t FileReader::read_cached(std::uint64_t offset, std::span<std::byte> into) {
  const std::uint64_t device = id_of(status_).device;
  if (device == device_without_nowait_) return -1;
  const iovec piece{into.data(), into.size()};
  const ssize_t got = ::preadv2(handle_.get(), &piece, 1, static_cast<off_t>(offset), RWF_NOWAIT);
  if (got < 0 && errno == EOPNOTSUPP) device_without_nowait_ = device;
  if (got < 0 && errno == EAGAIN) {
    cold_ = true;
    if (status_.stx_size > kBlock) ::posix_fadvise(handle_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  return got;
}

FileReader::Outcome FileReader::close() {
  Outcome outcome{error_, read_};
  for (const Extent& extent : extents_) outcome.unread += extent.length;
  outcome.unread -= read_;
  Status now{};
  if (!consistent_) {
    // On NFS a file that was deleted by another client can't even be asked.
    outcome.deleted = read_status(handle_.get(), now) != 0 || now.stx_nlink == 0;
    outcome.grown = now.stx_size > status_.stx_size ? now.stx_size - status_.stx_size : 0;
    outcome.changed = !is_same_version(now, status_);
  }
  if (cold_) {
    ::posix_fadvise(handle_.get(), static_cast<off_t>(dropped_), 0, POSIX_FADV_DONTNEED);
  }
  handle_.reset();
  return outcome;
}

}  // namespace snapshotter::target
