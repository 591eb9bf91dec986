// What other programs wrote is read too.
#include "archive_support.hpp"

#include <cstring>

namespace snapshotter::archive::test {
namespace {

// A tree that tar programs archive, and what must come out.
class Tree {
 public:
  Tree() {
    namespace fs = std::filesystem;
    fs::create_directories(folder_.path() / "tree/sub");
    write("text", wordy(1'500'000));
    write("sub/noise", noise(700'000));
    write("empty", "");
    write("gr\xc3\xbc\xc3\x9f", "utf8");
    write("sub/" + std::string(180, 'n'), "long");
    write("sub/" + std::string(180, '\xfc'), "long and not UTF-8");
    fs::create_symlink("text", folder_.path() / "tree/link");
    fs::create_hard_link(folder_.path() / "tree/text", folder_.path() / "tree/zhard");
  }

  [[nodiscard]] std::string make(const std::string& command) const {
    run_well("cd " + folder_.string() + " && rm -f out && ( " + command + " )");
    return read_file(folder_.path() / "out");
  }

  void check(const std::string& archive, bool long_names) const {
    async::WorkerPool pool("test", 2);
    const auto members = read_all(archive, 2);
    std::size_t files = 0;
    for (const Member& member : members) {
      const auto found = contents_.find(member.entry.path);
      if (found == contents_.end() || member.entry.kind != Entry::Kind::file) continue;
      CHECK((member.content == found->second));
      ++files;
    }
    CHECK(files == contents_.size() - (long_names ? 0 : 2));
    const auto summary = verify(MemorySource(archive), pool, {});
    CHECK(summary.entries == members.size());
    CHECK(summary.stored_bytes == archive.size());
    std::uint64_t content_bytes = 0;
    for (const Member& member : members) content_bytes += member.content.size();
    CHECK(summary.content_bytes == content_bytes);
  }

 private:
  void write(const std::string& path, std::string content) {
    write_file(folder_.path() / "tree" / path, content);
    contents_.emplace("tree/" + path, std::move(content));
  }

  TempDir folder_;
  std::map<std::string, std::string> contents_;
};

}  // namespace

TEST_CASE("archives of other programs are read and verified") {
  const Tree tree;
  for (const char* const command : {
           "LC_ALL=C tar --format=gnu --sort=name -czf out tree",
           "LC_ALL=C tar --format=posix --sort=name -czf out tree",
           "LC_ALL=C tar --format=oldgnu --sort=name -czf out tree",
           "LC_ALL=C tar --format=ustar --sort=name -cf - tree 2> /dev/null | gzip -1 > out",
           "LC_ALL=C tar --sort=name -cf - tree | pigz > out",
           "LC_ALL=C tar --sort=name -cf - tree | zstd -q > out",
           "LC_ALL=C tar --sort=name -cf - tree | zstd -q --ultra -20 --long > out",
           "LC_ALL=C tar -b 1 --sort=name -cf - tree | zstd -q --no-check > out",
           "LC_ALL=C bsdtar --format=pax -czf out tree",
           "LC_ALL=C bsdtar --format=ustar -czf out tree 2> /dev/null || true",
           "LC_ALL=C bsdtar --format=gnutar --zstd -cf out tree",
           "python3 -c 'import tarfile; t = tarfile.open(\"out\", \"w:gz\"); t.add(\"tree\");"
           " t.close()'",
           // Members that were not made by us, and zeros behind them, as gzip(1) takes them.
           "LC_ALL=C tar --sort=name -cf tar tree && head -c 100000 tar | gzip > out &&"
           " tail -c +100001 tar | gzip >> out && head -c 1000 /dev/zero >> out",
           "LC_ALL=C tar --sort=name -cf tar tree && head -c 100000 tar | zstd -q > out &&"
           " tail -c +100001 tar | zstd -q >> out",
       }) {
    INFO(command);
    // What does not fit into this format is left out by those who write it.
    const bool long_names = std::string_view(command).find("ustar") == std::string_view::npos;
    tree.check(tree.make(command), long_names);
  }
}

TEST_CASE("damaged archives of other programs are refused") {
  const Tree tree;
  async::WorkerPool pool("test", 1);
  for (const char* const command :
       {"tar -czf out tree", "tar -cf - tree | zstd -q --check > out"}) {
#if !defined(__x86_64__) && !defined(__aarch64__)
    if (command[4] == '-') continue;  // without ISA-L, gzip's checksums are not compared
#endif
    const std::string good = tree.make(command);
    const auto refused = [&](const std::string& bytes) {
      CHECK_THROWS_AS(verify(MemorySource(bytes), pool, {}), CorruptArchiveError);
      CHECK_THROWS_AS(read_all(bytes), CorruptArchiveError);
    };
    std::string flipped = good;
    flipped[good.size() / 2] ^= 4;
    refused(flipped);
    refused(good.substr(0, good.size() / 2));
    refused(good.substr(0, good.size() - 2));
    refused(good + "garbage");
    // A checksum that does not match.
    std::string checksum = good;
    checksum[good.size() - (good[0] == '\x1f' ? 5 : 1)] ^= 1;
    refused(checksum);
  }
}

TEST_CASE("a tar that ends without the end-of-archive mark is refused") {
  const Tree tree;
  async::WorkerPool pool("test", 1);
  for (const char* const command :
       {"tar -b 1 -cf - tree | head -c -1024 | gzip > out",
        "tar -b 1 -cf - tree | head -c -512 | zstd -q > out",
        "( tar -b 1 -cf - tree; echo more ) | gzip > out",
        "( tar -b 1 -cf - tree; tar -b 1 -cf - tree ) | zstd -q > out"}) {
    INFO(command);
    const std::string archive = tree.make(command);
    CHECK_THROWS_AS(verify(MemorySource(archive), pool, {}), CorruptArchiveError);
    CHECK_THROWS_AS(read_all(archive), CorruptArchiveError);
  }
}

TEST_CASE("sparse files of GNU tar are read as extents") {
  const TempDir folder;
  run_well("cd " + folder.string() +
           " && truncate -s 10M s && printf data | dd of=s bs=1 seek=4194304 conv=notrunc"
           " status=none && printf end | dd of=s bs=1 seek=9000000 conv=notrunc status=none");
  for (const char* const version : {"0.0", "0.1", "1.0", "gnu"}) {
    INFO(version);
    const std::string format = version == std::string("gnu")
                                   ? " --format=gnu"
                                   : std::string(" --format=posix --sparse-version=") + version;
    run_well("cd " + folder.string() + " && tar" + format + " -S -czf out s");
    const std::string archive = read_file(folder.path() / "out");
    const auto members = read_all(archive);
    REQUIRE(members.size() == 1);
    const Entry& entry = members[0].entry;
    CHECK(entry.path == "s");
    CHECK(entry.size == 10'485'760);
    CHECK(entry.sparse);
    REQUIRE(entry.extents.size() == 2);
    CHECK(members[0].content.substr(4194304 - entry.extents[0].offset, 4) == "data");
    CHECK(members[0].content.size() == entry.extents[0].length + entry.extents[1].length);
    async::WorkerPool pool("test", 0);
    CHECK(verify(MemorySource(archive), pool, {}).content_bytes == members[0].content.size());
  }
}

TEST_CASE("old GNU sparse files with many extents are walked over") {
  const TempDir folder;
  run_well("cd " + folder.string() +
           " && truncate -s 10M s && for i in $(seq 0 60); do printf x | dd of=s bs=1"
           " seek=$((i * 131072)) conv=notrunc status=none; done"
           " && tar --format=gnu -S -czf out s && tar --format=posix -S -czf out2 s");
  async::WorkerPool pool("test", 0);
  for (const char* const path : {"out", "out2"}) {
    const std::string archive = read_file(folder.path() / path);
    const auto members = read_all(archive);
    REQUIRE(members.at(0).entry.extents.size() == 61);
    CHECK(verify(MemorySource(archive), pool, {}).content_bytes == members[0].content.size());
  }
}

TEST_CASE("entries come back as they were written") {
  Random random;
  INFO("seed " << random.seed());
  const auto text = [&](std::size_t most) {
    std::string bytes(random() % most + 1, '\0');
    for (char& byte : bytes) {
      do {
        byte = static_cast<char>(random());
      } while (byte == '\0' || byte == '/' || byte == '.');
    }
    return bytes;
  };
  std::vector<Member> members;
  for (int i = 0; i < 300; ++i) {
    const std::string path = text(random() % 2 == 0 ? 20 : 300) + "/" + text(250);
    Member member = file(path, wordy(random() % 5 == 0 ? random() % 300'000 : random() % 2000, i));
    switch (random() % 8) {
      case 0:
        member = directory(path);
        break;
      case 1:
        member = symlink(path, text(500));
        break;
      case 2:
        member = stream(path, member.content);
        break;
      case 3:
        member.entry.sparse = true;
        for (std::uint64_t done = 0; done < member.content.size(); done += 512) {
          member.entry.extents.push_back(
              {done * 3, std::min<std::uint64_t>(512, member.content.size() - done)});
        }
        member.entry.size = member.content.size() * 3 + random() % 3;
        if (!member.entry.extents.empty()) {
          member.entry.size = std::max(member.entry.size, member.entry.extents.back().offset +
                                                              member.entry.extents.back().length);
        }
        break;
      default:
        break;
    }
    member.entry.mode = random() & 07777U;
    member.entry.uid = random();
    member.entry.gid = random() % 70'000;
    member.entry.user = random() % 2 == 0 ? "user" : "";
    member.entry.group = random() % 2 == 0 ? std::string(40, 'g') : "";
    member.entry.modified = {static_cast<time_t>(random()) * 3 - 4'000'000'000,
                             static_cast<long>(random() % 3 == 0 ? 0 : random() % 1'000'000'000)};
    if (member.entry.modified.tv_sec < 0 && member.entry.modified.tv_sec > -2) {
      member.entry.modified.tv_nsec = 0;
    }
    for (unsigned n = random() % 4; n > 0; --n) {
      member.entry.xattrs.emplace_back("user." + std::to_string(n) + text(50), noise(n * 7 - 7, n));
    }
    members.push_back(std::move(member));
  }
  for (const Format format : {Format::tar_gz, Format::tar_zst}) {
    const auto archived = archive_of(members, {format, {Level::Name::fast}}, 2);
    const auto found = read_all(archived.bytes, 2);
    REQUIRE(found.size() == members.size());
    for (std::size_t i = 0; i < members.size(); ++i) {
      Entry expected = members[i].entry;
      if (members[i].stream) expected.size = members[i].content.size();
      check_same(found[i].entry, expected);
      CHECK((found[i].content == members[i].content));
    }
    async::WorkerPool pool("test", 2);
    const auto summary = verify_written(MemorySource(archived.bytes), archived.written, pool, {});
    CHECK(summary.entries == members.size());
  }
}

TEST_CASE("the largest extended attributes come back") {
  Member heavy = file("heavy", "x");
  for (int i = 0; i < 15; ++i) {
    heavy.entry.xattrs.emplace_back("user." + std::to_string(i), noise(65'536));
  }
  const auto found = read_all(archive_of({heavy, file("next", "y")}).bytes);
  REQUIRE(found.size() == 2);
  check_same(found[0].entry, heavy.entry);
  CHECK(found[1].content == "y");
}

TEST_CASE("content that is not read is skipped") {
  const auto archived =
      archive_of({file("a", wordy(3'000'000)), file("b", "b"), file("c", wordy(100))});
  async::WorkerPool pool("test", 1);
  const MemorySource source(archived.bytes);
  ArchiveReader reader(source, pool, {});
  std::byte some[10];
  CHECK(reader.next()->path == "a");
  CHECK(reader.read(some) == 10);
  CHECK(reader.next()->path == "b");
  CHECK(reader.next()->path == "c");
  CHECK(reader.read(some) == 10);
  CHECK_FALSE(reader.next());
  CHECK(reader.read(some) == 0);
}

}  // namespace snapshotter::archive::test
