// tar.gz: gzip members (RFC 1952) of one block each. Every member's header carries an extra field
// "SN" with both lengths of the member, which is the index: a reader that knows it jumps from
// member to member; any other skips it, as the RFC demands.
//
//   0  1f 8b 08 04 00000000 00 03   magic, deflate, FEXTRA, no time, OS = Unix
//  10  0c 00                        length of the extra fields
//  12  'S' 'N' 08 00                our subfield, 8 bytes:
//  16  u32 stored, u32 inflated     both little-endian
//  24  deflate data
//  -8  u32 CRC-32, u32 inflated
//
// Compressors: libdeflate, and ISA-L for level `fast`. Measured on one core, 350 MB of documents,
// libraries, headers and programs (zlib's level 6 gives 3.08 at 40 MB/s):
//
//   ISA-L 2                        675 MB/s, ratio 2.791
//   ISA-L 3, work space "large"    454 MB/s, ratio 2.843
//   ISA-L 3, "small"               428 MB/s, ratio 2.860   fast: at most a tenth larger than gzip's
//   libdeflate 1                   256 MB/s, ratio 2.895
//   libdeflate 5                   131 MB/s, ratio 3.089   balanced: no larger than gzip's; blocks
//                                                          that hardly shrink are left to `fast`
//   libdeflate 6                   108 MB/s, ratio 3.111
//   libdeflate 9                    34 MB/s, ratio 3.12    small
//
// A smaller work space makes ISA-L begin new Huffman tables more often. Blocks that would not
// shrink are stored. Blocks of 2 MiB would save 0.1 %.
#include <libdeflate.h>
#ifdef SNAPSHOTTER_HAVE_ISAL
#include <isa-l/igzip_lib.h>
#endif

#include "archive/codec.hpp"
#include "archive/little_endian.hpp"
#include "base/error.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace snapshotter::archive {
namespace {

constexpr std::size_t kBlockSize = 1U << 20U;
constexpr std::size_t kHeaderSize = 24;
constexpr std::size_t kTrailerSize = 8;
constexpr std::array<std::uint8_t, 16> kHeaderStart{0x1f, 0x8b, 8,  4, 0,   0,   0, 0,
                                                    0,    3,    12, 0, 'S', 'N', 8, 0};

// Deflate can store bytes as they are, 65,535 at a time, at five bytes each (RFC 1951, 3.2.4).
constexpr std::size_t kStoredChunk = 65535;
constexpr std::size_t stored_length(std::size_t block) {
  return block + 5 * std::max<std::size_t>(1, (block + kStoredChunk - 1) / kStoredChunk);
}

std::size_t deflate_stored(std::span<const std::byte> block, std::byte* to) {
  const std::byte* const begin = to;
  std::size_t left = block.size();
  do {
    const std::size_t chunk = std::min(left, kStoredChunk);
    const auto length = static_cast<std::uint32_t>(chunk);
    *to = static_cast<std::byte>(chunk == left ? 1 : 0);  // BFINAL; BTYPE 00
    put_le32(to + 1, length | ((length ^ 0xffffU) << 16U));
    std::memcpy(to + 5, block.data() + (block.size() - left), chunk);
    to += 5 + chunk;
    left -= chunk;
  } while (left > 0);
  return static_cast<std::size_t>(to - begin);
}

// Wraps the `deflated` bytes that stand at kHeaderSize.
void finish_member(std::span<const std::byte> block, std::size_t deflated, Buffer& member) {
  const std::size_t total = kHeaderSize + deflated + kTrailerSize;
  member.resize(total);
  std::memcpy(member.data(), kHeaderStart.data(), kHeaderStart.size());
  put_le32(member.data() + 16, static_cast<std::uint32_t>(total));
  put_le32(member.data() + 20, static_cast<std::uint32_t>(block.size()));
  std::byte* const trailer = member.data() + total - kTrailerSize;
  put_le32(trailer, libdeflate_crc32(0, block.data(), block.size()));
  put_le32(trailer + 4, static_cast<std::uint32_t>(block.size()));
}

// By the spread of byte values in samples of a block, which takes 20 µs, where libdeflate takes 10
// ms to find out that there is little to gain.
constexpr std::size_t kSamples = 64;
constexpr std::size_t kSampleSize = 256;
// Compressed or encrypted data: 16 KiB of perfect noise give 7.99.
constexpr double kNoise = 7.95;
// Mostly such data, with something else in between (a folder of small compressed files, PDFs).
// Programs have 6 to 6.5, text 4.5 to 5.5, base64 6.
constexpr double kDense = 7.5;

// Shannon's entropy.
double bits_per_byte(std::span<const std::byte> block) {
  if (block.size() < 4 * kSamples * kSampleSize) return 0;
  std::array<std::uint32_t, 256> count{};
  for (std::size_t i = 0; i < kSamples; ++i) {
    const auto sample = block.subspan(i * (block.size() / kSamples), kSampleSize);
    for (const std::byte byte : sample) ++count[std::to_integer<std::size_t>(byte)];
  }
  const double total = kSamples * kSampleSize;
  double bits = 0;
  for (const std::uint32_t n : count) {
    if (n > 0) bits -= n / total * std::log2(n / total);
  }
  return bits;
}

class GzipCompressor : public Compressor {
 public:
  void compress(std::span<const std::byte> block, Buffer& member) final {
    // Room for a stored block is the most that is ever needed: what does not fit is stored.
    const std::size_t room = stored_length(block.size());
    member.resize(kHeaderSize + room + kTrailerSize);
    const std::span<std::byte> to(member.data() + kHeaderSize, room);
    const double bits = bits_per_byte(block);
    std::size_t length = 0;
    if (bits < kNoise || shrinks(block.first(block.size() / 16), to)) {
      length = bits < kDense ? deflate(block, to) : deflate_dense(block, to);
    }
    if (length == 0) length = deflate_stored(block, to.data());
    finish_member(block, length, member);
  }

