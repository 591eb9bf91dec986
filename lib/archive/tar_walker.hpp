// Walks over a tar stream that somebody else reads, and proves its shape: every header's checksum,
// every length, the end-of-archive mark, nothing behind it.
//
// libarchive, which turns the stream into entries, takes the end of the data for the end of the
// archive; a backup that lost its last part would restore without an error. So the walker sees
// every byte before libarchive does. It shares no code with the encoder but the layout of a block.
#pragma once

#include "archive/entry_index.hpp"
#include "archive/tar_block.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace snapshotter::archive {

class TarWalker {
 public:
  // Told of each entry behind its last header: all of it but mode and time, which are left alone.
  // Valid during the call. Without a listener names are not looked at.
  using Listener = std::function<void(const IndexEntry&)>;
  explicit TarWalker(Listener listener = {}) : listener_(std::move(listener)) {}

  // Any pieces of the stream, in order. Throws CorruptArchiveError with the offset in the stream.
  void feed(std::span<const std::byte> bytes);
  // The stream has ended. Throws CorruptArchiveError unless the archive had.
  void finish() const;

  [[nodiscard]] std::uint64_t entries() const noexcept { return entries_; }
  // Of files, holes not counted.
  [[nodiscard]] std::uint64_t content_bytes() const noexcept { return content_bytes_; }
  [[nodiscard]] std::uint64_t tar_bytes() const noexcept { return position_; }

 private:
  // What the next whole block is.
  enum class Expect { header, extension, old_sparse_map, sparse_map, second_zeros, zeros };

  void block(const std::byte* bytes);
  void header(const TarBlock& block);
  void begin_extension(char typeflag, std::uint64_t size);
  void extension(const std::byte* bytes);
  void parse_records();
  void note_record(std::string_view record);
  void tell(const TarBlock& block, std::uint64_t size);
  void begin_entry(const TarBlock& block, std::uint64_t size);
  void begin_content();
  void sparse_map(const std::byte* bytes);
  [[noreturn]] void corrupt(const std::string& what) const;

  Expect expect_ = Expect::header;
  std::uint64_t position_ = 0;    // of the next byte
  std::uint64_t skip_ = 0;        // content that is passed over
  std::byte partial_[kTarBlock];  // of a block that came in pieces
  std::size_t partial_size_ = 0;

  Listener listener_;
  IndexEntry told_;

  // Of the extended headers that precede the next entry.
  bool begun_ = false;  // the entry's first header has been seen, at:
  std::uint64_t begin_ = 0;
  char extension_ = 0;  // typeflag
  std::string long_path_, long_link_;
  std::uint64_t real_size_ = 0;  // of a sparse file
  std::string records_;
  std::uint64_t records_left_ = 0;
  bool pax_ = false;
  bool pax_sparse_ = false;  // GNU's sparse format 1.0: the content begins with a map
  bool has_pax_size_ = false;
  std::uint64_t pax_size_ = 0;

  // Of the entry: its content as stored, and of its map, the numbers as they come.
  std::uint64_t stored_ = 0;
  std::uint64_t map_number_ = 0;
  std::uint64_t map_numbers_seen_ = 0;
  std::uint64_t map_numbers_ = 0;
  std::uint64_t map_data_ = 0;

  std::uint64_t entries_ = 0;
  std::uint64_t content_bytes_ = 0;
};

}  // namespace snapshotter::archive
