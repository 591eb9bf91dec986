#include "archive/entry_index.hpp"
#include "archive_support.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <set>

namespace snapshotter::archive::test {
namespace {

namespace fs = std::filesystem;

// Counts what is read, and sees to it that nothing else is.
class CountingSource final : public ByteSource {
 public:
  explicit CountingSource(const std::string& bytes) : source_(bytes) {}
  [[nodiscard]] std::uint64_t size() const override { return source_.size(); }
  std::size_t read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    const auto count = source_.read_at(offset, into);
    read += count;
    return count;
  }
  mutable std::atomic<std::uint64_t> read = 0;

 private:
  MemorySource source_;
};

struct Outcome {
  ExtractSummary summary;
  std::string tree;   // everything of the restored files but the inodes' numbers
  std::string error;  // what was thrown
  std::uint64_t read = 0;
  int whole = 0;  // how often the archive was to be read as a whole
};

// Paths with all that a restore sets; hard links show by the first path of their inode.
std::string describe(const fs::path& root) {
  std::set<fs::path> paths;
  for (const auto& item : fs::recursive_directory_iterator(root)) paths.insert(item.path());
  std::map<ino_t, std::string> first;
  std::string text;
  for (const auto& path : paths) {
    struct stat status {};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    const auto name = path.lexically_relative(root).string();
    text += name + " " + std::to_string(status.st_mode);
    if (!S_ISDIR(status.st_mode)) text += " " + first.emplace(status.st_ino, name).first->second;
    if (S_ISLNK(status.st_mode)) text += " " + fs::read_symlink(path).string();
    if (S_ISREG(status.st_mode)) {
      text += " " + std::to_string(status.st_size) + " " + std::to_string(status.st_mtim.tv_sec) +
              "." + std::to_string(status.st_mtim.tv_nsec);
      if (status.st_size < 10'000'000) {
        text += " " + crypto::to_hex(crypto::sha256(as_bytes(read_file(path))));
      }
    }
    text += '\n';
  }
  return text;
}

// Restores into `into`, or a new folder. `index` nullptr: none.
Outcome restore(const std::string& archive, const std::string* index,
                std::vector<std::string> select, fs::path into = {}, bool overwrite = false) {
  const TempDir folder;
  if (into.empty()) into = folder.path() / "into";
  async::WorkerPool pool("test", 1);
  const CountingSource source(archive);
  std::optional<MemorySource> index_source;
  if (index != nullptr) index_source.emplace(*index);
  Outcome outcome;
  ExtractOptions options;
  options.into = into.string();
  options.select = std::move(select);
  options.overwrite = overwrite;
  options.index = index_source ? &*index_source : nullptr;
  options.before_reading_all = [&] { ++outcome.whole; };
  try {
    outcome.summary = extract(source, options, pool, {});
  } catch (const Error& error) {
    outcome.error = error.why();
  }
  outcome.tree = describe(into);
  outcome.read = source.read;
  return outcome;
}

void check_same_result(const Outcome& with, const Outcome& without) {
  CHECK(with.tree == without.tree);
  CHECK(with.error == without.error);
  CHECK(with.summary.entries == without.summary.entries);
  CHECK(with.summary.content_bytes == without.summary.content_bytes);
  CHECK(with.summary.not_found == without.summary.not_found);
  REQUIRE(with.summary.problems.size() == without.summary.problems.size());
  for (std::size_t i = 0; i < with.summary.problems.size(); ++i) {
    CHECK(with.summary.problems[i].path == without.summary.problems[i].path);
    CHECK(with.summary.problems[i].why == without.summary.problems[i].why);
  }
}

Member sparse_file(std::string path) {
  Member sparse = file(std::move(path), wordy(8192));
  sparse.entry.sparse = true;
  sparse.entry.size = 1'000'000'000;
  sparse.entry.extents = {{4096, 4096}, {900'001'792, 4096}};
  return sparse;
}

// A tree with all kinds of entries, and links within and across its folders.
std::vector<Member> random_tree(Random& random) {
  std::vector<Member> members;
  std::vector<std::string> folders{""};
  std::vector<std::string> files;
  const std::size_t count = 10 + random() % 30;
  for (std::size_t i = 0; i < count; ++i) {
    std::string path = folders[random() % folders.size()] + "n" + std::to_string(i);
    if (random() % 8 == 0) path += (random() % 2 == 0 ? "-\xff" : "-") + std::string(150, 'x');
    switch (random() % 8) {
      case 0:
        members.push_back(directory(path, random() % 4 == 0 ? 0555 : 0755));
        folders.push_back(path + "/");
        continue;
      case 1:
        members.push_back(symlink(path, "target " + std::to_string(i)));
        continue;
      case 2:
        if (!files.empty()) members.push_back(hardlink(path, files[random() % files.size()]));
        continue;
      case 3:
        members.push_back(stream(path, wordy(random() % 1'500'000, random())));
        break;
      case 4:
        members.push_back(file(path, noise(random() % 1'200'000, random())));
        break;
      case 5:
        members.push_back(sparse_file(path));
        break;
      default:
        members.push_back(file(path, wordy(random() % 3000, random()), 0600));
    }
    files.push_back(path);
  }
  members.push_back(hardlink("lost", "not in the archive"));
  members.push_back(file("../out", "of the folder"));
  return members;
}

std::vector<std::string> random_selection(Random& random, const std::vector<Member>& members) {
  std::vector<std::string> select;
  for (std::size_t i = 0; i <= random() % 4; ++i) {
    switch (random() % 6) {
      case 0:
        select.push_back("**/*" + std::to_string(random() % 10));
        break;
      case 1:
        select.push_back("nothing of this name");
        break;
      case 2:
        select.push_back("n?");
        break;
      case 3:
        select.push_back("../*");
        break;
      default:
        select.push_back("/" + members[random() % members.size()].entry.path);
    }
  }
  return select;
}

std::vector<Member> large_archive() {
  std::vector<Member> members;
  for (int i = 0; i < 30; ++i) {
    members.push_back(directory("d" + std::to_string(i)));
    members.push_back(file("d" + std::to_string(i) + "/f", noise(1'000'000, 1U + i)));
  }
  return members;
}

}  // namespace

