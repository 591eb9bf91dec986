// What the two formats do with blocks: each block becomes one member, complete in itself, so that
// members can be made and read by several threads. All of a format is behind Codec: the pipeline,
// the writer and the reader do not know which one they run.
#pragma once

#include "archive/buffer.hpp"
#include "archive/format.hpp"
#include "archive/stored_bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace snapshotter::archive {

// A member's lengths. A gzip member holds at most 4 GiB; ours are a block each.
struct MemberSize {
  std::uint32_t stored = 0;  // compressed, with its header and checksum
  std::uint32_t inflated = 0;
};

// No member of ours inflates to more, whatever a damaged index says.
inline constexpr std::uint32_t kMaxInflatedMember = 16U << 20U;

// Used by one thread at a time; reused for many blocks.
class Compressor {
 public:
  virtual ~Compressor() = default;
  // Replaces `member`. Throws CompressionError.
  virtual void compress(std::span<const std::byte> block, Buffer& member) = 0;
};

class Inflater {
 public:
  virtual ~Inflater() = default;
  // Fills the whole of `block`. Returns what is wrong with the member; nothing when it is good.
  [[nodiscard]] virtual std::string_view inflate(std::span<const std::byte> member,
                                                 std::span<std::byte> block) = 0;
};

// Where the members of an archive of ours begin and end, in their order.
class MemberIndex {
 public:
  virtual ~MemberIndex() = default;
  // How many first bytes of a member next() has to see.
  [[nodiscard]] virtual std::size_t lookahead() const noexcept = 0;
  // The member at `offset`, which begins with `start` (lookahead() bytes, fewer at the end of the
  // archive); nullopt: behind the last member. Throws CorruptArchiveError.
  virtual std::optional<MemberSize> next(std::uint64_t offset,
                                         std::span<const std::byte> start) = 0;
};

class Codec {
 public:
  virtual ~Codec() = default;
  [[nodiscard]] virtual std::size_t block_size() const noexcept = 0;
  [[nodiscard]] virtual std::unique_ptr<Compressor> compressor(const Level& level) const = 0;
  [[nodiscard]] virtual std::unique_ptr<Inflater> inflater() const = 0;
  // A member that holds `block` (≤ 60 KiB) uncompressed: blocks of one length give members of one
  // length, so that one can replace the other in place.
  [[nodiscard]] virtual Buffer store(std::span<const std::byte> block) const = 0;
  // What comes behind the last member grows in `index`, member by member; it may stay empty.
  virtual void add_to_index(MemberSize member, Buffer& index) const = 0;
  virtual void finish_index(Buffer& index) const = 0;
  // nullptr: the archive was not written by us and can only be read from its beginning to its end.
  [[nodiscard]] virtual std::unique_ptr<MemberIndex> find_members(const StoredBytes& in) const = 0;
};

inline constexpr std::size_t kMaxStoredBlock = 60U << 10U;

[[nodiscard]] const Codec& gzip_codec();
[[nodiscard]] const Codec& zstd_codec();
[[nodiscard]] inline const Codec& codec_of(Format format) {
  return format == Format::tar_gz ? gzip_codec() : zstd_codec();
}

}  // namespace snapshotter::archive
