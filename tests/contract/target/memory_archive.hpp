// Archives in memory, for tests of what targets write into them.
#pragma once

#include "archive/entry.hpp"
#include "archive/writer.hpp"
#include "async/worker_pool.hpp"
#include "base/byte_stream.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace snapshotter::test {

using Bytes = std::vector<std::byte>;

class MemorySink : public ByteSink {
 public:
  void append(std::span<const std::byte> bytes) override;
  void hold(std::size_t) override {}
  void rewrite(std::uint64_t offset, std::span<const std::byte> bytes) override;

  Bytes bytes;
  std::function<void()> on_append;  // after each
};

class MemorySource : public ByteSource {
 public:
  explicit MemorySource(const Bytes& bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  std::size_t read_at(std::uint64_t offset, std::span<std::byte> into) const override;

 private:
  const Bytes& bytes_;
};

struct Member {
  archive::Entry entry;
  std::string content;  // of a sparse file that of its extents
};
// In the order of the archive.
[[nodiscard]] std::vector<Member> read_members(const Bytes& archive);
[[nodiscard]] std::map<std::string, Member> members_by_path(const Bytes& archive);

// Incompressible, the same for the same seed.
[[nodiscard]] std::string noise(std::size_t size, unsigned seed = 1);

// A writer into memory that compresses in the calling thread.
class MemoryArchive {
 public:
  explicit MemoryArchive(std::stop_token stop = {});

  [[nodiscard]] archive::ArchiveWriter& writer() noexcept { return writer_; }
  [[nodiscard]] MemorySink& sink() noexcept { return sink_; }
  // Once, at the end; what read_members() takes.
  const Bytes& finish();

 private:
  MemorySink sink_;
  async::WorkerPool inline_{"inline", 0};
  archive::ArchiveWriter writer_;
};

}  // namespace snapshotter::test
