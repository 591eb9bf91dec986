// What the tests of lib/archive share: archives in memory, sample entries, other people's tools.
#pragma once

#include "archive/extract.hpp"
#include "archive/reader.hpp"
#include "archive/writer.hpp"
#include "async/worker_pool.hpp"
#include "base/error.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::archive::test {

using snapshotter::test::ContainsText;
using snapshotter::test::read_file;
using snapshotter::test::TempDir;
using snapshotter::test::write_file;

[[nodiscard]] std::span<const std::byte> as_bytes(std::string_view text);

// Holds what was appended, and holds callers to ByteSink's rules.
class MemorySink final : public ByteSink {
 public:
  void append(std::span<const std::byte> bytes) override;
  void hold(std::size_t length) override;
  void rewrite(std::uint64_t offset, std::span<const std::byte> bytes) override;

  std::string content;
  int fail_at_append = 0;                  // counted from 1; throws a StoreError
  std::function<void(int)> before_append;  // called with the number of the append

 private:
  int appends_ = 0;
  std::size_t announced_ = 0;
  std::optional<std::pair<std::uint64_t, std::size_t>> held_;
};

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::string bytes) : content(std::move(bytes)) {}
  [[nodiscard]] std::uint64_t size() const override { return content.size(); }
  std::size_t read_at(std::uint64_t offset, std::span<std::byte> into) const override;

  std::string content;
};

// An entry and its content; of a stream, size is not known beforehand.
struct Member {
  Entry entry;
  std::string content;
  bool stream = false;
};

[[nodiscard]] Member file(std::string path, std::string content, mode_t mode = 0644);
[[nodiscard]] Member directory(std::string path, mode_t mode = 0755);
[[nodiscard]] Member symlink(std::string path, std::string target);
[[nodiscard]] Member hardlink(std::string path, std::string target);
[[nodiscard]] Member stream(std::string path, std::string content);

struct Archived {
  std::string bytes;
  WriteSummary written;
  std::string index = {};
};
[[nodiscard]] Archived archive_of(const std::vector<Member>& members, WriterOptions options = {},
                                  std::size_t workers = 0);

// 32 random bits a call. Tests print the seed.
class Random {
 public:
  explicit Random(std::uint32_t seed = std::random_device()()) : seed_(seed), engine_(seed) {}
  [[nodiscard]] std::uint32_t seed() const { return seed_; }
  std::uint32_t operator()() { return static_cast<std::uint32_t>(engine_()); }

 private:
  std::uint32_t seed_;
  std::mt19937 engine_;
};

// Content of any length that compresses like text, or not at all.
[[nodiscard]] std::string wordy(std::size_t length, std::uint32_t seed = 1);
[[nodiscard]] std::string noise(std::size_t length, std::uint32_t seed = 1);

[[nodiscard]] std::vector<Member> read_all(const std::string& archive, std::size_t workers = 0);
void check_same(const Entry& got, const Entry& expected);

// `sh -c command` with its working directory; both outputs together.
struct CommandResult {
  int status = -1;
  std::string output;
};
[[nodiscard]] CommandResult run(const std::string& command);
// The same, and a test that fails unless the command succeeded.
std::string run_well(const std::string& command);

// Turns the whole of a gzip or zstd archive into tar with the other people's programs.
[[nodiscard]] std::string inflated(const std::string& archive, Format format);

}  // namespace snapshotter::archive::test