TEST_CASE("with an index and without the same is restored") {
  Random random;
  INFO("seed " << random.seed());
  const auto format = GENERATE(Format::tar_gz, Format::tar_zst);
  for (int tree = 0; tree < 4; ++tree) {
    const auto members = random_tree(random);
    const auto archived = archive_of(members, {format, {Level::Name::fast}}, 1);
    for (int i = 0; i < 5; ++i) {
      const auto select = random_selection(random, members);
      INFO("tree " << tree << ", selection " << i << ", first " << select.front());
      const auto with = restore(archived.bytes, &archived.index, select);
      check_same_result(with, restore(archived.bytes, nullptr, select));
      CHECK(with.summary.indexed);
      CHECK(with.summary.index_problem.empty());
      CHECK(with.whole == 0);
    }
  }
}

TEST_CASE("with an index only the members of what is selected are read") {
  const auto format = GENERATE(Format::tar_gz, Format::tar_zst);
  const auto archived = archive_of(large_archive(), {format, {}});
  REQUIRE(archived.bytes.size() > 30'000'000);
  const auto one = restore(archived.bytes, &archived.index, {"d15/f"});
  CHECK(one.summary.entries == 1);
  CHECK(one.read < 5'000'000);
  const auto both_ends = restore(archived.bytes, &archived.index, {"d0", "d29"});
  CHECK(both_ends.summary.entries == 4);
  CHECK(both_ends.read < 11'000'000);
  const auto nothing = restore(archived.bytes, &archived.index, {"d30"});
  CHECK(nothing.summary.not_found == std::vector<std::string>{"d30"});
  CHECK(nothing.read < 100);
  const auto everything = restore(archived.bytes, &archived.index, {});
  CHECK_FALSE(everything.summary.indexed);
  CHECK(everything.whole == 1);
  CHECK(everything.read >= archived.bytes.size());
}

