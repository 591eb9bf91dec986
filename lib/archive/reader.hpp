// From compressed tar back to entries; proof that an archive is what was written.
#pragma once

#include "archive/entry.hpp"
#include "archive/format.hpp"
#include "archive/writer.hpp"
#include "async/worker_pool.hpp"
#include "base/byte_stream.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

namespace snapshotter::archive {

// Reads any gzip or zstd tar; in parallel where it was written by ArchiveWriter, in the calling
// thread else. Blocking, one thread, off the loop. The source and the pool must outlive it. An
// archive that ends without the end-of-archive mark is damaged, whoever wrote it: entries come as
// long as there are any, and then the error. Throws CorruptArchiveError with the offset and what is
// wrong, CancelledError, and what the source throws.
//
// Where there is no ISA-L, the checksums of gzip archives of other programs are not compared.
class ArchiveReader {
 public:
  ArchiveReader(const ByteSource& source, async::WorkerPool& workers, std::stop_token stop);
  ~ArchiveReader();
  ArchiveReader(const ArchiveReader&) = delete;
  ArchiveReader& operator=(const ArchiveReader&) = delete;

  // The next entry's header; nullopt at the end of the archive, when all of it has been read and
  // every checksum has matched. Content not read is skipped. Names are bytes in any locale; in
  // archives of strangers paths may be absolute or hold "..".
  std::optional<Entry> next();
  // Content of the current file; 0 at its end. Of a sparse file the extents' bytes one after the
  // other (as Entry::extents says).
  std::size_t read(std::span<std::byte> into);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct VerifySummary {
  Format format = Format::tar_gz;
  std::array<std::byte, 32> sha256{};  // of the whole archive file
  std::uint64_t entries = 0;
  std::uint64_t content_bytes = 0;
  std::uint64_t tar_bytes = 0;
  std::uint64_t stored_bytes = 0;
  // Of the index that was given. An index with a problem describes another archive, or nothing.
  struct Index {
    std::uint64_t bytes = 0;
    std::array<std::byte, 32> sha256{};  // of the whole file
    std::string problem;
  };
  std::optional<Index> index;
};

// Called from the verifying thread with the number of compressed bytes read so far.
using VerifyProgress = std::function<void(std::uint64_t stored_bytes)>;

// Reads the whole archive once: SHA-256 of every byte, every member inflated and its checksum
// compared, every tar header walked to the end-of-archive mark, nothing behind it but zeros. Throws
// CorruptArchiveError with the offset, CancelledError, and what the source throws.
//
// `index` (archive/entry_index.hpp; nullptr: none) is read too, and compared with what was found:
// every header's place, every path, kind, size and link, every member. It is never a reason to
// throw: its trouble, failing reads included, is VerifySummary::Index::problem.
[[nodiscard]] VerifySummary verify(const ByteSource& source, async::WorkerPool& workers,
                                   std::stop_token stop, const VerifyProgress& progress = {},
                                   const ByteSource* index = nullptr);

// The same, and that it is exactly what `written` says: counts, lengths, the appended bytes'
// fingerprint and the rewritten ranges. Not one bit can differ unnoticed.
[[nodiscard]] VerifySummary verify_written(const ByteSource& source, const WriteSummary& written,
                                           async::WorkerPool& workers, std::stop_token stop,
                                           const VerifyProgress& progress = {},
                                           const ByteSource* index = nullptr);

}  // namespace snapshotter::archive
