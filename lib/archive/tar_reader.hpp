// The entries of an archive, as libarchive sees them. Shared by ArchiveReader and extract(), which
// hands libarchive's entries on to the part of libarchive that writes to disk.
#pragma once

#include "archive/entry.hpp"
#include "archive/inflated_stream.hpp"
#include "archive/tar_walker.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <span>
#include <stop_token>

struct archive;
struct archive_entry;

namespace snapshotter::archive {

struct FreeReader {
  void operator()(::archive* it) const;
};

class TarReader {
 public:
  TarReader(const ByteSource& source, async::WorkerPool& workers, std::stop_token stop);
  explicit TarReader(std::unique_ptr<InflatedStream> stream);
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;

  // nullptr: the end; then every byte of the archive has been read and checked. The entry is valid
  // until the next call. Names are bytes, whatever the locale.
  ::archive_entry* next();

  struct Piece {
    std::span<const std::byte> bytes;
    std::uint64_t offset = 0;  // in the file; what lies between pieces is a hole
  };
  // Of the current entry's content; a piece without bytes is the end.
  Piece read();

 private:
  void open();
  static long read_stream(::archive* unused, void* self, const void** bytes);
  std::span<const std::byte> walked_piece();
  int check(int result);

  std::unique_ptr<StoredBytes> in_;  // of the first constructor
  std::unique_ptr<InflatedStream> stream_;
  TarWalker walker_;
  std::exception_ptr error_;
  std::unique_ptr<::archive, FreeReader> archive_;
};

[[nodiscard]] Entry to_entry(::archive_entry* it);

}  // namespace snapshotter::archive