TEST_CASE("a file is saved from an archive that is damaged elsewhere") {
  auto archived = archive_of(large_archive());
  archived.bytes[archived.bytes.size() / 2] ^= 1;
  const auto with = restore(archived.bytes, &archived.index, {"d3", "d28"});
  CHECK(with.error.empty());
  CHECK(with.summary.entries == 4);
  CHECK_FALSE(restore(archived.bytes, nullptr, {"d3", "d28"}).error.empty());
  const auto hit = restore(archived.bytes, &archived.index, {"d14", "d15"});
  CHECK_FALSE(hit.error.empty());
  CHECK(hit.whole == 1);
}

TEST_CASE("a damaged index is not used and the same is restored") {
  const auto archived =
      archive_of({directory("d"), file("d/f", "1"), hardlink("h", "d/f"), file("g", "2")});
  const auto without = restore(archived.bytes, nullptr, {"h", "g"});
  for (std::size_t i = 0; i < archived.index.size(); ++i) {
    auto damaged = archived.index;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    INFO("byte " << i);
    const auto with = restore(archived.bytes, &damaged, {"h", "g"});
    check_same_result(with, without);
    CHECK_FALSE(with.summary.indexed);
    CHECK_FALSE(with.summary.index_problem.empty());
    CHECK(with.whole == 1);
  }
  const auto cut = archived.index.substr(0, archived.index.size() / 2);
  check_same_result(restore(archived.bytes, &cut, {"h", "g"}), without);
}

TEST_CASE("the index of another archive is not used") {
  const auto archived = archive_of({file("a", noise(2000, 1)), file("b", noise(2000, 2))});
  const auto without = restore(archived.bytes, nullptr, {"b"});
  SECTION("of another length") {
    const auto other = archive_of({file("a", noise(1999, 1)), file("b", noise(3000, 2))});
    const auto with = restore(archived.bytes, &other.index, {"b"});
    check_same_result(with, without);
    CHECK_THAT(with.summary.index_problem, ContainsText("another archive"));
  }
  SECTION("of the same length") {
    const auto other = archive_of({file("b", noise(2000, 1)), file("a", noise(2000, 2))});
    REQUIRE(other.bytes.size() == archived.bytes.size());
    const auto with = restore(archived.bytes, &other.index, {"b"});
    check_same_result(with, without);
    CHECK_THAT(with.summary.index_problem, ContainsText("another archive"));
  }
  SECTION("by the digest") {
    const MemorySource index(archived.index);
    const TempDir folder;
    async::WorkerPool pool("test", 1);
    ExtractOptions options{folder.string(), {"b"}};
    options.index = &index;
    options.index_digest = crypto::sha256(as_bytes(archived.index));
    CHECK(extract(MemorySource(archived.bytes), options, pool, {}).indexed);
    options.overwrite = true;
    options.index_digest = crypto::sha256({});
    const auto summary = extract(MemorySource(archived.bytes), options, pool, {});
    CHECK_FALSE(summary.indexed);
    CHECK(summary.entries == 1);
  }
}

namespace {

// An index that passes for that of `archived`, and lists `entries`.
std::string forged(const Archived& archived, const std::vector<IndexEntry>& entries) {
  const MemorySource source(archived.index);
  IndexReader reader(source);
  MemorySink sink;
  IndexWriter writer(sink);
  auto record = reader.next();
  for (; record != IndexReader::Record::end; record = reader.next()) {
    if (record == IndexReader::Record::member) writer.add(reader.member());
  }
  for (const auto& listed : entries) {
    Entry entry;
    entry.kind = listed.kind;
    entry.path = listed.path;
    entry.size = listed.size;
    writer.add(entry, listed.header);
  }
  auto end = reader.end();
  end.entries = entries.size();
  writer.finish(end);
  return sink.content;
}

}  // namespace

