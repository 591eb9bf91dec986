// The index of an archive: where in its tar stream each entry begins, and which compressed member
// holds which part of that stream. With it a single file of a large archive is read without the
// rest. The archive does not need it and does not know it: it is a file of its own, kept beside.
//
//   8  "SNAPIDX1"                  the last character is the format's version
//   blocks of records, each:
//      u32 stored, u32 inflated    lengths; little-endian, as all numbers here
//      u32 CRC-32                  of these 8 bytes and of what follows
//      `stored` bytes              zstd: records of about 64 KiB
//
// A record is a byte and varints (7 bits a byte, the lowest first; 'z': signed, zigzag):
//
//   0…6  an entry, by its kind:    (header − the last entry's header) / 512, how many bytes of the
//                                  last entry's path it begins with, the rest's length, the rest;
//                                  size, mode, z mtime in seconds − the last entry's;
//                                  of a symlink or hard link its target's length, and the target
//   16   a member                  stored, inflated
//   17   the end                   entries, members, length of the tar stream, of the archive;
//                                  the archive's last 16 bytes. Nothing follows.
//
// Entries come in their order, and so do members; how both mix means nothing. Every bit is under a
// checksum, and what is cut off lacks its end; whether an index is that of the archive beside it is
// told by the end, by the manifest's digest, and by what verify() compares.
#pragma once

#include "archive/buffer.hpp"
#include "archive/codec.hpp"
#include "archive/entry.hpp"
#include "archive/fingerprint.hpp"
#include "base/byte_stream.hpp"
#include "crypto/sha256.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace snapshotter::archive {

struct IndexEntry {
  Entry::Kind kind = Entry::Kind::file;
  std::string path;          // as Entry::path
  std::uint64_t header = 0;  // where it begins in the tar stream: its first header, extended or not
  std::uint64_t size = 0;    // of a file, holes included
  mode_t mode = 0;
  std::int64_t modified = 0;  // seconds since 1970
  std::string link_target;    // of symlinks and hard links
};

struct IndexEnd {
  static constexpr std::size_t kTail = 16;
  std::uint64_t entries = 0;
  std::uint64_t members = 0;
  std::uint64_t tar_bytes = 0;
  std::uint64_t archive_bytes = 0;
  std::array<std::byte, kTail> tail{};  // the archive's last bytes; a checksum is among them
};

// Writes an index while the archive is written. One thread; memory: about 400 KiB.
//
// An archive is worth more than its index: what goes wrong with the sink (or with zstd) is kept for
// problem(), and all further calls do nothing. No call throws an Error.
class IndexWriter {
 public:
  // Only append() of the sink is called. It must outlive the writer.
  explicit IndexWriter(ByteSink& sink);
  ~IndexWriter();

  // Entries in the order of their headers.
  void add(const Entry& entry, std::uint64_t header);
  void add(MemberSize member);
  void finish(const IndexEnd& end);
  // Why there is no index; empty: all went well so far.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  struct Impl;
  template <class Work>
  void attempt(Work work);

  std::unique_ptr<Impl> impl_;
  std::string problem_;
};

// Reads an index from its beginning to its end. One thread; memory: what two blocks take, of a
// damaged index 8 MiB at most.
//
// Throws CorruptArchiveError where anything is not as described above, and what the source throws.
// Nothing of what came before the end is to be trusted until the end has come.
class IndexReader {
 public:
  enum class Record { entry, member, end };

  // The source must outlive the reader.
  explicit IndexReader(const ByteSource& source);
  ~IndexReader();

  // Reads the next record; not after `end`.
  Record next();
  // Of the last such record; valid until the next call.
  [[nodiscard]] const IndexEntry& entry() const noexcept { return entry_; }
  [[nodiscard]] MemberSize member() const noexcept { return member_; }
  [[nodiscard]] const IndexEnd& end() const noexcept { return end_; }
  // Of the whole index file; after `end`, once.
  [[nodiscard]] crypto::Digest digest();

 private:
  struct Impl;
  void read_entry(Entry::Kind kind);
  void read_member();
  void read_end();

  std::unique_ptr<Impl> impl_;
  IndexEntry entry_;
  MemberSize member_;
  IndexEnd end_;
};

// The part of an index that an archive says of itself when it is read: two indexes that are alike
// in it lead to the same bytes. Entries and members may be added in any mixture.
class IndexDigest {
 public:
  void add(const IndexEntry& entry);
  void add(MemberSize member);
  struct Value {
    Fingerprint entries, members;
    bool operator==(const Value&) const = default;
  };
  [[nodiscard]] Value finish() const { return {entries_.finish(), members_.finish()}; }

 private:
  Fingerprinter entries_, members_;
};

}  // namespace snapshotter::archive
