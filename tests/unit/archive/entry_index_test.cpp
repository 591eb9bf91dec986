#include "archive/entry_index.hpp"

#include "archive/little_endian.hpp"
#include "archive/tar_walker.hpp"
#include "archive_support.hpp"

#include <cstring>

namespace snapshotter::archive::test {
namespace {

using Record = IndexReader::Record;

struct Read {
  std::vector<IndexEntry> entries;
  std::vector<MemberSize> members;
  IndexEnd end;
  crypto::Digest digest;
};

Read read_index(const std::string& index) {
  const MemorySource source(index);
  IndexReader reader(source);
  Read read;
  for (auto record = reader.next(); record != Record::end; record = reader.next()) {
    if (record == Record::entry) {
      read.entries.push_back(reader.entry());
    } else {
      read.members.push_back(reader.member());
    }
  }
  read.end = reader.end();
  read.digest = reader.digest();
  return read;
}

// What the walker finds in the archive itself.
std::vector<IndexEntry> walk(const Archived& archived, Format format) {
  std::vector<IndexEntry> found;
  TarWalker walker([&](const IndexEntry& entry) { found.push_back(entry); });
  walker.feed(as_bytes(inflated(archived.bytes, format)));
  walker.finish();
  return found;
}

std::vector<Member> all_sorts() {
  Member sparse = file("sparse", wordy(8192));
  sparse.entry.sparse = true;
  sparse.entry.size = 10'000'000'000;
  sparse.entry.extents = {{4096, 4096}, {9'000'001'536, 4096}};
  Member odd_sparse = sparse;
  odd_sparse.entry.path = "odd \xff sparse/" + wordy(200);
  Member old = file("a folder/old", "x", 04755);
  old.entry.modified = {-100'000'000'000, 5};
  Member fifo = file("a folder/fifo", "");
  fifo.entry.kind = Entry::Kind::fifo;
  Member device = fifo;
  device.entry.path = "a folder/device";
  device.entry.kind = Entry::Kind::block_device;
  Member attributes = file("attributes", "x");
  attributes.entry.xattrs = {{"user.path=", "path=no\n11 path=no\n"}, {"user.big", noise(5000)}};
  const std::string split = std::string(90, 'd') + "/" + std::string(90, 'e');
  return {directory("a folder"),
          file("a folder/one", "1"),
          old,
          fifo,
          device,
          file(std::string(100, 'n'), "exactly"),
          directory(std::string(99, 'm')),
          file(split, "split"),
          file(split + "/" + std::string(300, 'f'), "pax"),
          file("odd \xff name/" + noise(0) + wordy(300), "gnu"),
          attributes,
          sparse,
          odd_sparse,
          hardlink("hard", "a folder/one"),
          hardlink("long hard", std::string(200, 'l')),
          hardlink("odd hard", std::string(200, '\xfe')),
          symlink("soft", "no/where/\n\xff"),
          stream("dump", wordy(3'000'000)),
          stream("empty dump", ""),
          file("large", noise(2'500'000)),
          file("last", "")};
}

}  // namespace

TEST_CASE("an index says where every entry and member is") {
  const auto format = GENERATE(Format::tar_gz, Format::tar_zst);
  const auto members = all_sorts();
  const auto archived = archive_of(members, {format, {}}, 2);
  CHECK(archived.written.index_problem.empty());
  const auto read = read_index(archived.index);
  const auto walked = walk(archived, format);
  REQUIRE(read.entries.size() == members.size());
  REQUIRE(walked.size() == members.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Entry& entry = members[i].entry;
    INFO(i << " " << entry.path);
    const IndexEntry& listed = read.entries[i];
    CHECK(listed.kind == entry.kind);
    CHECK(listed.path == entry.path);
    CHECK(listed.mode == entry.mode);
    CHECK(listed.modified == entry.modified.tv_sec);
    CHECK(listed.link_target == entry.link_target);
    CHECK(listed.size == entry.size);
    CHECK(walked[i].kind == listed.kind);
    CHECK(walked[i].path == listed.path);
    CHECK(walked[i].header == listed.header);
    CHECK(walked[i].size == listed.size);
    CHECK(walked[i].link_target == listed.link_target);
  }
  CHECK(read.end.entries == members.size());
  CHECK(read.end.members == archived.written.members);
  CHECK(read.end.tar_bytes == archived.written.tar_bytes);
  CHECK(read.end.archive_bytes == archived.bytes.size());
  CHECK(std::memcmp(read.end.tail.data(), archived.bytes.data() + archived.bytes.size() - 16, 16) ==
        0);
  CHECK(read.digest == crypto::sha256(as_bytes(archived.index)));
  std::uint64_t offset = 0;
  const std::string magic = archived.bytes.substr(0, 4);
  for (const MemberSize member : read.members) {
    CHECK(archived.bytes.substr(offset, 4) == magic);
    offset += member.stored;
  }
}

TEST_CASE("an index of many entries is small and comes in blocks") {
  std::vector<Member> members;
  for (int i = 0; i < 20'000; ++i) {
    const auto number = std::to_string(i);
    members.push_back(file("srv/data/" + std::to_string(i / 100) + "/file-" + number, ""));
    members.back().entry.modified.tv_sec += i * 1000;
  }
  const auto archived = archive_of(members);
  CHECK(archived.index.size() < members.size() * 15);
  const auto read = read_index(archived.index);
  REQUIRE(read.entries.size() == members.size());
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (read.entries[i].path == members[i].entry.path &&
        read.entries[i].modified == members[i].entry.modified.tv_sec) {
      continue;
    }
    FAIL("entry " << i << " is " << read.entries[i].path);
  }
}

TEST_CASE("an index of an empty archive is an index") {
  const auto archived = archive_of({});
  const auto read = read_index(archived.index);
  CHECK(read.entries.empty());
  CHECK(read.members.size() == 1);
  CHECK(read.end.tar_bytes == 1024);
}

TEST_CASE("no bit of an index can flip unnoticed") {
  const auto index = archive_of({file("a", "1"), directory("b"), symlink("c", "d")}).index;
  for (std::size_t i = 0; i < index.size() * 8; ++i) {
    auto damaged = index;
    damaged[i / 8] = static_cast<char>(damaged[i / 8] ^ (1 << (i % 8)));
    INFO("bit " << i);
    CHECK_THROWS_AS(read_index(damaged), CorruptArchiveError);
  }
}

TEST_CASE("an index of any other length is noticed") {
  std::vector<Member> members;
  for (int i = 0; i < 5000; ++i) members.push_back(file(wordy(40, 7 + i), ""));
  const auto index = archive_of(members).index;
  REQUIRE(index.size() > 20'000);
  for (std::size_t length = 0; length < index.size(); length += length < 30 ? 1 : 1009) {
    INFO("length " << length);
    CHECK_THROWS_AS(read_index(index.substr(0, length)), CorruptArchiveError);
  }
  CHECK_THROWS_AS(read_index(index + '\0'), CorruptArchiveError);
  CHECK_THROWS_AS(read_index(index + index), CorruptArchiveError);
}

TEST_CASE("blocks that are whole but do not belong together are noticed") {
  std::vector<Member> members;
  for (int i = 0; i < 9000; ++i) members.push_back(file(wordy(40, 7 + i), ""));
  const auto index = archive_of(members).index;
  std::vector<std::string> blocks;
  for (std::size_t at = 8; at < index.size();) {
    const auto stored = get_le32(as_bytes(index).data() + at);
    blocks.push_back(index.substr(at, 12 + stored));
    at += 12 + stored;
  }
  REQUIRE(blocks.size() > 3);
  const auto magic = index.substr(0, 8);
  std::string without_second = magic + blocks[0];
  std::string twice = magic + blocks[0] + blocks[1];
  for (std::size_t i = 2; i < blocks.size(); ++i) without_second += blocks[i];
  for (std::size_t i = 1; i < blocks.size(); ++i) twice += blocks[i];
  CHECK_THROWS_AS(read_index(without_second), CorruptArchiveError);
  CHECK_THROWS_AS(read_index(twice), CorruptArchiveError);
}

TEST_CASE("noise in the place of blocks is refused") {
  Random random;
  INFO("seed " << random.seed());
  const auto index = archive_of({file("a", "1")}).index;
  for (int i = 0; i < 200; ++i) {
    CHECK_THROWS_AS(read_index(index.substr(0, 8) + noise(random() % 2000, random())),
                    CorruptArchiveError);
  }
  try {
    (void)read_index("SNAPIDX2" + index.substr(8));
    FAIL("read an index of another version");
  } catch (const CorruptArchiveError& error) {
    CHECK_THAT(error.what(), ContainsText("version"));
  }
}

TEST_CASE("an index that can not be written costs no archive") {
  std::vector<Member> members;
  for (int i = 0; i < 6000; ++i) members.push_back(file(wordy(50, 7 + i), "x"));
  members.push_back(stream("dump", wordy(100'000)));
  const auto whole = archive_of(members);
  const int failing = GENERATE(1, 2, 3);
  MemorySink broken;
  broken.fail_at_append = failing;
  WriterOptions options;
  options.index = &broken;
  const auto archived = archive_of(members, options);
  CHECK_THAT(archived.written.index_problem, ContainsText("it is full"));
  CHECK((archived.bytes == whole.bytes));
  async::WorkerPool pool("test", 0);
  const MemorySource index(broken.content);
  const auto verified =
      verify_written(MemorySource(archived.bytes), archived.written, pool, {}, {}, &index);
  REQUIRE(verified.index);
  CHECK_FALSE(verified.index->problem.empty());
}

TEST_CASE("verifying proves that an index is of the archive") {
  const auto format = GENERATE(Format::tar_gz, Format::tar_zst);
  async::WorkerPool pool("test", 1);
  const auto members = all_sorts();
  const auto archived = archive_of(members, {format, {}});
  const auto problem_of = [&](const std::string& index) {
    const MemorySource source(index);
    const auto verified =
        verify_written(MemorySource(archived.bytes), archived.written, pool, {}, {}, &source);
    REQUIRE(verified.index);
    if (verified.index->problem.empty()) {
      CHECK(verified.index->bytes == index.size());
      CHECK(verified.index->sha256 == crypto::sha256(as_bytes(index)));
    }
    return verified.index->problem;
  };
  CHECK(problem_of(archived.index) == "");
  CHECK_FALSE(verify(MemorySource(archived.bytes), pool, {}).index);
  CHECK_THAT(problem_of(archived.index.substr(1)), ContainsText("not an index"));
  CHECK_THAT(problem_of(archived.index.substr(0, 100)), ContainsText("cut off"));

  // The same archive but for one thing.
  auto other = members;
  SECTION("another name") { other[1].entry.path = "a folder/two"; }
  SECTION("another link") { other[13].entry.link_target = "a folder/old"; }
  SECTION("another kind") { other[0].entry.kind = Entry::Kind::fifo; }
  SECTION("another size") { other[1].content = "12", other[1].entry.size = 2; }
  SECTION("one entry less") { other.pop_back(); }
  SECTION("another order") { std::swap(other[1], other[2]); }
  SECTION("other members") { other[19].content = wordy(2'500'000); }
  CHECK_THAT(problem_of(archive_of(other, {format, {}}).index), ContainsText("another archive"));
}

TEST_CASE("an index beside an archive of another program is not its index") {
  const TempDir folder;
  run_well("cd " + folder.string() + " && echo 1 > f && tar -czf a.tar.gz f");
  async::WorkerPool pool("test", 1);
  const MemorySource index(archive_of({file("f", "1\n")}).index);
  const auto verified =
      verify(MemorySource(read_file(folder.path() / "a.tar.gz")), pool, {}, {}, &index);
  REQUIRE(verified.index);
  CHECK_FALSE(verified.index->problem.empty());
}

}  // namespace snapshotter::archive::test
