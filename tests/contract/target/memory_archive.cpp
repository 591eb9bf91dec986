#include "contract/target/memory_archive.hpp"

#include "archive/reader.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <utility>

namespace snapshotter::test {

void MemorySink::append(std::span<const std::byte> more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
  if (on_append) on_append();
}

void MemorySink::rewrite(std::uint64_t offset, std::span<const std::byte> replacement) {
  std::copy(replacement.begin(), replacement.end(),
            bytes.begin() + static_cast<std::ptrdiff_t>(offset));
}

std::size_t MemorySource::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  if (offset >= bytes_.size()) return 0;
  const std::size_t length = std::min<std::size_t>(into.size(), bytes_.size() - offset);
  std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), length, into.begin());
  return length;
}

std::vector<Member> read_members(const Bytes& archive) {
  const MemorySource source(archive);
  async::WorkerPool pool("test", 1);
  archive::ArchiveReader reader(source, pool, {});
  std::vector<Member> members;
  std::array<std::byte, 4096> buffer;
  while (auto entry = reader.next()) {
    Member member{*std::move(entry), {}};
    for (std::size_t got = 0; (got = reader.read(buffer)) > 0;) {
      member.content.append(reinterpret_cast<const char*>(buffer.data()), got);
    }
    members.push_back(std::move(member));
  }
  return members;
}

std::map<std::string, Member> members_by_path(const Bytes& archive) {
  std::map<std::string, Member> result;
  for (Member& member : read_members(archive)) {
    std::string path = member.entry.path;
    result.emplace(std::move(path), std::move(member));
  }
  return result;
}

std::string noise(std::size_t size, unsigned seed) {
  std::minstd_rand random(seed);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random() >> 8U);
  return bytes;
}

MemoryArchive::MemoryArchive(std::stop_token stop) : writer_(sink_, inline_, {}, std::move(stop)) {}

const Bytes& MemoryArchive::finish() {
  writer_.finish();
  return sink_.bytes;
}

}  // namespace snapshotter::test
