// Reads regular files, one after the other, and tells whether each was left alone meanwhile.
//
// A file of at most one block – nearly all files – is read as a whole before anything is said about
// it, and read again the careful way if it changed meanwhile: so it is a copy of one instant, or
// its change is known. That takes openat, preadv2, statx and close. A larger one, or a sparse one,
// is read extent by extent (SEEK_DATA, SEEK_HOLE) up to the size it had when it was opened.
//
// The page cache is left as it was: what was not cached before is dropped behind the reading.
// Whether it was is asked by reading the first block with RWF_NOWAIT, which costs nothing when it
// was. (On file systems without RWF_NOWAIT nothing is dropped.)
#pragma once

#include "archive/entry.hpp"
#include "platform/unique_fd.hpp"
#include "target/filesystem/quiet_open.hpp"
#include "target/filesystem/status.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <vector>

namespace snapshotter::target {

// One thread.
//
//   if (const int error = reader.open(parent, name, status)) …
//   while (!(block = reader.next()).empty()) …
//   outcome = reader.close();
class FileReader {
 public:
  static constexpr std::size_t kBlock = 256 * 1024;
  // Of a file in more pieces than this, the smallest holes are read as zeros: the list of extents
  // is kept in memory and in the archive.
  static constexpr std::size_t kMaxExtents = 16 * 1024;

  explicit FileReader(std::stop_token stop, std::size_t max_extents = kMaxExtents);

  // `seen` is what the file looked like before. Returns 0 or an errno: EACCES, ENOENT (vanished),
  // ELOOP (a symlink or anything else that is no regular file has taken its place), an error of
  // reading a small file. A file that another program holds a lease on is waited for, some seconds
  // at most (EWOULDBLOCK). Throws CancelledError.
  [[nodiscard]] int open(int parent, const char* name, const Status& seen);

  // Of the file that is open.
  [[nodiscard]] int handle() const noexcept { return handle_.get(); }
  [[nodiscard]] const Status& status() const noexcept { return status_; }
  [[nodiscard]] bool sparse() const noexcept { return sparse_; }
  // What next() reads: the data of a sparse file, or the whole file.
  [[nodiscard]] const std::vector<archive::Extent>& extents() const noexcept { return extents_; }

  // The extents' bytes one after the other, in blocks of at most kBlock bytes, each valid until the
  // next call. Empty at the end and after an error, which close() reports. Throws CancelledError.
  [[nodiscard]] std::span<const std::byte> next();

  struct Outcome {
    int error = 0;             // of reading
    std::uint64_t read = 0;    // bytes that next() gave
    std::uint64_t unread = 0;  // bytes fewer than there should have been: it shrank, or the error
    bool deleted = false;      // its last name is gone
    std::uint64_t grown = 0;   // bytes that it has more than when it was opened
    bool changed = false;      // any of its times, its size or its links moved
  };
  Outcome close();

 private:
  int open_waiting(int parent, const char* name, uid_t owner);
  int read_whole(const Status& seen);
  void prepare();
  void find_extents();
  [[nodiscard]] ssize_t read_at(std::uint64_t offset, std::span<std::byte> into);
  [[nodiscard]] ssize_t read_cached(std::uint64_t offset, std::span<std::byte> into);
  void check_stop() const;

  const std::stop_token stop_;
  const std::size_t max_extents_;
  QuietOpen open_;
  std::vector<std::byte> buffer_;
  std::optional<std::uint64_t> device_without_nowait_;

  // The state of the file that is open.
  platform::UniqueFd handle_;
  Status status_{};
  bool consistent_ = false;  // buffer_ holds all of it, and it did not change meanwhile
  bool sparse_ = false;
  std::vector<archive::Extent> extents_;
  std::size_t extent_ = 0;     // where next() is in them
  std::uint64_t offset_ = 0;   // where next() is in the file
  bool probed_ = false;        // cold_ is known
  bool cold_ = false;          // it was not in the page cache
  std::uint64_t dropped_ = 0;  // up to where it was dropped from the page cache
  int error_ = 0;
  std::uint64_t read_ = 0;
};

}  // namespace snapshotter::target
