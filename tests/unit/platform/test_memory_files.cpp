// What the files in memory model beyond the contract: power cuts, failing calls, a full disk.
#include "base/error.hpp"
#include "support/catch.hpp"
#include "support/fake/memory_files.hpp"

#include <cerrno>
#include <functional>
#include <span>
#include <string>

using namespace snapshotter;
using namespace snapshotter::platform;
using namespace snapshotter::test;

namespace {

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

int errno_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const SystemError& error) {
    return error.error_number();
  }
  return 0;
}

void put_durably(Files& files, const std::string& path, std::string_view text) {
  const auto file = files.create(path);
  file->write(bytes(text));
  file->sync();
  files.sync_directory(path.substr(0, path.find_last_of('/')));
}

std::string content_or(Files& files, const std::string& path, std::string otherwise) {
  return files.info(path) ? read_text(files, path) : otherwise;
}

}  // namespace

TEST_CASE("a power cut forgets names and contents that were not synced") {
  MemoryFiles files;
  files.make_directories("/d");
  put_durably(files, "/d/both", "kept");
  files.create("/d/name-only")->write(bytes("lost"));
  files.sync_directory("/d");
  const auto content_only = files.create("/d/content-only");
  content_only->write(bytes("lost"));
  content_only->sync();
  files.create("/d/neither")->write(bytes("lost"));

  files.power_cut();
  CHECK(content_or(files, "/d/both", "gone") == "kept");
  CHECK(content_or(files, "/d/name-only", "gone").empty());
  CHECK(content_or(files, "/d/content-only", "gone") == "gone");
  CHECK(content_or(files, "/d/neither", "gone") == "gone");
}

TEST_CASE("a power cut forgets what was written after the last sync") {
  MemoryFiles files;
  files.make_directories("/d");
  const auto file = files.create("/d/f");
  file->write(bytes("abc"));
  file->sync();
  files.sync_directory("/d");
  file->write(bytes("def"));
  file->write_at(0, bytes("X"));
  files.power_cut();
  CHECK(read_text(files, "/d/f") == "abc");
}

TEST_CASE("a power cut undoes removals and renames that were not synced") {
  MemoryFiles files;
  files.make_directories("/d");
  put_durably(files, "/d/a", "old a");
  put_durably(files, "/d/b", "old b");
  put_durably(files, "/d/c", "c");
  files.rename("/d/a", "/d/b");
  files.remove("/d/c");
  files.power_cut();
  CHECK(content_or(files, "/d/a", "gone") == "old a");
  CHECK(content_or(files, "/d/b", "gone") == "old b");
  CHECK(content_or(files, "/d/c", "gone") == "c");

  files.rename("/d/a", "/d/b");
  files.remove("/d/c");
  files.sync_directory("/d");
  files.power_cut();
  CHECK(content_or(files, "/d/a", "gone") == "gone");
  CHECK(content_or(files, "/d/b", "gone") == "old a");
  CHECK(content_or(files, "/d/c", "gone") == "gone");
}

TEST_CASE("made folders survive and removed ones come back until synced") {
  MemoryFiles files;
  files.make_directories("/a/b");
  files.power_cut();
  CHECK(files.info("/a/b"));
  files.remove_directory("/a/b");
  files.power_cut();
  CHECK(files.info("/a/b"));
  files.remove_directory("/a/b");
  files.sync_directory("/a");
  files.power_cut();
  CHECK_FALSE(files.info("/a/b"));
}

TEST_CASE("a power cut frees locks and ends open files") {
  MemoryFiles files;
  files.make_directories("/d");
  const auto file = files.create("/d/f");
  auto before = files.lock("/lock");
  files.sync_directory("/");
  files.power_cut();
  CHECK(errno_of([&] { file->write(bytes("x")); }) == EBADF);
  CHECK(errno_of([&] { file->sync(); }) == EBADF);
  const auto after = files.lock("/lock");
  CHECK(after);
  before.reset();  // must not free what somebody else holds by now
  CHECK_FALSE(files.lock("/lock"));
}

TEST_CASE("the chosen call fails once") {
  MemoryFiles files;
  files.make_directories("/d");
  CHECK(files.calls() == 1);
  files.fail_call(3, EIO);
  const auto file = files.create("/d/f");
  CHECK(errno_of([&] { file->write(bytes("abcdef")); }) == EIO);
  CHECK(read_text(files, "/d/f") == "abc");
  file->write(bytes("def"));
  CHECK(read_text(files, "/d/f") == "abcdef");
}

TEST_CASE("after a failed sync a second one saves nothing") {
  MemoryFiles files;
  files.make_directories("/d");
  const auto file = files.create("/d/f");
  files.sync_directory("/d");
  file->write(bytes("abc"));
  files.fail_call(files.calls() + 1, EIO);
  CHECK(errno_of([&] { file->sync(); }) == EIO);
  file->sync();
  files.power_cut();
  CHECK(read_text(files, "/d/f").empty());
}

TEST_CASE("a full disk takes what fits") {
  MemoryFiles files;
  files.make_directories("/d");
  files.limit_space(10);
  CHECK(files.space("/d").available == 10);
  const auto file = files.create("/d/a");
  file->write(bytes("123456"));
  CHECK(files.space("/d").available == 4);
  file->write_at(0, bytes("abcdef"));
  const auto second = files.create("/d/b");
  CHECK(errno_of([&] { second->write(bytes("123456")); }) == ENOSPC);
  CHECK(second->size() == 4);
  CHECK(files.space("/d").available == 0);
  files.remove("/d/a");
  second->write(bytes("56"));
  CHECK(read_text(files, "/d/b") == "123456");
}

TEST_CASE("replaced text is old or new at whatever call the power failed") {
  constexpr std::uint64_t kCalls = 6;  // remove, create, write, sync, rename, sync_directory
  for (std::uint64_t n = 1; n <= kCalls; ++n) {
    INFO("call " << n);
    MemoryFiles files;
    files.make_directories("/d");
    replace_text(files, "/d/f", "old");
    CHECK(files.calls() == 1 + kCalls);
    files.fail_call(files.calls() + n, EIO);
    CHECK(errno_of([&] { replace_text(files, "/d/f", "new"); }) == EIO);
    const auto live = read_text(files, "/d/f");
    CHECK((live == "old" || live == "new"));
    CHECK(files.list("/d").value().size() == 1);
    files.power_cut();
    CHECK(read_text(files, "/d/f") == "old");
    replace_text(files, "/d/f", "newer");
    files.power_cut();
    CHECK(read_text(files, "/d/f") == "newer");
  }
}
