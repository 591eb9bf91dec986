// From entries to compressed tar, in one pass with bounded memory.
//
//   entries ─▶ pax tar ─▶ blocks of 1 or 2 MiB ─▶ N workers: one independent gzip member or zstd
//   frame per block ─▶ in order into a ByteSink
//
// gzip members carry their compressed and uncompressed size in an extra field (RFC 1952, 2.3.1.1),
// so a reader can find the members without inflating and work on them in parallel; zstd archives
// end with a seek table in a skippable frame (zstd's seekable format). Every gzip and zstd reads
// both. The same entries and options give the same bytes, whatever the number of workers.
#pragma once

#include "archive/entry.hpp"
#include "archive/fingerprint.hpp"
#include "archive/format.hpp"
#include "async/worker_pool.hpp"
#include "base/byte_stream.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace snapshotter::archive {

struct WriterOptions {
  Format format = Format::tar_gz;
  Level level;
  // Gets the archive's index (archive/entry_index.hpp); nullptr: nobody wants one. It is only
  // appended to. When it throws, the archive goes on without: WriteSummary::index_problem.
  ByteSink* index = nullptr;
  // Told of content as it passes, in the writing thread, a block (1 or 2 MiB) at a time and before
  // that goes on: all of it by the end of finish(). It may wait, and so hold up whoever writes; it
  // may throw, and the archive is given up.
  std::function<void(std::uint64_t bytes)> pace = {};
};

// What went into an archive: what verify() must find again.
struct WriteSummary {
  std::uint64_t entries = 0;
  std::uint64_t content_bytes = 0;  // of files, as written (holes not counted)
  std::uint64_t tar_bytes = 0;      // uncompressed
  std::uint64_t stored_bytes = 0;   // compressed: the length of the archive
  std::uint64_t members = 0;
  // Of the compressed bytes as they were appended, without the bytes of `rewritten`, which were
  // replaced later and are compared one by one.
  Fingerprint appended{};
  struct Rewritten {
    std::uint64_t offset = 0;
    std::vector<std::byte> bytes;
  };
  std::vector<Rewritten> rewritten;
  std::string index_problem;  // why the index that was wanted is of no use; empty: it is complete
};

// Used by one thread at a time, off the loop: it blocks on the sink and on the workers. That thread
// may belong to the same pool: a block that no worker has begun with is compressed by whoever waits
// for it. The sink and the pool must outlive the writer. Memory: workers + 2 blocks, twice (about 9
// MiB for tar.gz on two cores), plus a compressor for
// each: 1.3 MiB and less up to `balanced`, 13 MiB for tar.zst's `small`, more above.
//
// Throws CompressionError, what the sink throws, and CancelledError within a block's compression
// after `stop` is requested. After an exception the writer is dead and only its destructor may be
// called; the destructor waits for blocks that are being compressed. The one exception:
// CompressionError of begin() and begin_stream() about the entry itself (its attributes are too
// large, its extents wrong) comes before anything was written, and the writer goes on.
class ArchiveWriter {
 public:
  ArchiveWriter(ByteSink& sink, async::WorkerPool& workers, WriterOptions options,
                std::stop_token stop);
  ~ArchiveWriter();
  ArchiveWriter(const ArchiveWriter&) = delete;
  ArchiveWriter& operator=(const ArchiveWriter&) = delete;

  // An entry, of any kind; for a file follow exactly its size (or its extents' total) in write();
  // then end(). end() of a file that got fewer bytes fills up with zeros and returns how many were
  // missing: the caller warns (a file that shrank while being read). Bytes beyond the size are a
  // bug: CompressionError. Extended attributes of an entry: 1 MiB together at most.
  void begin(const Entry& entry);
  void write(std::span<const std::byte> bytes);
  std::uint64_t end();

  // A file whose size is not known beforehand (a dump). Its header goes into a block of its own
  // that is not compressed and is rewritten in the sink by end_stream(). entry.size and
  // entry.sparse are ignored; extended attributes: 60 KiB at most. write() between the two. Any
  // number of these may follow each other.
  void begin_stream(const Entry& entry);
  void end_stream();

  // Ends the archive: flushes every block and writes the index. Once.
  WriteSummary finish();

  // Progress; any thread. Content taken so far, and bytes in the sink.
  [[nodiscard]] std::uint64_t content_bytes() const noexcept;
  [[nodiscard]] std::uint64_t stored_bytes() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace snapshotter::archive
