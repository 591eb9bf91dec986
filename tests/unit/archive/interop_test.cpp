// Other people's programs read our archives: silently, in any locale, and right.
#include "archive/acl.hpp"
#include "archive_support.hpp"
#include "base/text.hpp"
#include "crypto/sha256.hpp"
#include "support/source_path.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <cstring>
#include <sstream>

namespace snapshotter::archive::test {
namespace {

namespace fs = std::filesystem;

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const char* const digits = "0123456789abcdef";
    text += digits[static_cast<unsigned char>(c) >> 4U];
    text += digits[static_cast<unsigned char>(c) & 15U];
  }
  return text;
}

std::string acl_of(std::uint32_t user) {
  using Tag = AclEntry::Tag;
  return to_xattr({{Tag::owner, 6, 0},
                   {Tag::user, 5, user},
                   {Tag::owning_group, 4, 0},
                   {Tag::mask, 5, 0},
                   {Tag::other, 0, 0}});
}

// Names in every byte and length; with a number so that contents differ.
std::vector<Member> odd_names() {
  std::vector<Member> members{directory("bytes")};
  for (int byte = 1; byte < 256; ++byte) {
    if (byte == '/') continue;
    members.push_back(
        file("bytes/x" + std::string(1, static_cast<char>(byte)) + "y", std::to_string(byte)));
  }
  const std::string utf8 = "gr\xc3\xbc\xc3\x9f";
  const std::string latin1 = "gr\xfc\xdf";
  std::vector<std::string> names{utf8,
                                 latin1,
                                 "new\nline",
                                 "tab\tand \"quotes\" \\ back",
                                 " ",
                                 "-f",
                                 std::string(255, 'n'),
                                 std::string(99, 'a'),
                                 std::string(100, 'a'),
                                 std::string(101, 'a'),
                                 std::string(127, '\xc3') + "\xbc"};
  for (std::string piece = utf8; piece.size() < 250; piece += utf8) names.push_back(piece);
  for (std::string piece = latin1; piece.size() < 250; piece += latin1) names.push_back(piece);
  members.push_back(directory("long"));
  for (const auto& name : names) members.push_back(file("long/" + name, name));
  // Paths around every limit of the header's fields, and up to 4,000 bytes.
  for (const std::string component : {"0123456789abcdef",
                                      "0123\xff"
                                      "56789abcdef"}) {
    std::string path = "deep";
    while (path.size() < 330) {
      path += "/" + component;
      members.push_back(file(path + ".f", path));
    }
    while (path.size() < 3800) path += "/" + std::string(200, component[4]);
    members.push_back(file(path + "/f", path));
  }
  return members;
}

