#include "target/prometheus/file_check.hpp"

#include "target/prometheus/crc32c.hpp"

#include <algorithm>
#include <utility>

namespace snapshotter::target::prometheus {
namespace {

constexpr std::uint64_t kChunksMagic = 0x85BD40DD;
constexpr std::uint64_t kIndexMagic = 0xBAAAD700;
constexpr std::uint64_t kTombstonesMagic = 0x0130BA30;

std::uint64_t big_endian(std::span<const std::byte> bytes) noexcept {
  std::uint64_t value = 0;
  for (const std::byte byte : bytes) value = value << 8U | std::to_integer<std::uint64_t>(byte);
  return value;
}

std::uint64_t align(std::uint64_t offset, std::uint64_t alignment) noexcept {
  return (offset + alignment - 1) / alignment * alignment;
}

bool is_magic(std::span<const std::byte> header, std::uint64_t magic) noexcept {
  return big_endian(header.first(4)) == magic;
}

}  // namespace

std::string to_string(const Damage& damage) {
  return "is damaged at byte " + std::to_string(damage.offset) + ": " + damage.what;
}

void FileCheck::feed(std::span<const std::byte> bytes) {
  while (!bytes.empty() && !damage_) {
    const std::size_t taken = take(bytes);
    offset_ += taken;
    bytes = bytes.subspan(taken);
  }
}

void FileCheck::finish() {
  if (offset_ < std::max(size_, least_)) damaged(offset_, "it ends before its time");
  if (!record_.ended()) damaged(record_at_, "it ends in the middle");
}

template <std::size_t Size>
std::size_t FileCheck::take_header(std::array<std::byte, Size>& header,
                                   std::span<const std::byte> bytes) {
  const auto seen = static_cast<std::size_t>(offset_);
  const std::size_t taken = std::min(bytes.size(), Size - seen);
  std::copy_n(bytes.begin(), taken, header.begin() + static_cast<std::ptrdiff_t>(seen));
  return taken;
}

void FileCheck::damaged(std::uint64_t offset, std::string what) {
  if (!damage_) damage_ = {offset, std::move(what)};
}

void FileCheck::begin_record(Record::Length length, std::uint64_t extra, std::uint64_t end) {
  record_at_ = offset_;
  record_.begin(length, extra, end - offset_);
}

bool FileCheck::take_record(std::span<const std::byte> bytes, std::string_view what,
                            std::size_t& taken) {
  taken = record_.take(bytes);
  if (!record_.ended()) return false;
  if (record_.state() == Record::State::bad_length) {
    damaged(record_at_, "the length of " + std::string(what) + " is wrong");
  } else if (record_.state() == Record::State::bad_checksum) {
    damaged(record_at_, "the checksum of " + std::string(what) + " is wrong");
  }
  return true;
}

std::size_t ChunksCheck::take(std::span<const std::byte> bytes) {
  if (offset() < header_.size()) {
    const std::size_t taken = take_header(header_, bytes);
    if (offset() + taken < header_.size()) return taken;
    if (!is_magic(header_, kChunksMagic)) damaged(0, "it does not begin as a file of chunks does");
    if (header_[4] != std::byte{1}) damaged(4, "it is not of version 1");
    if (big_endian(std::span(header_).subspan(5)) != 0) damaged(5, "its header is not empty");
    return taken;
  }
  if (!std::exchange(in_record_, true)) {
    begin_record(Record::Length::uvarint, 1, size());  // the length does not count the encoding
  }
  std::size_t taken = 0;
  if (take_record(bytes, "a chunk", taken)) {
    in_record_ = false;
    ++chunks_;
  }
  return taken;
}

IndexCheck::IndexCheck(std::uint64_t size, std::span<const std::byte> contents)
    : FileCheck(size, 5 + kContents) {
  if (size < header_.size() + kContents || contents.size() != kContents) {
    damaged(size, "it is too short for an index");
    return;
  }
  const auto table = contents.first(kContents - 4);
  if (crc32c(0, table) != big_endian(contents.last(4))) {
    damaged(size - kContents, "the checksum of its table of contents is wrong");
    return;
  }
  read_contents(table);
}

void IndexCheck::read_contents(std::span<const std::byte> table) {
  using Length = Record::Length;
  const std::uint64_t end = size() - kContents;
  sections_ = {{0, end, "the symbol table", 1, Length::four_bytes, true},
               {0, end, "a series", 16, Length::uvarint, false},
               {0, end, "a label index", 4, Length::four_bytes, false},
               {0, end, "the label offset table", 1, Length::four_bytes, true},
               {0, end, "a postings list", 4, Length::four_bytes, false},
               {0, end, "the postings offset table", 1, Length::four_bytes, true}};
  for (std::size_t i = 0; i < sections_.size(); ++i) {
    sections_[i].begin = big_endian(table.subspan(8 * i, 8));
    const bool inside = sections_[i].begin >= header_.size() && sections_[i].begin <= end;
    if (sections_[i].begin == 0 || inside) continue;
    damaged(end + 8 * i, "its table of contents points out of it");
    return;
  }
  std::erase_if(sections_, [](const Section& section) { return section.begin == 0; });
  std::ranges::stable_sort(sections_, {}, &Section::begin);
  for (std::size_t i = 1; i < sections_.size(); ++i) sections_[i - 1].end = sections_[i].begin;
}

std::size_t IndexCheck::take(std::span<const std::byte> bytes) {
  if (offset() < header_.size()) {
    const std::size_t taken = take_header(header_, bytes);
    if (offset() + taken < header_.size()) return taken;
    if (!is_magic(header_, kIndexMagic)) damaged(0, "it does not begin as an index does");
    if (header_[4] != std::byte{1} && header_[4] != std::byte{2}) {
      damaged(4, "it is of a version that is not known here");
    }
    return taken;
  }
  while (!in_record_ && section_ < sections_.size() && offset() == sections_[section_].end) {
    ++section_;
    in_section_ = 0;
  }
  if (section_ == sections_.size()) return bytes.size();  // the table of contents: it was checked
  const Section& section = sections_[section_];
  if (!in_record_) {
    if (const std::uint64_t next = next_record(section); offset() < next) {
      return take_padding(bytes, next);
    }
    begin_record(section.length, 0, section.end);
    in_record_ = true;
  }
  std::size_t taken = 0;
  if (take_record(bytes, section.what, taken)) {
    in_record_ = false;
    ++in_section_;
    if (section.length == Record::Length::uvarint) ++series_;
  }
  return taken;
}

// Where the next record begins, or the section ends.
std::uint64_t IndexCheck::next_record(const Section& section) const noexcept {
  if (section.is_one && in_section_ > 0) return section.end;
  return std::min(align(std::max(offset(), section.begin), section.alignment), section.end);
}

std::size_t IndexCheck::take_padding(std::span<const std::byte> bytes, std::uint64_t until) {
  const auto taken =
      static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), until - offset()));
  const auto padding = bytes.first(taken);
  const auto wrong = std::ranges::find_if(padding, [](std::byte b) { return b != std::byte{0}; });
  if (wrong != padding.end()) {
    damaged(offset() + static_cast<std::uint64_t>(wrong - padding.begin()),
            "there is something between its sections");
  }
  return taken;
}

std::size_t TombstonesCheck::take(std::span<const std::byte> bytes) {
  if (offset() < header_.size()) {
    const std::size_t taken = take_header(header_, bytes);
    if (offset() + taken < header_.size()) return taken;
    if (!is_magic(header_, kTombstonesMagic)) damaged(0, "it does not begin as tombstones do");
    if (header_[4] != std::byte{1}) damaged(4, "it is not of version 1");
    return taken;
  }
  if (!std::exchange(in_record_, true)) {
    constexpr std::uint64_t kChecksum = 4;
    const std::uint64_t left = size() - offset();
    begin_record(Record::Length::known, left < kChecksum ? 0 : left - kChecksum, size());
  }
  std::size_t taken = 0;
  take_record(bytes, "the deletions", taken);
  // Behind a record that has ended before the file does (it grew), nothing is known.
  return taken > 0 ? taken : bytes.size();
}

}  // namespace snapshotter::target::prometheus