TEST_CASE("an index that says something else than the archive is not believed") {
  const auto archived = archive_of({file("a", "1"), file("b", "2"), file("c", "3")});
  const auto b = file("b", "2").entry;
  const auto at = [](const char* path, std::uint64_t header, Entry::Kind kind = Entry::Kind::file) {
    return IndexEntry{kind, path, header, 1, 0, 0, ""};
  };
  // Each has an extended header for its time: 4 blocks an entry.
  constexpr std::uint64_t kSize = 2048;
  const auto without = restore(archived.bytes, nullptr, {"b"});
  const auto good = forged(archived, {at("a", 0), at("b", kSize), at("c", 2 * kSize)});
  REQUIRE(restore(archived.bytes, &good, {"b"}).summary.indexed);

  std::string index;
  SECTION("another path") {
    index = forged(archived, {at("b", 0), at("a", kSize), at("c", 2 * kSize)});
  }
  SECTION("another kind") {
    const auto kind = Entry::Kind::directory;
    index = forged(archived, {at("a", 0), at("b", kSize, kind), at("c", 2 * kSize)});
  }
  SECTION("a place within the content") {
    index = forged(archived, {at("a", 0), at("b", kSize + 1536), at("c", 2 * kSize)});
  }
  SECTION("too long") { index = forged(archived, {at("a", 0), at("b", kSize)}); }
  SECTION("too short") {
    index = forged(archived, {at("a", 0), at("b", kSize), at("c", kSize + 512)});
  }
  const auto with = restore(archived.bytes, &index, {"b"});
  check_same_result(with, without);
  CHECK_FALSE(with.summary.indexed);
  CHECK_FALSE(with.summary.index_problem.empty());

  // In a folder with other things in it: either as without the index, or an error.
  const TempDir folder;
  write_file(folder.path() / "mine", "mine");
  const auto merged = restore(archived.bytes, &index, {"b"}, folder.path());
  CHECK(read_file(folder.path() / "mine") == "mine");
  if (merged.error.empty()) CHECK(read_file(folder.path() / "b") == "2");
  CHECK_FALSE(merged.summary.indexed);
}

TEST_CASE("an index does not get anything replaced") {
  const auto archived = archive_of({directory("d"), file("d/f", "archived"), file("g", "2")});
  const TempDir folder;
  fs::create_directory(folder.path() / "d");
  write_file(folder.path() / "d/f", "mine");
  const auto refused = restore(archived.bytes, &archived.index, {"d", "g"}, folder.path());
  CHECK_THAT(refused.error, ContainsText("it exists already"));
  CHECK(refused.whole == 0);
  CHECK(read_file(folder.path() / "d/f") == "mine");
  CHECK_FALSE(fs::exists(folder.path() / "g"));
  check_same_result(restore(archived.bytes, nullptr, {"d", "g"}, folder.path()), refused);
  CHECK(restore(archived.bytes, &archived.index, {"d", "g"}, folder.path(), true).summary.entries ==
        3);
  CHECK(read_file(folder.path() / "d/f") == "archived");
}

TEST_CASE("what before_reading_all throws comes out before anything is written") {
  const auto archived = archive_of({file("f", "1")});
  const auto broken = archived.index.substr(1);
  const MemorySource index(broken);
  const TempDir folder;
  async::WorkerPool pool("test", 1);
  ExtractOptions options{folder.string(), {"f"}};
  options.index = &index;
  options.before_reading_all = [] { throw CorruptArchiveError({"compare", "", "wrong checksum"}); };
  CHECK_THROWS_AS(extract(MemorySource(archived.bytes), options, pool, {}), CorruptArchiveError);
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("restoring by an index can be cancelled") {
  const auto archived = archive_of(large_archive());
  const MemorySource index(archived.index);
  const TempDir folder;
  async::WorkerPool pool("test", 1);
  std::stop_source stop;
  ExtractOptions options{folder.string(), {"**"}};
  options.index = &index;
  std::uint64_t seen = 0;
  CHECK_THROWS_AS(extract(MemorySource(archived.bytes), options, pool, stop.get_token(),
                          [&](const Entry&, const ExtractSummary&) {
                            if (++seen == 5) stop.request_stop();
                          }),
                  CancelledError);
  CHECK(seen < 20);
}

}  // namespace snapshotter::archive::test