std::vector<Member> odd_entries() {
  std::vector<Member> members{directory("d", 01777),
                              file("d/setuid", "s", 06755),
                              file("d/none", "", 0),
                              symlink("d/dangling", "no where"),
                              symlink("d/bytes", "\x01\xff\n/../.."),
                              symlink("d/long", std::string(150, 't')),
                              symlink("d/longer", "/" + std::string(3000, '\xfe')),
                              symlink("d/utf8", std::string(120, 'u') + "\xc3\xbc"),
                              hardlink("d/hard", "d/setuid")};
  members.push_back(file("d/hard target " + std::string(200, 'x'), "h"));
  members.push_back(hardlink("d/hard to long", members.back().entry.path));
  members.push_back(file("d/owner", "o"));
  members.back().entry.uid = 4'000'000'000;
  members.back().entry.gid = 2'097'152;
  members.push_back(file("d/old", "1969"));
  members.back().entry.modified = {-5, 0};
  members.push_back(file("d/whole second", ""));
  members.back().entry.modified = {1'000'000'000, 0};
  members.push_back(file("d/late", ""));
  members.back().entry.modified = {9'000'000'000, 1};
  members.push_back(file("d/xattrs", "x"));
  members.back().entry.xattrs = {{"user.empty", ""},
                                 {"user.binary", std::string("\0\n=\xff\x80", 5)},
                                 {"user.eq=ual%s%3D", "="},
                                 {"user." + std::string(200, 'n'), std::string(3000, 'v')}};
  members.push_back(file("d/acl", "a", 0650));
  members.back().entry.xattrs = {{"system.posix_acl_access", acl_of(4711)}};
  members.push_back(directory("d/default acl"));
  members.back().entry.xattrs = {{"system.posix_acl_default", acl_of(4712)}};
  Member fifo = file("d/fifo", "");
  fifo.entry.kind = Entry::Kind::fifo;
  Member device = file("d/device", "");
  device.entry.kind = Entry::Kind::character_device;
  device.entry.device_major = 1;
  device.entry.device_minor = 1'000'003;
  members.push_back(fifo);
  members.push_back(device);
  device.entry.path = "d/block device";
  device.entry.kind = Entry::Kind::block_device;
  members.push_back(device);
  members.push_back(stream("d/stream", wordy(1'200'000)));
  members.push_back(stream("d/empty stream", ""));
  return members;
}

std::vector<Member> sparse_files() {
  std::vector<Member> members;
  const auto add = [&](std::string path, std::uint64_t size, std::vector<Extent> extents) {
    std::uint64_t length = 0;
    for (const Extent& extent : extents) length += extent.length;
    members.push_back(file(std::move(path), wordy(length, static_cast<std::uint32_t>(size))));
    members.back().entry.sparse = true;
    members.back().entry.size = size;
    members.back().entry.extents = std::move(extents);
  };
  add("one hole", 1'000'000, {});
  add("hole at the end", 1'000'000, {{0, 4096}});
  add("hole at the beginning", 1'000'000, {{995'904, 4096}});
  add("odd lengths", 1'000'001, {{512, 512}, {4096, 1024}, {8192, 1001}});
  std::vector<Extent> many;
  for (std::uint64_t i = 0; i < 300; ++i) many.push_back({i * 8192, 4096});
  add("many extents", 300 * 8192, std::move(many));
  add("odd name gr\xfc\xdf", 100'000, {{4096, 4096}});
  add("utf8 name gr\xc3\xbc", 100'000, {{4096, 4096}});
  add("long name " + std::string(200, 'n'), 100'000, {{4096, 4096}});
  add("10 GB", 10'000'000'000, {{0, 4096}, {5'000'000'000, 4096}, {9'999'995'904, 4096}});
  return members;
}

class Scratch {
 public:
  Scratch(const std::vector<Member>& members, Format format) : format_(format) {
    write_file(archive(), archive_of(members, {format, {}}, 2).bytes);
    fs::create_directory(out());
  }
  [[nodiscard]] fs::path archive() const { return folder_.path() / "archive"; }
  [[nodiscard]] fs::path out() const { return folder_.path() / "out"; }
  [[nodiscard]] std::string decompressor() const {
    return std::string(format_ == Format::tar_gz ? "gzip" : "zstd -q") + " -dc " +
           archive().string();
  }

 private:
  TempDir folder_;
  Format format_;
};

void check_extracted(const fs::path& root, const Member& member) {
  const Entry& entry = member.entry;
  const std::string path = (root / entry.path).string();
  INFO("path " << printable(entry.path.substr(0, 300)));
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  if (entry.kind == Entry::Kind::symlink) {
    CHECK(S_ISLNK(status.st_mode));
    CHECK(fs::read_symlink(path) == entry.link_target);
    return;
  }
  if (entry.kind == Entry::Kind::hardlink) {
    struct stat target {};
    REQUIRE(::lstat((root / entry.link_target).c_str(), &target) == 0);
    CHECK(status.st_ino == target.st_ino);
    return;
  }
  CHECK((status.st_mode & 07777U) == entry.mode);
  CHECK(status.st_uid == entry.uid);
  CHECK(status.st_gid == entry.gid);
  CHECK(status.st_mtim.tv_sec == entry.modified.tv_sec);
  CHECK(status.st_mtim.tv_nsec == entry.modified.tv_nsec);
  if (entry.kind == Entry::Kind::character_device || entry.kind == Entry::Kind::block_device) {
    CHECK(S_ISCHR(status.st_mode) == (entry.kind == Entry::Kind::character_device));
    CHECK(status.st_rdev == makedev(entry.device_major, entry.device_minor));
  }
  for (const auto& [name, value] : entry.xattrs) {
    std::string got(70'000, '\0');
    const auto size = ::lgetxattr(path.c_str(), name.c_str(), got.data(), got.size());
    INFO("attribute " << name);
    REQUIRE(size >= 0);
    got.resize(static_cast<std::size_t>(size));
    CHECK(got == value);
  }
  if (entry.kind != Entry::Kind::file || (entry.sparse && entry.size > 100'000'000)) return;
  std::string expected = member.content;
  if (entry.sparse) {
    expected.assign(entry.size, '\0');
    std::size_t at = 0;
    for (const Extent& extent : entry.extents) {
      std::memcpy(expected.data() + extent.offset, member.content.data() + at, extent.length);
      at += extent.length;
    }
  }
  CHECK((read_file(path) == expected));
  if (entry.sparse) {
    CHECK(static_cast<std::uint64_t>(status.st_blocks) * 512 < entry.size);
  }
}

void check_extracted(const fs::path& root, const std::vector<Member>& members) {
  for (const Member& member : members) check_extracted(root, member);
}

// bsdtar leaves the escape of GNU tar in names of attributes; it is told apart here.
std::vector<Member> without_escaped_attributes(std::vector<Member> members) {
  for (Member& member : members) {
    std::erase_if(member.entry.xattrs, [](const auto& xattr) {
      return xattr.first.find_first_of("=%") != std::string::npos;
    });
  }
  return members;
}

void check_tools(const std::vector<Member>& members) {
  for (const Format format : {Format::tar_gz, Format::tar_zst}) {
    for (const char* const locale : {"C", "C.UTF-8"}) {
      INFO("locale " << locale << ", " << name(format));
      const std::string in = std::string("export LC_ALL=") + locale + "; ";
      {
        const Scratch scratch(members, format);
        CHECK(run_well(in + scratch.decompressor() + " | tar -xp --numeric-owner --xattrs" +
                       " --xattrs-include='*' --acls --warning=no-timestamp -C " +
                       scratch.out().string()) == "");
        check_extracted(scratch.out(), members);
      }
      {
        const Scratch scratch(members, format);
        CHECK(run_well(in + "bsdtar --numeric-owner -xpf " + scratch.archive().string() + " -C " +
                       scratch.out().string()) == "");
        check_extracted(scratch.out(), without_escaped_attributes(members));
      }
    }
  }
}

std::string python_lines(const std::vector<Member>& members) {
  const Scratch scratch(members, Format::tar_gz);
  const auto script = snapshotter::test::source_path("tests/unit/archive/read_with_tarfile.py");
  return run_well("export LC_ALL=C.UTF-8; " + scratch.decompressor() + " | python3 " +
                  script.string());
}

std::string python_line(const Member& member) {
  const Entry& entry = member.entry;
  static const std::map<Entry::Kind, char> kTypes{
      {Entry::Kind::file, '0'},         {Entry::Kind::hardlink, '1'},
      {Entry::Kind::symlink, '2'},      {Entry::Kind::character_device, '3'},
      {Entry::Kind::block_device, '4'}, {Entry::Kind::directory, '5'},
      {Entry::Kind::fifo, '6'}};
  std::ostringstream line;
  line << hex(entry.path) << '\t' << kTypes.at(entry.kind) << "\t0o" << std::oct << entry.mode
       << std::dec << '\t' << entry.uid << '\t' << entry.gid << '\t' << entry.modified.tv_sec;
  if (entry.modified.tv_nsec > 0) {
    std::string digits = std::to_string(entry.modified.tv_nsec);
    line << '.' << std::string(9 - digits.size(), '0') << digits;
  }
  line << '\t' << (member.stream ? member.content.size() : entry.size) << '\t'
       << hex(entry.link_target) << '\t' << crypto::to_hex(crypto::sha256(as_bytes(member.content)))
       << '\t';
  return line.str();
}

}  // namespace

TEST_CASE("gzip and zstd find our archives good") {
  const auto members = odd_entries();
  {
    const Scratch scratch(members, Format::tar_gz);
    run_well("cd " + scratch.out().string() + " && cp ../archive a.gz && gzip -t a.gz");
  }
  const Scratch scratch(members, Format::tar_zst);
  run_well("zstd -q -t " + scratch.archive().string());
}

TEST_CASE("odd names are read by GNU tar and bsdtar") { check_tools(odd_names()); }
TEST_CASE("odd entries are read by GNU tar and bsdtar") { check_tools(odd_entries()); }
TEST_CASE("sparse files are read by GNU tar and bsdtar") { check_tools(sparse_files()); }

TEST_CASE("names and entries are read by tarfile") {
  auto members = odd_names();
  for (auto& member : odd_entries()) members.push_back(std::move(member));
  std::istringstream lines(python_lines(members));
  std::string line;
  for (const Member& member : members) {
    INFO("path " << printable(member.entry.path.substr(0, 300)));
    REQUIRE(std::getline(lines, line));
    // tarfile takes the content of a hard link for that of its target.
    CHECK(line.substr(0, line.rfind('\t') + 1) == python_line(member));
  }
  CHECK_FALSE(std::getline(lines, line));
}

TEST_CASE("a time before 1970 with a fraction is read by tarfile as a decimal number") {
  Member member = file("f", "");
  member.entry.modified = {-5, 300'000'000};
  CHECK_THAT(python_lines({member}), ContainsText("\t-4.700000000\t"));
  member.entry.modified = {-1, 1};
  CHECK_THAT(python_lines({member}), ContainsText("\t-0.999999999\t"));
}

TEST_CASE("sparse files are read by tarfile") {
  auto members = sparse_files();
  members.pop_back();  // tarfile would hold the 10 GB in memory
  std::istringstream lines(python_lines(members));
  std::string line;
  for (const Member& member : members) {
    INFO("path " << printable(member.entry.path.substr(0, 300)));
    REQUIRE(std::getline(lines, line));
    CHECK(line.substr(0, line.find('\t')) == hex(member.entry.path));
    CHECK_THAT(line, ContainsText("\t" + std::to_string(member.entry.size) + "\t"));
  }
}

TEST_CASE("extended attributes and ACLs are in the records that the tools know") {
  const auto members = odd_entries();
  const std::string lines = python_lines(members);
  CHECK_THAT(lines, ContainsText(hex("SCHILY.xattr.user.empty") + "=\n") ||
                        ContainsText(hex("SCHILY.xattr.user.empty") + "=,"));
  CHECK_THAT(lines, ContainsText(hex("SCHILY.xattr.user.eq%3Dual%25s%253D") + "=" + hex("=")));
  CHECK_THAT(lines, ContainsText(hex("SCHILY.acl.access") + "=" +
                                 hex("user::rw-,user:4711:r-x,group::r--,mask::r-x,other::---")));
  CHECK_THAT(lines, ContainsText(hex("SCHILY.acl.default") + "="));
}

}  // namespace snapshotter::archive::test
