// The contract of Files: the operating system's and the one in memory pass the same suite.
#include "base/error.hpp"
#include "platform/files.hpp"
#include "support/catch.hpp"
#include "support/fake/memory_files.hpp"
#include "support/temp_dir.hpp"

#include <algorithm>
#include <cerrno>
#include <functional>
#include <span>
#include <string>
#include <vector>

using namespace snapshotter;
using namespace snapshotter::platform;
using namespace snapshotter::test;

namespace {

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string content_of(const File& file, std::uint64_t offset = 0, std::size_t length = 1000) {
  std::string text(length, '?');
  text.resize(file.read_at(offset, std::as_writable_bytes(std::span(text))));
  return text;
}

// 0: the call went well.
int errno_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const SystemError& error) {
    return error.error_number();
  }
  return 0;
}

std::vector<std::string> names_in(Files& files, const std::string& path) {
  std::vector<std::string> names;
  const auto entries = files.list(path).value();
  for (const auto& entry : entries) names.push_back(entry.name);
  return names;
}

void put(Files& files, const std::string& path, std::string_view text) {
  files.create(path)->write(bytes(text));
}

struct System {
  TempDir folder;
  std::unique_ptr<Files> owned = system_files();
  Files& files = *owned;
  const std::string root = folder.string();
};

struct Memory {
  Memory() { files.make_directories(root); }
  MemoryFiles memory;
  Files& files = memory;
  const std::string root = "/srv/x";
};

using Names = std::vector<std::string>;

}  // namespace

TEMPLATE_TEST_CASE("a new file holds what is written to its end", "", System, Memory) {
  TestType on;
  const auto file = on.files.create(on.root + "/f");
  CHECK(file->size() == 0);
  CHECK(content_of(*file).empty());
  file->write(bytes("hello "));
  file->write({});
  file->write(bytes("world"));
  file->sync();
  file->drop_cache();
  CHECK(file->size() == 11);
  CHECK(content_of(*file) == "hello world");
  CHECK(content_of(*on.files.open_read(on.root + "/f")) == "hello world");
}

TEMPLATE_TEST_CASE("bytes can be replaced and appending goes on at the end", "", System, Memory) {
  TestType on;
  const auto file = on.files.create(on.root + "/f");
  file->write(bytes("....56789"));
  file->write_at(0, bytes("1234"));
  file->write(bytes("ab"));
  CHECK(content_of(*file) == "123456789ab");
  file->write_at(13, bytes("cd"));
  file->write(bytes("e"));
  CHECK(content_of(*file) == std::string("123456789ab\0\0cde", 16));
}

TEMPLATE_TEST_CASE("reading gives what is there and less only at the end", "", System, Memory) {
  TestType on;
  put(on.files, on.root + "/f", "0123456789");
  const auto file = on.files.open_read(on.root + "/f");
  CHECK(content_of(*file, 3, 4) == "3456");
  CHECK(content_of(*file, 8, 4) == "89");
  CHECK(content_of(*file, 10, 4).empty());
  CHECK(content_of(*file, 99, 4).empty());
  CHECK(content_of(*file, 0, 0).empty());
}

TEMPLATE_TEST_CASE("large files are written and read whole", "", System, Memory) {
  TestType on;
  std::string text(20'000'003, '\0');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * 31 >> 3U);
  const auto file = on.files.create(on.root + "/f");
  for (std::size_t at = 0; at < text.size(); at += 3'000'000) {
    file->write(bytes(text).subspan(at, std::min<std::size_t>(3'000'000, text.size() - at)));
  }
  CHECK(file->size() == text.size());
  CHECK((content_of(*file, 0, text.size() + 1) == text));
}

TEMPLATE_TEST_CASE("create refuses a name that exists", "", System, Memory) {
  TestType on;
  put(on.files, on.root + "/f", "old");
  on.files.make_directories(on.root + "/d");
  CHECK(errno_of([&] { put(on.files, on.root + "/f", "new"); }) == EEXIST);
  CHECK(errno_of([&] { put(on.files, on.root + "/d", "new"); }) == EEXIST);
  CHECK(read_text(on.files, on.root + "/f") == "old");
}

