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

// File systems that compress have fewer blocks than bytes, too: then one extent is found, or (where
// holes are unknown) the kernel says that it is all data.
bool may_have_holes(const Status& status) { return status.stx_blocks * 512 < status.stx_size; }

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
    : stop_(std::move(stop)),
      max_extents_(max_extents),
      block_(std::make_unique_for_overwrite<std::byte[]>(kBlock)) {}

void FileReader::check_stop() const {
  if (stop_.stop_requested()) throw CancelledError("read files");
}

int FileReader::open(int parent, const char* name, const Status& seen) {
  consistent_ = sparse_ = cold_ = false;
  extents_.clear();
  extent_ = loaded_ = 0;
  offset_ = dropped_ = read_ = 0;
  error_ = 0;
  status_ = seen;
  if (const int error = open_waiting(parent, name, seen.stx_uid)) return error;
  if (seen.stx_size > 0) read_cached();
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

// The beginning, as far as the page cache has it.
void FileReader::read_cached() {
  const std::uint64_t device = id_of(status_).device;
  if (device == device_without_nowait_) return;
  const auto wanted = std::min<std::uint64_t>(kBlock, status_.stx_size);
  const iovec piece{block_.get(), static_cast<std::size_t>(wanted)};
  const ssize_t got = ::preadv2(handle_.get(), &piece, 1, 0, RWF_NOWAIT);
  if (got >= 0) {
    loaded_ = static_cast<std::size_t>(got);
  } else if (errno == EAGAIN) {
    cold_ = true;
    if (status_.stx_size > kBlock) ::posix_fadvise(handle_.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  } else if (errno == EOPNOTSUPP) {
    device_without_nowait_ = device;
  }
}

int FileReader::load() {
  check_stop();
  const Status seen = status_;
  const bool whole = seen.stx_size <= kBlock && !may_have_holes(seen);
  const int error = whole ? read_rest() : 0;
  if (const int failed = read_status(handle_.get(), status_)) return failed;
  if (!S_ISREG(status_.stx_mode)) return ELOOP;  // and that is why it could not be read
  if (error != 0) return error;
  if (may_have_holes(status_)) find_extents();
  if (!sparse_ && status_.stx_size > 0) extents_.push_back({0, status_.stx_size});
  if (sparse_ || !is_same_version(seen, status_)) loaded_ = 0;  // read anew
  consistent_ = whole && loaded_ == status_.stx_size;
  return 0;
}

int FileReader::read_rest() {
  while (loaded_ < status_.stx_size) {
    const std::size_t left = static_cast<std::size_t>(status_.stx_size) - loaded_;
    const ssize_t got = read_at(loaded_, std::span(block_.get() + loaded_, left));
    if (got < 0) return errno;
    if (got == 0) return 0;
    loaded_ += static_cast<std::size_t>(got);
  }
  return 0;
}

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
  if (const std::size_t length = std::exchange(loaded_, 0); length > 0) {
    offset_ = read_ = length;
    return {block_.get(), length};
  }
  for (; extent_ < extents_.size() && error_ == 0; ++extent_) {
    const Extent& extent = extents_[extent_];
    offset_ = std::max(offset_, extent.offset);
    if (offset_ == end_of(extent)) continue;
    const auto left = std::min<std::uint64_t>(kBlock, end_of(extent) - offset_);
    const auto into = std::span(block_.get(), static_cast<std::size_t>(left));
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
  for (;;) {
    const ssize_t got =
        ::pread(handle_.get(), into.data(), into.size(), static_cast<off_t>(offset));
    if (got >= 0 || errno != EINTR) return got;
  }
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
