#include "base/error.hpp"
#include "platform/unique_fd.hpp"
#include "support/catch.hpp"
#include "target/filesystem/file_reader.hpp"
#include "unit/target/tree.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <csignal>
#include <thread>

using namespace snapshotter;
using namespace snapshotter::test;
using target::FileReader;
using target::Status;

namespace {

constexpr std::size_t kBig = 3 * FileReader::kBlock + 1000;

Status status_of(const std::string& path) {
  Status status{};
  REQUIRE(target::read_status(AT_FDCWD, path.c_str(), status) == 0);
  return status;
}

std::string text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string rest(FileReader& reader) {
  std::string content;
  for (auto block = reader.next(); !block.empty(); block = reader.next()) content += text(block);
  return content;
}

void append(const std::string& path, std::string_view more) {
  std::ofstream(path, std::ios::binary | std::ios::app) << more;
}

// Times in the past, so that a change in this very tick of the clock is seen, too.
void age(const std::string& path) {
  const timespec times[2] = {{1'000'000'000, 1}, {1'000'000'000, 1}};
  REQUIRE(::utimensat(AT_FDCWD, path.c_str(), times, 0) == 0);
}

int open_file(FileReader& reader, const std::string& path, const Status& seen) {
  const int error = reader.open(AT_FDCWD, path.c_str(), seen);
  return error != 0 ? error : reader.load();
}

struct Fixture {
  Tree tree;
  FileReader reader{{}};
  std::string path;

  void open(std::string_view content) {
    path = tree.file("file", content);
    age(path);
    REQUIRE(open_file(reader, path, status_of(path)) == 0);
  }
};

std::size_t cached_pages(const std::string& path) {
  const platform::UniqueFd file(::open(path.c_str(), O_RDONLY));
  const auto size = std::filesystem::file_size(path);
  void* const map = ::mmap(nullptr, size, PROT_NONE, MAP_SHARED, file.get(), 0);
  REQUIRE(map != MAP_FAILED);
  std::vector<unsigned char> pages((size + 4095) / 4096);
  REQUIRE(::mincore(map, size, pages.data()) == 0);
  ::munmap(map, size);
  return static_cast<std::size_t>(std::count_if(
      pages.begin(), pages.end(), [](unsigned char page) { return (page & 1) != 0; }));
}

}  // namespace

TEST_CASE_METHOD(Fixture, "files of all sizes are read as they are") {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, FileReader::kBlock - 1,
                                 FileReader::kBlock, FileReader::kBlock + 1, kBig}) {
    INFO(size);
    const std::string content = noise(size);
    open(content);
    CHECK(reader.status().stx_size == size);
    CHECK_FALSE(reader.sparse());
    CHECK(rest(reader) == content);
    const auto outcome = reader.close();
    CHECK(outcome.error == 0);
    CHECK(outcome.read == size);
    CHECK(outcome.unread == 0);
    CHECK_FALSE(outcome.changed);
    CHECK_FALSE(outcome.deleted);
    CHECK(reader.handle() == -1);
  }
}

TEST_CASE_METHOD(Fixture, "a file that grows is read up to the size it had") {
  const std::string content = noise(kBig);
  open(content);
  std::string got = text(reader.next());
  append(path, "twelve bytes");
  got += rest(reader);
  CHECK(got == content);
  const auto outcome = reader.close();
  CHECK(outcome.grown == 12);
  CHECK(outcome.changed);
  CHECK(outcome.unread == 0);
}

TEST_CASE_METHOD(Fixture, "a file that shrinks ends early and says by how much") {
  open(noise(kBig));
  const auto first = reader.next().size();
  std::filesystem::resize_file(path, first + 10);
  CHECK(rest(reader).size() == 10);
  const auto outcome = reader.close();
  CHECK(outcome.error == 0);
  CHECK(outcome.unread == kBig - first - 10);
  CHECK(outcome.grown == 0);
  CHECK(outcome.changed);
}

TEST_CASE_METHOD(Fixture, "a file that is changed in place is noticed") {
  open(noise(kBig));
  static_cast<void>(reader.next());
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(100);
    file << "changed";
  }
  static_cast<void>(rest(reader));
  const auto outcome = reader.close();
  CHECK(outcome.changed);
  CHECK(outcome.grown == 0);
  CHECK(outcome.unread == 0);
}

TEST_CASE_METHOD(Fixture, "a file that is deleted is read to its end") {
  const std::string content = noise(kBig);
  open(content);
  std::string got = text(reader.next());
  std::filesystem::remove(path);
  got += rest(reader);
  CHECK(got == content);
  const auto outcome = reader.close();
  CHECK(outcome.deleted);
  CHECK(outcome.unread == 0);
}

