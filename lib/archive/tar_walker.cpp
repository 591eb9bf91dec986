#include "archive/tar_walker.hpp"

#include "archive/stored_bytes.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string_view>
#include <utility>

namespace snapshotter::archive {
namespace {

constexpr std::uint64_t kMaxExtension = 8U << 20U;
constexpr std::uint64_t kMaxSize = std::uint64_t{1} << 62U;
constexpr std::byte kZeros[kTarBlock]{};
// Old GNU sparse headers: whether a block of further extents follows. In the header and in such
// blocks.
constexpr std::size_t kOldSparseContinues = 482;
constexpr std::size_t kOldSparseBlockContinues = 504;

bool is_zero(const std::byte* bytes) { return std::memcmp(bytes, kZeros, kTarBlock) == 0; }

// Some old tars summed signed characters.
bool checksum_matches(const TarBlock& block) {
  const auto stated = get_number(block.chksum);
  if (!stated) return false;
  const std::uint32_t sum = checksum(block);
  if (*stated == sum) return true;
  const auto* bytes = reinterpret_cast<const unsigned char*>(&block);
  const auto* sum_field = reinterpret_cast<const unsigned char*>(block.chksum);
  const auto negative = [](unsigned char byte) { return byte > 127; };
  const auto count = std::count_if(bytes, bytes + kTarBlock, negative) -
                     std::count_if(sum_field, sum_field + sizeof(block.chksum), negative);
  return *stated == sum - 256U * static_cast<std::uint32_t>(count);
}

std::string_view until_nul(std::string_view text) { return text.substr(0, text.find('\0')); }

template <std::size_t N>
std::string_view text_of(const char (&field)[N]) {
  return until_nul({field, N});
}

Entry::Kind kind_of(char typeflag) {
  switch (typeflag) {
    case '1':
      return Entry::Kind::hardlink;
    case '2':
      return Entry::Kind::symlink;
    case '3':
      return Entry::Kind::character_device;
    case '4':
      return Entry::Kind::block_device;
    case '5':
      return Entry::Kind::directory;
    case '6':
      return Entry::Kind::fifo;
    default:
      return Entry::Kind::file;
  }
}

bool has_content(char typeflag, bool pax) {
  switch (typeflag) {
    case '1':  // POSIX lets hard links have content in pax archives only
      return pax;
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
      return false;
    default:
      return true;
  }
}

}  // namespace

void TarWalker::feed(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    if (skip_ > 0) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
      skip_ -= count;
      position_ += count;
      bytes = bytes.subspan(count);
    } else if (partial_size_ == 0 && bytes.size() >= kTarBlock) {
      block(bytes.data());
      position_ += kTarBlock;
      bytes = bytes.subspan(kTarBlock);
    } else {
      const std::size_t count = std::min(bytes.size(), kTarBlock - partial_size_);
      std::memcpy(partial_ + partial_size_, bytes.data(), count);
      partial_size_ += count;
      bytes = bytes.subspan(count);
      if (partial_size_ < kTarBlock) return;
      block(partial_);
      position_ += kTarBlock;
      partial_size_ = 0;
    }
  }
}

void TarWalker::finish() const {
  if (expect_ != Expect::zeros || partial_size_ > 0 || skip_ > 0) {
    corrupt("the end of the data before the end-of-archive mark");
  }
}

void TarWalker::block(const std::byte* bytes) {
  switch (expect_) {
    case Expect::header: {
      if (is_zero(bytes)) {
        expect_ = Expect::second_zeros;
        return;
      }
      TarBlock copy;
      std::memcpy(&copy, bytes, kTarBlock);
      return header(copy);
    }
    case Expect::extension:
      return extension(bytes);
    case Expect::old_sparse_map:
      if (bytes[kOldSparseBlockContinues] == std::byte{0}) begin_content();
      return;
    case Expect::sparse_map:
      return sparse_map(bytes);
    case Expect::second_zeros:
      if (!is_zero(bytes)) corrupt("a single block of zeros");
      expect_ = Expect::zeros;
      return;
    case Expect::zeros:
      if (!is_zero(bytes)) corrupt("data behind the end-of-archive mark");
      return;
  }
}

void TarWalker::header(const TarBlock& block) {
  if (!checksum_matches(block)) corrupt("a tar header whose checksum does not match");
  const auto size = get_number(block.size);
  if (!size) corrupt("a tar header without a valid size");
  if (!std::exchange(begun_, true)) begin_ = position_;
  switch (block.typeflag) {
    case 'x':
    case 'X':  // Solaris
      pax_ = true;
      return begin_extension(block.typeflag, *size);
    case 'L':
    case 'K':
      if (listener_) return begin_extension(block.typeflag, *size);
      [[fallthrough]];
    case 'g':
    case 'V':  // GNU: a volume's label
      skip_ = round_up_to_block(*size);
      return;
    default:
      return begin_entry(block, has_pax_size_ ? pax_size_ : *size);
  }
}

void TarWalker::begin_extension(char typeflag, std::uint64_t size) {
  if (size > kMaxExtension) corrupt("an extended header of more than 8 MiB");
  extension_ = typeflag;
  records_.clear();
  records_left_ = size;
  if (size > 0) expect_ = Expect::extension;
}

