#include "archive/acl.hpp"
#include "archive_support.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <set>

namespace snapshotter::archive::test {
namespace {

namespace fs = std::filesystem;

struct stat status_of(const fs::path& path) {
  struct stat status {};
  INFO(path.string().substr(0, 200));
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status;
}

struct Restored {
  TempDir folder;
  fs::path root = folder.path() / "into";
  ExtractSummary summary;
};

ExtractSummary restore(const std::string& archive, const ExtractOptions& options,
                       std::size_t workers = 1, const ExtractProgress& progress = {}) {
  async::WorkerPool pool("test", workers);
  return extract(MemorySource(archive), options, pool, {}, progress);
}

std::unique_ptr<Restored> restored(const std::vector<Member>& members,
                                   std::vector<std::string> select = {}, bool owners = true) {
  auto result = std::make_unique<Restored>();
  result->summary =
      restore(archive_of(members).bytes, {result->root.string(), std::move(select), false, owners});
  return result;
}

std::set<std::string> paths_below(const fs::path& root) {
  std::set<std::string> paths;
  for (const auto& item : fs::recursive_directory_iterator(root)) {
    paths.insert(fs::relative(item.path(), root).string());
  }
  return paths;
}

}  // namespace

TEST_CASE("everything of an entry is restored") {
  using Tag = AclEntry::Tag;
  const std::string acl = to_xattr({{Tag::owner, 6, 0},
                                    {Tag::user, 5, 4711},
                                    {Tag::owning_group, 4, 0},
                                    {Tag::mask, 5, 0},
                                    {Tag::other, 0, 0}});
  std::vector<Member> members{directory("read only", 0555), file("read only/f", wordy(2'000'000))};
  members.push_back(file("setuid", "s", 06711));
  members.back().entry.uid = 1234;
  members.back().entry.gid = 5678;
  members.push_back(symlink("link", "no\nwhere/\xff"));
  members.push_back(hardlink("hard", "setuid"));
  members.push_back(file("old", ""));
  members.back().entry.modified = {-5, 300'000'000};
  members.push_back(file("xattrs", ""));
  members.back().entry.xattrs = {{"user.a=b%3D", std::string("\0\xff", 2)}, {"user.empty", ""}};
  members.push_back(file("acl", "", 0650));
  members.back().entry.xattrs = {{"system.posix_acl_access", acl}};
  members.push_back(directory("default acl"));
  members.back().entry.xattrs = {{"system.posix_acl_default", acl}};
  Member device = file("device", "");
  device.entry.kind = Entry::Kind::character_device;
  device.entry.device_major = 1;
  device.entry.device_minor = 3;
  members.push_back(device);
  device.entry.path = "fifo";
  device.entry.kind = Entry::Kind::fifo;
  members.push_back(device);
  members.push_back(file("odd \x01\xff\n name", "odd"));
  members.push_back(file("no folder/of/its own", "x"));
  members.push_back(stream("stream", wordy(1'100'000)));

  const auto result = restored(members);
  const fs::path& root = result->root;
  for (const auto& problem : result->summary.problems) {
    CHECK((problem.path + ": " + problem.why).empty());
  }
  CHECK(result->summary.entries == members.size());
  CHECK(result->summary.content_bytes == 2'000'000 + 1 + 3 + 1 + 1'100'000);
  CHECK((status_of(root).st_mode & 0777U) == 0700);
  for (const Member& member : members) {
    if (member.entry.kind == Entry::Kind::symlink || member.entry.kind == Entry::Kind::hardlink) {
      continue;
    }
    INFO(member.entry.path);
    const auto status = status_of(root / member.entry.path);
    CHECK((status.st_mode & 07777U) == member.entry.mode);
    CHECK(status.st_uid == member.entry.uid);
    CHECK(status.st_gid == member.entry.gid);
    CHECK(status.st_mtim.tv_sec == member.entry.modified.tv_sec);
    CHECK(status.st_mtim.tv_nsec == member.entry.modified.tv_nsec);
    for (const auto& [name, value] : member.entry.xattrs) {
      char got[200];
      const auto size = ::lgetxattr((root / member.entry.path).c_str(), name.c_str(), got, 200);
      INFO(name);
      REQUIRE(size >= 0);
      CHECK(std::string(got, static_cast<std::size_t>(size)) == value);
    }
    if (S_ISREG(status.st_mode)) CHECK((read_file(root / member.entry.path) == member.content));
  }
  CHECK(fs::read_symlink(root / "link") == "no\nwhere/\xff");
  CHECK(status_of(root / "hard").st_ino == status_of(root / "setuid").st_ino);
  CHECK(status_of(root / "device").st_rdev == makedev(1, 3));
}

TEST_CASE("holes stay holes") {
  Member sparse = file("sparse", wordy(8192));
  sparse.entry.sparse = true;
  sparse.entry.size = 10'000'000'000;
  sparse.entry.extents = {{4096, 4096}, {9'000'001'536, 4096}};
  Member hole = file("hole", "");
  hole.entry.sparse = true;
  hole.entry.size = 5'000'000;
  const auto result = restored({sparse, hole});
  CHECK(result->summary.problems.empty());
  CHECK(result->summary.content_bytes == 8192);
  const auto status = status_of(result->root / "sparse");
  CHECK(status.st_size == 10'000'000'000);
  CHECK(status.st_blocks < 64);
  std::ifstream in(result->root / "sparse", std::ios::binary);
  std::string piece(4096, '\0');
  in.seekg(9'000'001'536).read(piece.data(), 4096);
  CHECK((piece == sparse.content.substr(4096)));
  in.seekg(0).read(piece.data(), 4096);
  CHECK((piece == std::string(4096, '\0')));
  CHECK(status_of(result->root / "hole").st_size == 5'000'000);
  CHECK(status_of(result->root / "hole").st_blocks == 0);
}

TEST_CASE("owners are left alone unless asked for") {
  Member member = file("f", "x", 04755);
  member.entry.uid = 1234;
  member.entry.gid = 1234;
  const auto result = restored({member}, {}, false);
  const auto status = status_of(result->root / "f");
  CHECK(status.st_uid == ::geteuid());
  // A setuid bit of somebody else's file would be a gift to whoever is restoring.
  CHECK((status.st_mode & 07777U) == 0755);
}

TEST_CASE("only what is selected is restored") {
  const std::vector<Member> members{directory("a"),         file("a/one", "1"), directory("a/sub"),
                                    file("a/sub/two", "2"), file("b.txt", "3"), file("c.log", "4")};
  CHECK(paths_below(restored(members, {"a/sub"})->root) ==
        std::set<std::string>{"a", "a/sub", "a/sub/two"});
  CHECK(paths_below(restored(members, {"/a/one", "*.log"})->root) ==
        std::set<std::string>{"a", "a/one", "c.log"});
  const auto result = restored(members, {"**/two", "nothing", "*.jpg"});
  CHECK(paths_below(result->root) == std::set<std::string>{"a", "a/sub", "a/sub/two"});
  CHECK(result->summary.not_found == std::vector<std::string>{"nothing", "*.jpg"});
  CHECK(result->summary.entries == 1);
}

TEST_CASE("a hard link whose first name was not selected becomes a copy") {
  const std::string content = wordy(1'500'000);
  std::vector<Member> members{file("first", content, 0640), hardlink("second", "first"),
                              hardlink("third", "first"), hardlink("lost", "not there")};
  members[0].entry.xattrs = {{"user.x", "y"}};
  const auto result = restored(members, {"second", "third", "lost"});
  CHECK(paths_below(result->root) == std::set<std::string>{"second", "third"});
  CHECK((read_file(result->root / "second") == content));
  CHECK(status_of(result->root / "second").st_ino == status_of(result->root / "third").st_ino);
  CHECK((status_of(result->root / "third").st_mode & 07777U) == 0640);
  char value[8];
  CHECK(::getxattr((result->root / "third").c_str(), "user.x", value, 8) == 1);
  REQUIRE(result->summary.problems.size() == 1);
  CHECK(result->summary.problems[0].path == "lost");
  CHECK(result->summary.entries == 2);
}

TEST_CASE("without overwrite nothing is written when something exists") {
  const std::string archive =
      archive_of({directory("d"), file("d/new", "n"), file("d/old", "archived"),
                  symlink("link", "x"), directory("was a file")})
          .bytes;
  const TempDir folder;
  const auto write = [&](const char* path) { write_file(folder.path() / path, "mine"); };
  fs::create_directory(folder.path() / "d");
  write("d/old");
  write("link");
  write("was a file");
  try {
    (void)restore(archive, {folder.string(), {}});
    FAIL("overwrote");
  } catch (const SystemError& error) {
    CHECK_THAT(error.what(), ContainsText((folder.path() / "d/old").string()));
    CHECK_THAT(error.what(), ContainsText("2 others"));
  }
  CHECK_FALSE(fs::exists(folder.path() / "d/new"));
  CHECK(read_file(folder.path() / "d/old") == "mine");
  // What is not selected does not matter.
  CHECK(restore(archive, {folder.string(), {"d/new"}}).entries == 1);
  CHECK(restore(archive, {folder.string(), {}, true}).entries == 5);
  CHECK(read_file(folder.path() / "d/old") == "archived");
  CHECK(fs::is_symlink(folder.path() / "link"));
  CHECK(fs::is_directory(folder.path() / "was a file"));
}

TEST_CASE("overwriting does not write through hard links") {
  const TempDir folder;
  write_file(folder.path() / "f", "mine");
  fs::create_hard_link(folder.path() / "f", folder.path() / "other name");
  (void)restore(archive_of({file("f", "archived")}).bytes, {folder.string(), {}, true});
  CHECK(read_file(folder.path() / "f") == "archived");
  CHECK(read_file(folder.path() / "other name") == "mine");
}

TEST_CASE("a folder that can not be replaced is a problem and the rest is restored") {
  const TempDir folder;
  fs::create_directories(folder.path() / "f/full");
  const auto summary =
      restore(archive_of({file("f", "x"), file("g", "y")}).bytes, {folder.string(), {}, true});
  REQUIRE(summary.problems.size() == 1);
  CHECK(summary.problems[0].path == "f");
  CHECK(read_file(folder.path() / "g") == "y");
}

TEST_CASE("a long path is restored or is a problem") {
  std::string path = "d";
  while (path.size() < 3900) path += "/" + std::string(100, 'd');
  std::string longer = path;
  while (longer.size() < 4090) longer += "/d";
  const std::string cwd = fs::current_path();
  const auto result = restored({file(path + "/f", "deep"), file(longer, "too deep")});
  CHECK(read_file(result->root / path / "f") == "deep");
  REQUIRE(result->summary.problems.size() == 1);
  CHECK(result->summary.problems[0].path == longer);
  CHECK(fs::current_path() == cwd);
}

TEST_CASE("folders that the target needs are made") {
  const TempDir folder;
  const std::string into = folder.string() + "/new/newer//newest/";
  CHECK(restore(archive_of({file("f", "x")}).bytes, {into, {}}).entries == 1);
  CHECK(read_file(into + "f") == "x");
  CHECK((status_of(folder.path() / "new").st_mode & 0777U) == 0700);
  write_file(folder.path() / "file", "");
  CHECK_THROWS_AS(restore(archive_of({}).bytes, {folder.string() + "/file", {}}), SystemError);
  CHECK_THROWS_AS(restore(archive_of({}).bytes, {folder.string() + "/file/below", {}}),
                  SystemError);
}

TEST_CASE("the target may be reached through a symlink") {
  const TempDir folder;
  fs::create_directory(folder.path() / "real");
  fs::create_directory_symlink("real", folder.path() / "link");
  const auto summary = restore(archive_of({directory("d"), file("d/f", "x")}).bytes,
                               {folder.string() + "/link", {}});
  CHECK(summary.problems.empty());
  CHECK(read_file(folder.path() / "real/d/f") == "x");
}

TEST_CASE("the root folder in an archive leaves the mode of the target alone") {
  const TempDir folder;
  run_well("cd " + folder.string() +
           " && mkdir t && touch t/f && chmod 777 t"
           " && tar -C t -czf a.tar.gz .");
  const auto before = status_of(folder.path()).st_mode;
  const auto summary = restore(read_file(folder.path() / "a.tar.gz"), {folder.string(), {}});
  CHECK(summary.problems.empty());
  CHECK(status_of(folder.path()).st_mode == before);
  CHECK(fs::exists(folder.path() / "f"));
}

TEST_CASE("a damaged archive leaves no half file") {
  const auto archived = archive_of({file("a", "good"), file("b", noise(5'000'000))},
                                   {Format::tar_gz, {Level::Name::fast}});
  std::string bytes = archived.bytes;
  bytes[bytes.size() - 2'500'000] ^= 1;
  const TempDir folder;
  CHECK_THROWS_AS(restore(bytes, {folder.string(), {}}), CorruptArchiveError);
  CHECK(read_file(folder.path() / "a") == "good");
  CHECK_FALSE(fs::exists(folder.path() / "b"));
}

TEST_CASE("restoring reports progress and can be cancelled") {
  std::vector<Member> members;
  for (int i = 0; i < 20; ++i) members.push_back(file("f" + std::to_string(i), noise(500'000)));
  const auto archived = archive_of(members);
  const TempDir folder;
  async::WorkerPool pool("test", 2);
  std::stop_source stop;
  std::vector<std::string> seen;
  CHECK_THROWS_AS(
      extract(MemorySource(archived.bytes), {folder.string(), {}}, pool, stop.get_token(),
              [&](const Entry& entry, const ExtractSummary& summary) {
                seen.push_back(entry.path);
                CHECK(summary.entries == seen.size());
                if (seen.size() == 5) stop.request_stop();
              }),
      CancelledError);
  CHECK(seen.size() < 10);
  CHECK(seen[0] == "f0");
}

TEST_CASE("a full disk is an error and not a problem") {
  const TempDir folder;
  const auto mounted = folder.path() / "small";
  fs::create_directory(mounted);
  const auto result = run("mount -t tmpfs -o size=1m none " + mounted.string());
  if (result.status != 0) {
    WARN("not allowed to mount: skipped");
    return;
  }
  try {
    (void)restore(archive_of({file("f", noise(3'000'000)), file("g", "")}).bytes,
                  {mounted.string(), {}});
    CHECK(false);
  } catch (const SystemError& error) {
    CHECK(error.error_number() == ENOSPC);
    CHECK(error.retryable());
  }
  CHECK_FALSE(fs::exists(mounted / "f"));
  CHECK_FALSE(fs::exists(mounted / "g"));
  run_well("umount " + mounted.string());
}

TEST_CASE("archive files are read from the disk") {
  const TempDir folder;
  const auto archived = archive_of({file("f", wordy(3'000'000))});
  write_file(folder.path() / "a.tar.gz", archived.bytes);
  const auto source = open_archive_file((folder.path() / "a.tar.gz").string());
  CHECK(source->size() == archived.bytes.size());
  async::WorkerPool pool("test", 2);
  CHECK(verify_written(*source, archived.written, pool, {}).entries == 1);
  CHECK_THROWS_AS(open_archive_file((folder.path() / "none").string()), SystemError);
  CHECK_THROWS_AS(open_archive_file(folder.string()), SystemError);
}

}  // namespace snapshotter::archive::test