TEST_CASE_METHOD(Fixture, "an error in the middle of a file is told with what is missing") {
  open(noise(kBig));
  const auto first = reader.next().size();
  // A descriptor that can't be read stands for a disk that can't.
  const platform::UniqueFd unreadable(::open(path.c_str(), O_WRONLY));
  REQUIRE(::dup2(unreadable.get(), reader.handle()) == reader.handle());
  CHECK(reader.next().empty());
  CHECK(reader.next().empty());
  const auto outcome = reader.close();
  CHECK(outcome.error == EBADF);
  CHECK(outcome.read == first);
  CHECK(outcome.unread == kBig - first);
}

TEST_CASE_METHOD(Fixture, "a small file that changed since it was seen is read anew") {
  path = tree.file("file", "old");
  age(path);
  const Status seen = status_of(path);
  append(path, " and new");
  REQUIRE(open_file(reader, path, seen) == 0);
  CHECK(reader.status().stx_size == 11);
  CHECK(rest(reader) == "old and new");
  CHECK_FALSE(reader.close().changed);
}

TEST_CASE_METHOD(Fixture, "a small file that keeps changing is noticed") {
  path = tree.file("file", "old");
  age(path);
  const Status seen = status_of(path);
  append(path, " and new");
  REQUIRE(open_file(reader, path, seen) == 0);
  append(path, " again");
  CHECK(rest(reader) == "old and new");
  CHECK(reader.close().grown == 6);
}

TEST_CASE_METHOD(Fixture, "a file that another one took the place of is read as that one") {
  path = tree.file("file", "old");
  const Status seen = status_of(path);
  std::filesystem::rename(tree.file("other", "a whole new file"), path);
  REQUIRE(open_file(reader, path, seen) == 0);
  CHECK(reader.status().stx_ino == status_of(path).stx_ino);
  CHECK(rest(reader) == "a whole new file");
  CHECK_FALSE(reader.close().changed);
}

TEST_CASE_METHOD(Fixture, "what is no file any more is not read") {
  const auto replaced_by = [&](const std::function<void()>& make, std::size_t size) {
    path = tree.file("file", noise(size));
    const Status seen = status_of(path);
    std::filesystem::remove(path);
    make();
    const int error = open_file(reader, path, seen);
    std::filesystem::remove_all(path);
    return error;
  };
  for (const std::size_t size : {std::size_t{10}, kBig}) {
    INFO(size);
    CHECK(replaced_by([] {}, size) == ENOENT);
    CHECK(replaced_by([&] { std::filesystem::create_symlink("/etc/passwd", path); }, size) ==
          ELOOP);
    CHECK(replaced_by([&] { std::filesystem::create_directory(path); }, size) == ELOOP);
    CHECK(replaced_by([&] { REQUIRE(::mkfifo(path.c_str(), 0600) == 0); }, size) == ELOOP);
  }
}

TEST_CASE_METHOD(Fixture, "a file without permission is not read") {
  path = tree.file("file");
  ::chmod(path.c_str(), 0600);
  const Status seen = status_of(path);
  const AsNobody nobody;
  CHECK(reader.open(AT_FDCWD, path.c_str(), seen) == EACCES);
}

TEST_CASE_METHOD(Fixture, "a file of somebody else is read although its access time must move") {
  path = tree.file("file", "theirs");
  const Status seen = status_of(path);
  const AsNobody nobody;
  FileReader theirs{{}};
  REQUIRE(open_file(theirs, path, seen) == 0);
  CHECK(rest(theirs) == "theirs");
}

TEST_CASE_METHOD(Fixture, "the access time of an own file does not move") {
  path = tree.file("file", "content");
  age(path);
  const auto before = status_of(path).stx_atime;
  REQUIRE(open_file(reader, path, status_of(path)) == 0);
  static_cast<void>(rest(reader));
  reader.close();
  const auto after = status_of(path).stx_atime;
  CHECK(before.tv_sec == after.tv_sec);
  CHECK(before.tv_nsec == after.tv_nsec);
}