void TarWalker::extension(const std::byte* bytes) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(records_left_, kTarBlock));
  records_.append(reinterpret_cast<const char*>(bytes), count);
  records_left_ -= count;
  if (records_left_ > 0) return;
  expect_ = Expect::header;
  switch (extension_) {
    case 'L':
      long_path_ = until_nul(records_);
      return;
    case 'K':
      long_link_ = until_nul(records_);
      return;
    default:
      return parse_records();
  }
}

void TarWalker::parse_records() {
  std::string_view rest = records_;
  while (!rest.empty() && rest.front() != '\0') {
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), length);
    const auto digits = static_cast<std::size_t>(end - rest.data());
    if (error != std::errc{} || length <= digits + 1 || length > rest.size() ||
        rest[digits] != ' ' || rest[length - 1] != '\n') {
      corrupt("an extended header that can't be parsed");
    }
    const std::string_view record = rest.substr(digits + 1, length - digits - 2);
    rest.remove_prefix(length);
    if (record == "GNU.sparse.major=1") pax_sparse_ = true;
    if (listener_) note_record(record);
    if (!record.starts_with("size=")) continue;
    const auto [stop, bad] =
        std::from_chars(record.data() + 5, record.data() + record.size(), pax_size_);
    if (bad != std::errc{} || stop != record.data() + record.size()) {
      corrupt("an extended header without a valid size");
    }
    has_pax_size_ = true;
  }
}

// What the listener is told of. A sparse file's "path" is there for readers that do not know such
// files; "GNU.sparse.name" counts, and stands behind it or before.
void TarWalker::note_record(std::string_view record) {
  const auto take = [&](std::string_view key, std::string& into) {
    if (record.starts_with(key)) into = record.substr(key.size());
  };
  take("path=", long_path_);
  take("GNU.sparse.name=", long_path_);
  take("linkpath=", long_link_);
  constexpr std::string_view kRealSize = "GNU.sparse.realsize=";
  if (record.starts_with(kRealSize)) {
    (void)std::from_chars(record.data() + kRealSize.size(), record.data() + record.size(),
                          real_size_);
  }
}

void TarWalker::tell(const TarBlock& block, std::uint64_t size) {
  told_.kind = kind_of(block.typeflag);
  told_.header = begin_;
  told_.size = told_.kind != Entry::Kind::file ? 0 : pax_sparse_ ? real_size_ : size;
  if (!long_path_.empty()) {
    std::swap(told_.path, long_path_);
  } else {
    told_.path = text_of(block.prefix);
    if (!told_.path.empty()) told_.path += '/';
    told_.path += text_of(block.name);
  }
  if (told_.path.ends_with('/')) told_.path.pop_back();
  if (!long_link_.empty()) {
    std::swap(told_.link_target, long_link_);
  } else {
    told_.link_target = text_of(block.linkname);
  }
  long_path_.clear();
  long_link_.clear();
  real_size_ = 0;
  listener_(told_);
}

void TarWalker::begin_entry(const TarBlock& block, std::uint64_t size) {
  if (size > kMaxSize) corrupt("a tar header with an impossible size");
  ++entries_;
  begun_ = false;
  if (listener_) tell(block, size);
  stored_ = has_content(block.typeflag, pax_) ? size : 0;
  const bool map_follows = std::exchange(pax_sparse_, false) && stored_ > 0;
  pax_ = false;
  has_pax_size_ = false;
  if (block.typeflag == 'S' && reinterpret_cast<const char*>(&block)[kOldSparseContinues] != '\0') {
    expect_ = Expect::old_sparse_map;
  } else if (map_follows) {
    map_number_ = map_numbers_seen_ = map_numbers_ = map_data_ = 0;
    expect_ = Expect::sparse_map;
  } else {
    begin_content();
  }
}

void TarWalker::begin_content() {
  expect_ = Expect::header;
  content_bytes_ += stored_;
  skip_ = round_up_to_block(stored_);
}

// Lines of decimal numbers: how many extents, then offset and length of each.
void TarWalker::sparse_map(const std::byte* bytes) {
  if (stored_ < kTarBlock) corrupt("a sparse file that is shorter than its map");
  stored_ -= kTarBlock;
  for (std::size_t i = 0; i < kTarBlock; ++i) {
    const char c = static_cast<char>(bytes[i]);
    if (c >= '0' && c <= '9' && map_number_ < UINT64_MAX / 100) {
      map_number_ = map_number_ * 10 + static_cast<std::uint64_t>(c - '0');
      continue;
    }
    if (c != '\n') corrupt("a sparse file's map that can't be parsed");
    if (map_numbers_seen_ == 0) map_numbers_ = 1 + 2 * map_number_;
    if (map_numbers_seen_ > 0 && map_numbers_seen_ % 2 == 0) map_data_ += map_number_;
    map_number_ = 0;
    if (++map_numbers_seen_ < map_numbers_) continue;
    if (map_data_ != stored_) corrupt("a sparse file of another length than its map says");
    return begin_content();
  }
}

void TarWalker::corrupt(const std::string& what) const {
  throw_corrupt(position_, "in the tar stream: " + what);
}

}  // namespace snapshotter::archive