 private:
  // Return 0 when the result does not fit.
  virtual std::size_t deflate(std::span<const std::byte> block, std::span<std::byte> to) = 0;
  virtual std::size_t deflate_dense(std::span<const std::byte> block, std::span<std::byte> to) {
    return deflate(block, to);
  }

  // Noise may still repeat itself; a part of the block shows that.
  bool shrinks(std::span<const std::byte> part, std::span<std::byte> to) {
    return deflate(part, to.first(part.size() - part.size() / 32)) > 0;
  }
};

struct FreeLibdeflate {
  void operator()(libdeflate_compressor* it) const { libdeflate_free_compressor(it); }
  void operator()(libdeflate_decompressor* it) const { libdeflate_free_decompressor(it); }
};

class LibdeflateCompressor : public GzipCompressor {
 public:
  explicit LibdeflateCompressor(int level) : compressor_(libdeflate_alloc_compressor(level)) {
    if (!compressor_) throw std::bad_alloc();
  }

  std::size_t deflate(std::span<const std::byte> block, std::span<std::byte> to) final {
    return libdeflate_deflate_compress(compressor_.get(), block.data(), block.size(), to.data(),
                                       to.size());
  }

 private:
  std::unique_ptr<libdeflate_compressor, FreeLibdeflate> compressor_;
};

#ifdef SNAPSHOTTER_HAVE_ISAL
class IsalCompressor final : public GzipCompressor {
 public:
  std::size_t deflate(std::span<const std::byte> block, std::span<std::byte> to) override {
    isal_deflate_stateless_init(&stream_);
    stream_.level = 3;
    stream_.level_buf = work_space_.data();
    stream_.level_buf_size = static_cast<std::uint32_t>(work_space_.size());
    stream_.end_of_stream = 1;
    stream_.flush = NO_FLUSH;
    // ISA-L takes its input without const but does not write to it.
    stream_.next_in =
        const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(block.data()));
    stream_.avail_in = static_cast<std::uint32_t>(block.size());
    stream_.next_out = reinterpret_cast<std::uint8_t*>(to.data());
    stream_.avail_out = static_cast<std::uint32_t>(to.size());
    return isal_deflate_stateless(&stream_) == COMP_OK ? stream_.total_out : 0;
  }

 private:
  isal_zstream stream_{};
  std::array<std::uint8_t, ISAL_DEF_LVL3_SMALL> work_space_{};
};

using FastCompressor = IsalCompressor;
#else
class FastCompressor final : public LibdeflateCompressor {
 public:
  FastCompressor() : LibdeflateCompressor(1) {}
};
#endif

// Dense blocks take libdeflate the longest time for the least gain: 4 times that of FastCompressor
// for half a percent. On a tree of 1.5 GB (documents, libraries, headers) this saves 4 % of the
// time and costs 0.06 %.
class BalancedCompressor final : public LibdeflateCompressor {
 public:
  BalancedCompressor() : LibdeflateCompressor(5) {}

