#include "support/catch.hpp"
#include "unit/target/tree.hpp"

#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstring>

using namespace snapshotter;
using namespace snapshotter::test;
using archive::Entry;

namespace {

void make_socket(const std::string& path) {
  const int handle = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(path.size() < sizeof address.sun_path);
  std::memcpy(address.sun_path, path.c_str(), path.size());
  REQUIRE(::bind(handle, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  ::close(handle);
}

// Counts who opens a file.
class OpenWatch {
 public:
  explicit OpenWatch(const std::string& path) : handle_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    REQUIRE(::inotify_add_watch(handle_, path.c_str(), IN_OPEN) >= 0);
  }
  ~OpenWatch() { ::close(handle_); }
  [[nodiscard]] bool opened() const {
    char buffer[4096];
    return ::read(handle_, buffer, sizeof buffer) > 0;
  }

 private:
  int handle_;
};

std::string attribute(const Entry& entry, const std::string& name) {
  for (const auto& [key, value] : entry.xattrs) {
    if (key == name) return "=" + value;
  }
  return "none";
}

void set_attribute(const std::string& path, const char* name, std::string_view value) {
  REQUIRE(::lsetxattr(path.c_str(), name, value.data(), value.size(), 0) == 0);
}

// An ACL as the kernel takes it: "user::rw-,user:1000:r--,group::r--,mask::r--,other::---".
std::string acl_with_user_1000() {
  struct Record {
    std::uint16_t tag, permissions;
    std::uint32_t id;
  };
  constexpr std::uint32_t kNone = 0xFFFFFFFF;
  const Record records[] = {
      {0x01, 6, kNone}, {0x02, 4, 1000}, {0x04, 4, kNone}, {0x10, 4, kNone}, {0x20, 0, kNone}};
  const std::uint32_t version = 2;
  std::string acl(reinterpret_cast<const char*>(&version), sizeof version);
  acl.append(reinterpret_cast<const char*>(records), sizeof records);
  return acl;
}

}  // namespace

TEST_CASE("an empty tree, a file and their paths") {
  const Tree tree;
  tree.file("top/file", "hello");
  tree.folder("top/empty");
  const Saved saved = save({tree.at("top")});
  CHECK(saved.members.size() == 3);
  CHECK(saved.member(tree.at("top")).entry.kind == Entry::Kind::directory);
  CHECK(saved.member(tree.at("top/empty")).entry.kind == Entry::Kind::directory);
  CHECK(saved.member(tree.at("top/file")).content == "hello");
  CHECK(saved.counts.files == 1);
  CHECK(saved.counts.directories == 2);
  CHECK(saved.bytes_read == 5);
  CHECK(saved.warnings().empty());
}

TEST_CASE("two paths with the same last component are both in the archive") {
  const Tree tree;
  tree.file("one/data/file", "first");
  tree.file("two/data/file", "second");
  const Saved saved = save({tree.at("one/data"), tree.at("two/data")});
  CHECK(saved.member(tree.at("one/data/file")).content == "first");
  CHECK(saved.member(tree.at("two/data/file")).content == "second");
}

TEST_CASE("names of any bytes are kept") {
  const Tree tree;
  std::vector<std::string> names{std::string(255, 'n'), "new\nline", " ",          "-rf", "\"'\\",
                                 "\xff\xfe\x80",        "*?[",       "gr\xc3\xbcn"};
  for (int byte = 1; byte < 256; ++byte) {
    if (byte != '/') names.push_back(std::string("byte") + static_cast<char>(byte));
  }
  for (const std::string& name : names) tree.file("top/" + name, name);
  const Saved saved = save({tree.at("top")});
  CHECK(saved.members.size() == names.size() + 1);
  for (const std::string& name : names) {
    CHECK(saved.member(tree.at("top/") + name).content == name);
  }
}

TEST_CASE("the archive keeps the order of the walk, though files are opened ahead") {
  const Tree tree;
  for (int i = 0; i < 100; ++i) {
    const std::string number = std::to_string(i);
    tree.file("top/file" + number, noise(i == 50 ? 400'000 : 10, static_cast<unsigned>(i + 1)));
    if (i % 7 == 0) std::filesystem::create_symlink("file0", tree.at("top/link" + number));
    if (i % 11 == 0) tree.file("top/folder" + number + "/inside");
    if (i % 13 == 0) {
      std::filesystem::create_hard_link(tree.at("top/file" + number), tree.at("top/hard" + number));
    }
  }
  std::vector<std::string> walked, archived;
  SaveOptions options;
  options.before = [&](std::string_view path) { walked.emplace_back(path); };
  const Saved saved = save({tree.at("top")}, options);
  for (const Member& member : read_members(saved.archive)) {
    archived.push_back("/" + member.entry.path);
  }
  CHECK(archived == walked);
  CHECK(saved.counts.files == 110);
  CHECK(saved.counts.hard_links == 8);
  CHECK(saved.member(tree.at("top/file50")).content == noise(400'000, 51));
}

TEST_CASE("a file that changes while it waits for its turn is saved as it became") {
  const Tree tree;
  for (int i = 0; i < 10; ++i) tree.file("top/" + std::to_string(i), "before");
  std::vector<std::string> found;
  SaveOptions options;
  options.before = [&](std::string_view path) {
    found.emplace_back(path);
    if (found.size() == 5) write_file(found[1], "changed meanwhile");  // found[0] is the folder
    if (found.size() == 6) std::filesystem::remove(found[2]);
  };
  const Saved saved = save({tree.at("top")}, options);
  CHECK(saved.member(found[1]).content == "changed meanwhile");
  CHECK(saved.member(found[2]).content == "before");
  CHECK(saved.warnings() ==
        std::vector<std::string>{"changed " + found[2] + " was deleted while being read"});
}

TEST_CASE("owners, modes and times to the nanosecond are kept") {
  const Tree tree;
  const std::string file = tree.file("top/file");
  const std::string folder = tree.folder("top/folder");
  REQUIRE(::chown(file.c_str(), 1234, 4321) == 0);
  REQUIRE(::chmod(file.c_str(), 06754) == 0);
  REQUIRE(::chmod(folder.c_str(), 01777) == 0);
  const timespec times[2] = {{0, UTIME_OMIT}, {1'234'567'890, 123'456'789}};
  REQUIRE(::utimensat(AT_FDCWD, file.c_str(), times, 0) == 0);
  const timespec before_epoch[2] = {{0, UTIME_OMIT}, {-86'400, 999'999'999}};
  REQUIRE(::utimensat(AT_FDCWD, folder.c_str(), before_epoch, 0) == 0);

  const Saved saved = save({tree.at("top")});
  const Entry& entry = saved.member(file).entry;
  CHECK(entry.mode == 06754);
  CHECK(entry.uid == 1234);
  CHECK(entry.gid == 4321);
  CHECK(entry.user.empty());
  CHECK(entry.modified.tv_sec == 1'234'567'890);
  CHECK(entry.modified.tv_nsec == 123'456'789);
  CHECK(saved.member(folder).entry.mode == 01777);
  CHECK(saved.member(folder).entry.user == "root");
  CHECK(saved.member(folder).entry.group == "root");
  CHECK(saved.member(folder).entry.modified.tv_sec == -86'400);
  CHECK(saved.member(folder).entry.modified.tv_nsec == 999'999'999);
}

TEST_CASE("symlinks keep any target") {
  const Tree tree;
  tree.folder("top");
  const std::vector<std::string> targets{"/etc/passwd", "../..", "no/such/thing", "new\nline\xff",
                                         std::string(4000, 't')};
  for (std::size_t i = 0; i < targets.size(); ++i) {
    std::filesystem::create_symlink(targets[i], tree.at("top/" + std::to_string(i)));
  }
  const Saved saved = save({tree.at("top")});
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const Entry& entry = saved.member(tree.at("top/" + std::to_string(i))).entry;
    CHECK(entry.kind == Entry::Kind::symlink);
    CHECK(entry.link_target == targets[i]);
  }
  CHECK(saved.counts.symlinks == targets.size());
}

TEST_CASE("ten thousand names of one file are saved as one file and links to it") {
  const Tree tree;
  tree.file("top/00000", "shared");
  for (int i = 1; i < 10'000; ++i) {
    std::filesystem::create_hard_link(tree.at("top/00000"), tree.at("top/" + std::to_string(i)));
  }
  tree.file("top/alone/file", "two names, one of them elsewhere");
  std::filesystem::create_hard_link(tree.at("top/alone/file"), tree.at("elsewhere"));
  const Saved saved = save({tree.at("top")});
  CHECK(saved.counts.hard_links == 9'999);
  CHECK(saved.counts.files == 2);
  CHECK(saved.bytes_read == 38);
  std::string first;
  for (const auto& [path, member] : saved.members) {
    if (member.content == "shared") first = member.entry.path;
  }
  std::size_t links = 0;
  for (const auto& [path, member] : saved.members) {
    if (member.entry.kind == Entry::Kind::hardlink && member.entry.link_target == first) ++links;
  }
  CHECK(links == 9'999);
}

TEST_CASE("a ten gigabyte file with a little data takes little room") {
  const Tree tree;
  const std::string path = tree.file("top/sparse", "");
  constexpr std::uint64_t kSize = 10ULL << 30;
  std::filesystem::resize_file(path, kSize);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(5LL << 30);
    file << "in the middle";
  }
  const Saved saved = save({tree.at("top")});
  const Member& member = saved.member(path);
  CHECK(member.entry.size == kSize);
  CHECK(member.entry.sparse);
  REQUIRE(member.entry.extents.size() >= 1);
  CHECK(member.entry.extents[0].offset == 5ULL << 30);
  CHECK(member.content.substr(0, 13) == "in the middle");
  CHECK(saved.archive.size() < 64 * 1024);
  CHECK(saved.warnings().empty());
}

TEST_CASE("extended attributes are kept, empty and binary ones, of files and folders") {
  const Tree tree;
  const std::string file = tree.file("top/file");
  const std::string folder = tree.folder("top/folder");
  const std::string plain = tree.file("top/plain");
  const std::string binary("\0\xff\n=\0", 5);
  set_attribute(file, "user.empty", "");
  set_attribute(file, "user.binary", binary);
  set_attribute(file, "user.large", std::string(2000, 'x'));
  set_attribute(folder, "user.folder", "of a folder");
  const Saved saved = save({tree.at("top")});
  CHECK(attribute(saved.member(file).entry, "user.empty") == "=");
  CHECK(attribute(saved.member(file).entry, "user.binary") == "=" + binary);
  CHECK(attribute(saved.member(file).entry, "user.large") == "=" + std::string(2000, 'x'));
  CHECK(attribute(saved.member(folder).entry, "user.folder") == "=of a folder");
  CHECK(attribute(saved.member(plain).entry, "user.empty") == "none");
}

TEST_CASE("access control lists are kept") {
  const Tree tree;
  const std::string file = tree.file("top/file");
  const std::string folder = tree.folder("top/folder");
  set_attribute(file, "system.posix_acl_access", acl_with_user_1000());
  set_attribute(folder, "system.posix_acl_default", acl_with_user_1000());
  const Saved saved = save({tree.at("top")});
  CHECK(attribute(saved.member(file).entry, "system.posix_acl_access") ==
        "=" + acl_with_user_1000());
  CHECK(attribute(saved.member(folder).entry, "system.posix_acl_default") ==
        "=" + acl_with_user_1000());
}

TEST_CASE("attributes of what can't be opened are kept: symlinks and fifos") {
  const Tree tree;
  tree.folder("top");
  std::filesystem::create_symlink("nowhere", tree.at("top/link"));
  REQUIRE(::mkfifo(tree.at("top/fifo").c_str(), 0600) == 0);
  set_attribute(tree.at("top/link"), "trusted.link", "of a link");
  set_attribute(tree.at("top/fifo"), "trusted.fifo", "of a fifo");
  const Saved saved = save({tree.at("top")});
  CHECK(attribute(saved.member(tree.at("top/link")).entry, "trusted.link") == "=of a link");
  CHECK(attribute(saved.member(tree.at("top/fifo")).entry, "trusted.fifo") == "=of a fifo");
}

TEST_CASE("an extended attribute that can't be read is missing") {
  const Tree tree;
  tree.file("top/file");
  set_attribute(tree.folder("top/closed"), "user.secret", "value");
  ::chmod(tree.at("top/closed").c_str(), 0700);
  Saved saved;
  {
    const AsNobody nobody;
    saved = save({tree.at("top")});
  }
  CHECK(attribute(saved.member(tree.at("top/closed")).entry, "user.secret") == "none");
  REQUIRE(saved.warnings().size() == 2);
  CHECK_THAT(saved.warnings()[1],
             ContainsText("some of its extended attributes cannot be read: Permission denied"));
}

TEST_CASE("fifos and devices are saved as such and never opened") {
  const Tree tree;
  tree.folder("top");
  const std::string fifo = tree.at("top/fifo");
  const std::string character = tree.at("top/character");
  const std::string block = tree.at("top/block");
  REQUIRE(::mkfifo(fifo.c_str(), 0640) == 0);
  REQUIRE(::mknod(character.c_str(), S_IFCHR | 0600, makedev(1, 3)) == 0);
  REQUIRE(::mknod(block.c_str(), S_IFBLK | 0600, makedev(240, 7)) == 0);
  const OpenWatch fifo_watch(fifo), character_watch(character), block_watch(block);
  const Saved saved = save({tree.at("top")});
  CHECK_FALSE(fifo_watch.opened());
  CHECK_FALSE(character_watch.opened());
  CHECK_FALSE(block_watch.opened());
  CHECK(saved.member(fifo).entry.kind == Entry::Kind::fifo);
  CHECK(saved.member(fifo).entry.mode == 0640);
  CHECK(saved.member(character).entry.kind == Entry::Kind::character_device);
  CHECK(saved.member(character).entry.device_major == 1);
  CHECK(saved.member(character).entry.device_minor == 3);
  CHECK(saved.member(block).entry.kind == Entry::Kind::block_device);
  CHECK(saved.member(block).entry.device_major == 240);
  CHECK(saved.counts.other == 3);
  // The watch can tell:
  ::close(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK));
  CHECK(fifo_watch.opened());
}

TEST_CASE("a socket is left out and noted") {
  const Tree tree;
  tree.file("top/file");
  make_socket(tree.at("top/socket"));
  const Saved saved = save({tree.at("top")});
  CHECK_FALSE(saved.has(tree.at("top/socket")));
  CHECK(saved.report.notes == 1);
  REQUIRE(saved.warnings().size() == 1);
  CHECK_THAT(saved.warnings()[0], ContainsText("note " + tree.at("top/socket")));
}

TEST_CASE("an unreadable file is missing, and the others are saved") {
  const Tree tree;
  tree.file("top/open", "open");
  ::chmod(tree.file("top/closed", "closed").c_str(), 0600);
  tree.file("top/folder/inside");
  ::chmod(tree.at("top/folder").c_str(), 0700);
  Saved saved;
  {
    const AsNobody nobody;
    saved = save({tree.at("top")});
  }
  CHECK(saved.member(tree.at("top/open")).content == "open");
  CHECK_FALSE(saved.has(tree.at("top/closed")));
  CHECK(saved.has(tree.at("top/folder")));
  CHECK_FALSE(saved.has(tree.at("top/folder/inside")));
  CHECK(saved.report.missing == 2);
  REQUIRE(saved.warnings().size() == 2);
  CHECK(saved.warnings()[0] ==
        "missing " + tree.at("top/closed") + " cannot be read: Permission denied");
  CHECK(saved.warnings()[1] ==
        "missing " + tree.at("top/folder") + " cannot be read: Permission denied");
}

TEST_CASE("a file that vanishes before it is opened is reported as changed") {
  const Tree tree;
  const std::string gone = tree.file("top/gone");
  tree.file("top/stays");
  SaveOptions options;
  options.before = [&](std::string_view path) {
    if (path == gone) std::filesystem::remove(gone);
  };
  const Saved saved = save({tree.at("top")}, options);
  CHECK_FALSE(saved.has(gone));
  CHECK(saved.has(tree.at("top/stays")));
  CHECK(saved.warnings() ==
        std::vector<std::string>{"changed " + gone + " vanished before it was read"});
}

TEST_CASE("a file that becomes a symlink before it is opened is not followed") {
  const Tree tree;
  const std::string outside = tree.file("outside", "secret");
  const std::string victim = tree.file("top/victim", "public");
  SaveOptions options;
  options.before = [&](std::string_view path) {
    if (path != victim) return;
    std::filesystem::remove(victim);
    std::filesystem::create_symlink(outside, victim);
  };
  const Saved saved = save({tree.at("top")}, options);
  CHECK_FALSE(saved.has(victim));
  CHECK(saved.report.missing == 1);
}

namespace {

// Something happens to a large file when the first part of it was already written.
Saved save_meddled(const Tree& tree, std::size_t size, const std::function<void()>& meddle) {
  const std::string path = tree.file("top/big", noise(size));
  const timespec times[2] = {{1'000'000'000, 0}, {1'000'000'000, 0}};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
  SaveOptions options;
  options.on_append = [done = false, meddle]() mutable {
    if (!std::exchange(done, true)) meddle();
  };
  return save({tree.at("top")}, options);
}

constexpr std::size_t kBig = 8 << 20;

}  // namespace

TEST_CASE("a file that grows while being read is cut at the size it had") {
  const Tree tree;
  const Saved saved = save_meddled(tree, kBig, [&] {
    std::ofstream(tree.at("top/big"), std::ios::app | std::ios::binary) << std::string(512, 'x');
  });
  CHECK(saved.member(tree.at("top/big")).content == noise(kBig));
  CHECK(saved.warnings() ==
        std::vector<std::string>{"changed " + tree.at("top/big") +
                                 " grew while being read: 512 bytes more were not saved"});
}

TEST_CASE("a file that shrinks while being read is filled up with zeros") {
  const Tree tree;
  constexpr std::size_t kLeft = 7 << 20;
  const Saved saved =
      save_meddled(tree, kBig, [&] { std::filesystem::resize_file(tree.at("top/big"), kLeft); });
  CHECK(saved.member(tree.at("top/big")).content ==
        noise(kBig).substr(0, kLeft) + std::string(kBig - kLeft, '\0'));
  CHECK(saved.bytes_read == kLeft);
  CHECK(saved.warnings() ==
        std::vector<std::string>{"changed " + tree.at("top/big") +
                                 " shrank while being read: its last 1048576 bytes are zeros in "
                                 "the backup"});
}

TEST_CASE("a file that is deleted while being read is saved as it was") {
  const Tree tree;
  const Saved saved =
      save_meddled(tree, kBig, [&] { std::filesystem::remove(tree.at("top/big")); });
  CHECK(saved.member(tree.at("top/big")).content == noise(kBig));
  CHECK(saved.warnings() == std::vector<std::string>{"changed " + tree.at("top/big") +
                                                     " was deleted while being read"});
}

TEST_CASE("a file that is changed while being read is reported") {
  const Tree tree;
  const Saved saved = save_meddled(tree, kBig, [&] {
    std::fstream file(tree.at("top/big"), std::ios::in | std::ios::out | std::ios::binary);
    file << "changed";
  });
  CHECK(saved.warnings() ==
        std::vector<std::string>{"changed " + tree.at("top/big") + " changed while being read"});
}

TEST_CASE("an error while reading says what is zeros in the backup") {
  const auto warning = target::judge("/x", {EIO, 1000, 24, false, 0, true});
  REQUIRE(warning);
  CHECK(warning->kind == target::Warning::Kind::missing);
  CHECK(warning->path == "/x");
  CHECK_THAT(warning->what, ContainsText("Input/output error"));
  CHECK_THAT(warning->what, ContainsText("after 1000 bytes"));
  CHECK_THAT(warning->what, ContainsText("other 24 bytes are zeros"));
  CHECK_FALSE(target::judge("/x", {}));
}

TEST_CASE("GNU tar restores what was saved") {
  const Tree tree;
  const std::string big = noise(3 << 20);
  tree.file("top/folder/big", big);
  tree.file("top/new\nline\xff", "odd name");
  std::filesystem::create_symlink("folder", tree.at("top/link"));
  std::filesystem::create_hard_link(tree.at("top/folder/big"), tree.at("top/second"));
  set_attribute(tree.at("top/folder/big"), "user.kept", "yes");
  ::chmod(tree.at("top/folder/big").c_str(), 04711);
  const Saved saved = save({tree.at("top")});
  write_file(tree.at("archive.tar.gz"),
             {reinterpret_cast<const char*>(saved.archive.data()), saved.archive.size()});
  const std::string into = tree.folder("restored");
  REQUIRE(std::system(
              ("tar -xpzf " + tree.at("archive.tar.gz") + " --xattrs -C " + into).c_str()) == 0);

  const auto restored = [&](const std::string& path) { return into + tree.at(path); };
  CHECK(read_file(restored("top/folder/big")) == big);
  CHECK(read_file(restored("top/new\nline\xff")) == "odd name");
  CHECK(std::filesystem::read_symlink(restored("top/link")) == "folder");
  CHECK(std::filesystem::equivalent(restored("top/second"), restored("top/folder/big")));
  struct stat status {};
  REQUIRE(::stat(restored("top/folder/big").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 04711U);
  char value[8];
  CHECK(::getxattr(restored("top/folder/big").c_str(), "user.kept", value, sizeof value) == 3);
}
