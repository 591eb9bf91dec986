// Looking at a block's files as their bytes pass on the way into the archive: the whole structure
// and every checksum, in one pass, with a few hundred bytes of memory.
//
// The formats are those of github.com/prometheus/prometheus, tsdb/docs/format (chunks.md, index.md,
// tombstones.md). All numbers are big endian, all checksums CRC-32C.
#pragma once

#include "target/prometheus/record.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::target::prometheus {

struct Damage {
  std::uint64_t offset = 0;
  std::string what;  // "the checksum of a chunk is wrong"
};
// "is damaged at byte 17: the checksum of a chunk is wrong".
[[nodiscard]] std::string to_string(const Damage& damage);

// One thread, one file. The first damage ends the looking, not the feeding.
class FileCheck {
 public:
  // A file of `size` bytes, which would be whole with no fewer than `least`.
  FileCheck(std::uint64_t size, std::uint64_t least) : size_(size), least_(least) {}
  virtual ~FileCheck() = default;
  FileCheck(const FileCheck&) = delete;
  FileCheck& operator=(const FileCheck&) = delete;

  // The next bytes of the file, in pieces of any size.
  void feed(std::span<const std::byte> bytes);
  // Once, after the last.
  void finish();
  [[nodiscard]] const std::optional<Damage>& damage() const noexcept { return damage_; }

 protected:
  // Takes at least one byte of these.
  virtual std::size_t take(std::span<const std::byte> bytes) = 0;
  // Takes of a header of `Size` bytes what is still missing.
  template <std::size_t Size>
  std::size_t take_header(std::array<std::byte, Size>& header, std::span<const std::byte> bytes);
  void damaged(std::uint64_t offset, std::string what);
  // Starts a record here, which must end at `end`.
  void begin_record(Record::Length length, std::uint64_t extra, std::uint64_t end);
  // Takes bytes of the record; true once it has ended. `what` names it: "a chunk".
  bool take_record(std::span<const std::byte> bytes, std::string_view what, std::size_t& taken);

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }

 private:
  const std::uint64_t size_;
  const std::uint64_t least_;
  std::uint64_t offset_ = 0;
  std::uint64_t record_at_ = 0;
  Record record_;
  std::optional<Damage> damage_;
};

// chunks/000001: 8 bytes of header, then chunks.
class ChunksCheck : public FileCheck {
 public:
  explicit ChunksCheck(std::uint64_t size) : FileCheck(size, 8) {}
  [[nodiscard]] std::uint64_t chunks() const noexcept { return chunks_; }

 private:
  std::size_t take(std::span<const std::byte> bytes) override;

  std::array<std::byte, 8> header_{};
  bool in_record_ = false;
  std::uint64_t chunks_ = 0;
};

// index: where its sections are stands at its end, so that is given beforehand.
class IndexCheck : public FileCheck {
 public:
  static constexpr std::size_t kContents = 52;
  // `contents`: the last kContents bytes of the file, or what there is of them.
  IndexCheck(std::uint64_t size, std::span<const std::byte> contents);
  [[nodiscard]] std::uint64_t series() const noexcept { return series_; }

 private:
  struct Section {
    std::uint64_t begin = 0, end = 0;
    std::string_view what;        // "a series"
    std::uint64_t alignment = 1;  // of its records
    Record::Length length = Record::Length::four_bytes;
    bool is_one = false;  // one record, not a sequence
  };

  std::size_t take(std::span<const std::byte> bytes) override;
  std::size_t take_padding(std::span<const std::byte> bytes, std::uint64_t until);
  void read_contents(std::span<const std::byte> contents);
  [[nodiscard]] std::uint64_t next_record(const Section& section) const noexcept;

  std::array<std::byte, 5> header_{};
  std::vector<Section> sections_;  // in the order of the file
  std::size_t section_ = 0;
  std::uint64_t in_section_ = 0;  // records seen in it
  bool in_record_ = false;
  std::uint64_t series_ = 0;
};

// tombstones: what has been deleted of the block and is still in it.
class TombstonesCheck : public FileCheck {
 public:
  explicit TombstonesCheck(std::uint64_t size) : FileCheck(size, 9) {}

 private:
  std::size_t take(std::span<const std::byte> bytes) override;

  std::array<std::byte, 5> header_{};
  bool in_record_ = false;
};

}  // namespace snapshotter::target::prometheus