TEMPLATE_TEST_CASE("errors name the path and keep the errno", "", System, Memory) {
  TestType on;
  put(on.files, on.root + "/f", "");
  on.files.make_directories(on.root + "/d");
  try {
    (void)on.files.open_read(on.root + "/missing");
    FAIL("opened");
  } catch (const SystemError& error) {
    CHECK(error.error_number() == ENOENT);
    CHECK(error.subject() == on.root + "/missing");
    CHECK_FALSE(error.retryable());
  }
  CHECK(errno_of([&] { (void)on.files.create(on.root + "/missing/f"); }) == ENOENT);
  CHECK(errno_of([&] { (void)on.files.create(on.root + "/f/g"); }) == ENOTDIR);
  CHECK(errno_of([&] { (void)on.files.open_read(on.root + "/d"); }) == EISDIR);
  CHECK(errno_of([&] { (void)on.files.list(on.root + "/f"); }) == ENOTDIR);
  CHECK(errno_of([&] { (void)on.files.info(on.root + "/f/g"); }) == ENOTDIR);
  CHECK(errno_of([&] { on.files.make_directories(on.root + "/f"); }) == EEXIST);
  CHECK(errno_of([&] { on.files.make_directories(on.root + "/f/g"); }) == ENOTDIR);
  CHECK(errno_of([&] { on.files.sync_directory(on.root + "/f"); }) == ENOTDIR);
  CHECK(errno_of([&] { on.files.sync_directory(on.root + "/missing"); }) == ENOENT);
  CHECK(errno_of([&] { (void)on.files.space(on.root + "/missing"); }) == ENOENT);
  CHECK(errno_of([&] { on.files.open_read(on.root + "/f")->write(bytes("x")); }) == EBADF);
}

TEMPLATE_TEST_CASE("folders are made with their parents and again without harm", "", System,
                   Memory) {
  TestType on;
  on.files.make_directories(on.root + "/a/b/c");
  on.files.make_directories(on.root + "/a/b/c/");
  on.files.make_directories(on.root + "/a//d");
  CHECK(names_in(on.files, on.root + "/a") == Names{"b", "d"});
  CHECK(on.files.info(on.root + "/a/b/c").value().kind == FileInfo::Kind::directory);
}

TEMPLATE_TEST_CASE("a listing is sorted and tells kind and size", "", System, Memory) {
  TestType on;
  put(on.files, on.root + "/b", "12345");
  put(on.files, on.root + "/.c", "");
  on.files.make_directories(on.root + "/a");
  const auto entries = on.files.list(on.root).value();
  CHECK(names_in(on.files, on.root) == Names{".c", "a", "b"});
  CHECK(entries.at(0).kind == FileInfo::Kind::file);
  CHECK(entries.at(1).kind == FileInfo::Kind::directory);
  CHECK(entries.at(2).size == 5);
  CHECK(entries.at(2).modified > Time{});
  CHECK_FALSE(on.files.list(on.root + "/missing"));
  CHECK(on.files.list(on.root + "/a").value().empty());
}

TEMPLATE_TEST_CASE("info describes what has a name and nothing else", "", System, Memory) {
  TestType on;
  put(on.files, on.root + "/f", "abc");
  const auto info = on.files.info(on.root + "/f").value();
  CHECK(info.name == "f");
  CHECK(info.kind == FileInfo::Kind::file);
  CHECK(info.size == 3);
  CHECK_FALSE(on.files.info(on.root + "/g"));
}

