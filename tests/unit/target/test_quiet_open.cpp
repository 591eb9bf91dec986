#include "support/catch.hpp"
#include "target/quiet_open.hpp"
#include "unit/target/tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>

using namespace snapshotter::test;
using snapshotter::target::QuietOpen;

namespace {

// 0, or why it could not be opened.
int error_of(const std::string& path, int flags) {
  QuietOpen open;
  return open(AT_FDCWD, path.c_str(), flags, 0) ? 0 : errno;
}

}  // namespace

TEST_CASE("symlinks are never followed") {
  const Tree tree;
  tree.file("folder/file");
  std::filesystem::create_symlink("folder", tree.at("to-folder"));
  std::filesystem::create_symlink("folder/file", tree.at("to-file"));
  CHECK(error_of(tree.at("folder"), O_DIRECTORY) == 0);
  CHECK(error_of(tree.at("folder/file"), 0) == 0);
  CHECK(error_of(tree.at("to-folder"), O_DIRECTORY) == ENOTDIR);
  CHECK(error_of(tree.at("to-folder"), 0) == ELOOP);
  CHECK(error_of(tree.at("to-file"), 0) == ELOOP);
}

TEST_CASE("a fifo without a writer does not block") {
  const Tree tree;
  REQUIRE(::mkfifo(tree.at("fifo").c_str(), 0600) == 0);
  CHECK(error_of(tree.at("fifo"), 0) == 0);
}

TEST_CASE("handles do not reach child processes, and what is not a folder is refused as one") {
  const Tree tree;
  QuietOpen open;
  const auto handle = open(AT_FDCWD, tree.file("file").c_str(), 0, 0);
  CHECK((::fcntl(handle.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK((::fcntl(handle.get(), F_GETFL) & O_NOATIME) != 0);
  CHECK(error_of(tree.at("file"), O_DIRECTORY) == ENOTDIR);
}

TEST_CASE("files of others are opened without the right to keep their access time") {
  const Tree tree;
  tree.file("one");
  tree.file("two");
  const AsNobody nobody;
  QuietOpen open;
  for (const char* const name : {"one", "two"}) {
    const auto handle = open(AT_FDCWD, tree.at(name).c_str(), 0, 0);
    REQUIRE(handle);
    CHECK((::fcntl(handle.get(), F_GETFL) & O_NOATIME) == 0);
  }
}