 private:
  std::size_t deflate_dense(std::span<const std::byte> block, std::span<std::byte> to) override {
    return fast_.deflate(block, to);
  }

  FastCompressor fast_;
};

class GzipInflater final : public Inflater {
 public:
  GzipInflater() : decompressor_(libdeflate_alloc_decompressor()) {
    if (!decompressor_) throw std::bad_alloc();
  }

  std::string_view inflate(std::span<const std::byte> member, std::span<std::byte> block) override {
    // Whoever found the member by an index has not looked at it yet.
    if (member.size() < kHeaderSize + kTrailerSize ||
        std::memcmp(member.data(), kHeaderStart.data(), kHeaderStart.size()) != 0 ||
        get_le32(member.data() + 16) != member.size() ||
        get_le32(member.data() + 20) != block.size()) {
      return "no valid header of a gzip member";
    }
    const auto deflated = member.subspan(kHeaderSize, member.size() - kHeaderSize - kTrailerSize);
    std::size_t consumed = 0;
    if (libdeflate_deflate_decompress_ex(decompressor_.get(), deflated.data(), deflated.size(),
                                         block.data(), block.size(), &consumed,
                                         nullptr) != LIBDEFLATE_SUCCESS ||
        consumed != deflated.size()) {
      return "a damaged gzip member that can't be inflated";
    }
    const std::byte* const trailer = member.data() + member.size() - kTrailerSize;
    if (get_le32(trailer) != libdeflate_crc32(0, block.data(), block.size()) ||
        get_le32(trailer + 4) != block.size()) {
      return "a gzip member whose checksum does not match";
    }
    return {};
  }

 private:
  std::unique_ptr<libdeflate_decompressor, FreeLibdeflate> decompressor_;
};

class GzipIndex final : public MemberIndex {
 public:
  [[nodiscard]] std::size_t lookahead() const noexcept override { return kHeaderSize; }

  std::optional<MemberSize> next(std::uint64_t offset, std::span<const std::byte> start) override {
    if (start.empty()) return std::nullopt;
    const auto size = parse(start);
    if (!size) throw_corrupt(offset, "no valid header of a gzip member");
    return size;
  }

  static std::optional<MemberSize> parse(std::span<const std::byte> start) {
    if (start.size() < kHeaderSize ||
        std::memcmp(start.data(), kHeaderStart.data(), kHeaderStart.size()) != 0) {
      return std::nullopt;
    }
    const MemberSize size{get_le32(start.data() + 16), get_le32(start.data() + 20)};
    if (size.inflated > kMaxInflatedMember || size.stored <= kHeaderSize + kTrailerSize ||
        size.stored > kHeaderSize + stored_length(size.inflated) + kTrailerSize) {
      return std::nullopt;
    }
    return size;
  }
};

class GzipCodec final : public Codec {
 public:
  [[nodiscard]] std::size_t block_size() const noexcept override { return kBlockSize; }

  [[nodiscard]] std::unique_ptr<Compressor> compressor(const Level& level) const override {
    switch (level.name) {
      case Level::Name::fast:
        return std::make_unique<FastCompressor>();
      case Level::Name::balanced:
        return std::make_unique<BalancedCompressor>();
      case Level::Name::small:
        return std::make_unique<LibdeflateCompressor>(9);
      case Level::Name::number:
        break;
    }
    return std::make_unique<LibdeflateCompressor>(std::clamp(level.number, 1, 12));
  }

  [[nodiscard]] std::unique_ptr<Inflater> inflater() const override {
    return std::make_unique<GzipInflater>();
  }

  [[nodiscard]] Buffer store(std::span<const std::byte> block) const override {
    Buffer member(kHeaderSize + stored_length(block.size()) + kTrailerSize);
    finish_member(block, deflate_stored(block, member.data() + kHeaderSize), member);
    return member;
  }

  void add_to_index(MemberSize /*member*/, Buffer& /*index*/) const override {}
  void finish_index(Buffer& /*index*/) const override {}

  [[nodiscard]] std::unique_ptr<MemberIndex> find_members(const StoredBytes& in) const override {
    std::array<std::byte, kHeaderSize> start;
    const std::size_t count = in.peek(0, start);
    if (!GzipIndex::parse(std::span(start).first(count))) return nullptr;
    return std::make_unique<GzipIndex>();
  }
};

}  // namespace

const Codec& gzip_codec() {
  static const GzipCodec codec;
  return codec;
}

}  // namespace snapshotter::archive