TEMPLATE_TEST_CASE("rename moves and replaces", "", System, Memory) {
  TestType on;
  on.files.make_directories(on.root + "/d");
  on.files.make_directories(on.root + "/full/x");
  put(on.files, on.root + "/new", "new");
  put(on.files, on.root + "/d/old", "old");
  on.files.rename(on.root + "/new", on.root + "/d/old");
  CHECK(names_in(on.files, on.root) == Names{"d", "full"});
  CHECK(read_text(on.files, on.root + "/d/old") == "new");
  on.files.rename(on.root + "/d/old", on.root + "/d/old");
  on.files.rename(on.root + "/d", on.root + "/e");
  CHECK(read_text(on.files, on.root + "/e/old") == "new");

  const auto rename = [&](const char* from, const char* to) {
    return errno_of([&] { on.files.rename(on.root + from, on.root + to); });
  };
  CHECK(rename("/missing", "/x") == ENOENT);
  CHECK(rename("/e/old", "/missing/x") == ENOENT);
  CHECK(rename("/e/old", "/full") == EISDIR);
  CHECK(rename("/full", "/e/old") == ENOTDIR);
  CHECK(rename("/e", "/full") == ENOTEMPTY);
}

TEMPLATE_TEST_CASE("an open file outlives its name", "", System, Memory) {
  TestType on;
  put(on.files, on.root + "/f", "content");
  const auto file = on.files.open_read(on.root + "/f");
  on.files.remove(on.root + "/f");
  CHECK(content_of(*file) == "content");
  CHECK_FALSE(on.files.info(on.root + "/f"));
}

TEMPLATE_TEST_CASE("removing what is missing is fine and what is wrong is not", "", System,
                   Memory) {
  TestType on;
  on.files.make_directories(on.root + "/d/e");
  put(on.files, on.root + "/f", "");
  on.files.remove(on.root + "/missing");
  on.files.remove_directory(on.root + "/missing");
  CHECK(errno_of([&] { on.files.remove(on.root + "/d"); }) == EISDIR);
  CHECK(errno_of([&] { on.files.remove_directory(on.root + "/d"); }) == ENOTEMPTY);
  CHECK(errno_of([&] { on.files.remove_directory(on.root + "/f"); }) == ENOTDIR);
  on.files.remove_directory(on.root + "/d/e");
  on.files.remove_directory(on.root + "/d");
  on.files.remove(on.root + "/f");
  CHECK(names_in(on.files, on.root).empty());
}

TEMPLATE_TEST_CASE("names are bytes", "", System, Memory) {
  TestType on;
  const std::string name = "line\nbreak \xff\xfe 'quoted'";
  put(on.files, on.root + "/" + name, "x");
  CHECK(names_in(on.files, on.root) == Names{name});
  CHECK(read_text(on.files, on.root + "/" + name) == "x");
}

TEMPLATE_TEST_CASE("a lock has one holder at a time", "", System, Memory) {
  TestType on;
  const auto path = on.root + "/lock";
  auto held = on.files.lock(path);
  REQUIRE(held);
  CHECK_FALSE(on.files.lock(path));
  CHECK(on.files.lock(on.root + "/other"));
  held.reset();
  held = on.files.lock(path);
  CHECK(held);
  CHECK(on.files.info(path).value().size == 0);
  CHECK(errno_of([&] { (void)on.files.lock(on.root + "/missing/lock"); }) == ENOENT);
  CHECK(errno_of([&] { (void)on.files.lock(on.root); }) == EISDIR);
}

TEMPLATE_TEST_CASE("space is told for an existing folder", "", System, Memory) {
  TestType on;
  const auto space = on.files.space(on.root);
  CHECK(space.total > 0);
  CHECK(space.available <= space.total);
}

TEMPLATE_TEST_CASE("text is replaced whole and leaves nothing beside it", "", System, Memory) {
  TestType on;
  const auto path = on.root + "/state.json";
  replace_text(on.files, path, "one");
  replace_text(on.files, path, "two");
  CHECK(read_text(on.files, path) == "two");
  CHECK(names_in(on.files, on.root) == Names{"state.json"});

  put(on.files, on.root + "/.state.json.partial", "left by a crash");
  replace_text(on.files, path, "");
  CHECK(read_text(on.files, path).empty());
  CHECK(names_in(on.files, on.root) == Names{"state.json"});
  CHECK(errno_of([&] { replace_text(on.files, on.root + "/missing/f", "x"); }) == ENOENT);
  CHECK(errno_of([&] { (void)read_text(on.files, on.root + "/missing"); }) == ENOENT);
}