TEST_CASE_METHOD(Fixture, "only the data of a sparse file is read") {
  path = tree.file("file", "");
  std::filesystem::resize_file(path, 64 << 20);
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(8 << 20);
    file << noise(300'000);
    file.seekp(40 << 20);
    file << "end";
  }
  REQUIRE(open_file(reader, path, status_of(path)) == 0);
  CHECK(reader.sparse());
  const auto extents = reader.extents();
  REQUIRE(extents.size() == 2);
  CHECK(extents[0].offset == 8 << 20);
  CHECK(extents[1].offset == 40 << 20);
  const std::string content = rest(reader);
  CHECK(content.size() == extents[0].length + extents[1].length);
  CHECK(content.substr(0, 300'000) == noise(300'000));
  CHECK(content.substr(extents[0].length, 3) == "end");
  CHECK(reader.close().unread == 0);
}

TEST_CASE_METHOD(Fixture, "a file that is one hole has no data") {
  path = tree.file("file", "");
  std::filesystem::resize_file(path, 1 << 20);
  REQUIRE(open_file(reader, path, status_of(path)) == 0);
  CHECK(reader.sparse());
  CHECK(reader.extents().empty());
  CHECK(reader.next().empty());
  CHECK(reader.close().unread == 0);
}

TEST_CASE_METHOD(Fixture, "a file in very many pieces has a bounded list of extents") {
  constexpr std::size_t kMost = 64, kPieces = 1000, kStride = 16 * 1024;
  path = tree.file("file", "");
  std::string expected(kPieces * kStride + (8 << 20), '\0');
  std::filesystem::resize_file(path, expected.size());
  {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    for (std::size_t i = 0; i < kPieces; ++i) {
      // Holes of many sizes, and one that is worth keeping at the end.
      const std::size_t at = i * kStride + (i % 3) * 4096;
      const std::string piece = noise(100, static_cast<unsigned>(i + 1));
      file.seekp(static_cast<std::streamoff>(at));
      file << piece;
      expected.replace(at, piece.size(), piece);
    }
  }
  FileReader few({}, kMost);
  REQUIRE(open_file(few, path, status_of(path)) == 0);
  CHECK(few.sparse());
  const auto extents = few.extents();
  CHECK(extents.size() <= kMost);
  const std::string content = rest(few);
  std::size_t at = 0;
  std::string rebuilt(expected.size(), '\0');
  for (const auto& extent : extents) {
    rebuilt.replace(extent.offset, extent.length, content.substr(at, extent.length));
    at += extent.length;
  }
  CHECK(at == content.size());
  CHECK(rebuilt == expected);
}

TEST_CASE_METHOD(Fixture, "reading stops when it is told to") {
  path = tree.file("file", noise(kBig));
  std::stop_source stop;
  FileReader stoppable(stop.get_token());
  REQUIRE(open_file(stoppable, path, status_of(path)) == 0);
  CHECK_FALSE(stoppable.next().empty());
  stop.request_stop();
  CHECK_THROWS_AS(stoppable.next(), CancelledError);
  const Status seen = status_of(path);
  CHECK_THROWS_AS(static_cast<void>(stoppable.open(AT_FDCWD, path.c_str(), seen)), CancelledError);
}

TEST_CASE_METHOD(Fixture, "the page cache is left as it was") {
  path = tree.file("file", noise(20 << 20));
  const platform::UniqueFd file(::open(path.c_str(), O_RDWR));
  REQUIRE(::fsync(file.get()) == 0);
  const auto read_it = [&] {
    REQUIRE(open_file(reader, path, status_of(path)) == 0);
    CHECK(rest(reader).size() == 20 << 20);
    reader.close();
  };
  const std::size_t pages = (20 << 20) / 4096;
  CHECK(cached_pages(path) == pages);
  read_it();
  CHECK(cached_pages(path) == pages);

  ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED);
  if (cached_pages(path) != 0) return;  // a file system that lives in the page cache
  read_it();
  CHECK(cached_pages(path) == 0);
}

TEST_CASE_METHOD(Fixture, "a file that another program holds a lease on is waited for") {
  path = tree.file("file", "leased");
  const Status seen = status_of(path);
  // The kernel asks the holder by a signal; a thread that plays the holder waits for it.
  sigset_t asked;
  sigemptyset(&asked);
  sigaddset(&asked, SIGIO);
  sigset_t before;
  REQUIRE(::pthread_sigmask(SIG_BLOCK, &asked, &before) == 0);
  const platform::UniqueFd holder(::open(path.c_str(), O_RDWR));
  REQUIRE(::fcntl(holder.get(), F_SETLEASE, F_WRLCK) == 0);
  {
    const std::jthread gives_back([&] {
      int signal = 0;
      ::sigwait(&asked, &signal);
      ::fcntl(holder.get(), F_SETLEASE, F_UNLCK);
    });
    CHECK(open_file(reader, path, seen) == 0);
    CHECK(rest(reader) == "leased");
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}
