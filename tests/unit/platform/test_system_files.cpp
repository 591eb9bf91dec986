// What only the operating system's files have: modes, links, other processes.
#include "base/error.hpp"
#include "platform/files.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <string>

using namespace snapshotter;
using namespace snapshotter::platform;
using namespace snapshotter::test;

namespace {

class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  ~Umask() { ::umask(before_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  mode_t before_;
};

mode_t mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

template <class Call>
int errno_of(Call call) {
  try {
    call();
  } catch (const SystemError& error) {
    return error.error_number();
  }
  return 0;
}

}  // namespace

TEST_CASE("modes are 0600 and 0700 whatever the umask") {
  const TempDir folder;
  const auto files = system_files();
  for (const mode_t mask : {0U, 022U, 0277U}) {
    const Umask umask(mask);
    const auto root = folder.string() + "/" + std::to_string(mask);
    files->make_directories(root + "/a");
    (void)files->create(root + "/a/f");
    (void)files->lock(root + "/lock");
    CHECK(mode_of(root) == 0700);
    CHECK(mode_of(root + "/a") == 0700);
    CHECK(mode_of(root + "/a/f") == 0600);
    CHECK((mode_of(root + "/lock") & 0177U) == 0);
  }
}

TEST_CASE("folders that exist keep their mode") {
  const TempDir folder;
  ::chmod(folder.string().c_str(), 0755);
  system_files()->make_directories(folder.string() + "/a");
  CHECK(mode_of(folder.string()) == 0755);
}

TEST_CASE("links are not followed to files but to folders") {
  const TempDir folder;
  const auto files = system_files();
  const auto root = folder.string();
  write_file(root + "/secret", "x");
  std::filesystem::create_directory(root + "/real");
  std::filesystem::create_symlink("secret", root + "/link");
  std::filesystem::create_symlink("nowhere", root + "/dangling");
  std::filesystem::create_symlink("real", root + "/folder");

  CHECK(errno_of([&] { (void)files->open_read(root + "/link"); }) == ELOOP);
  CHECK(errno_of([&] { (void)files->create(root + "/dangling"); }) == EEXIST);
  CHECK(errno_of([&] { (void)files->lock(root + "/link"); }) == ELOOP);
  CHECK(files->info(root + "/link").value().kind == FileInfo::Kind::other);
  CHECK(files->info(root + "/dangling").value().kind == FileInfo::Kind::other);
  files->make_directories(root + "/folder/below");
  CHECK(std::filesystem::is_directory(root + "/real/below"));
  CHECK(files->list(root + "/folder").value().size() == 1);
}

TEST_CASE("a fifo in the place of a file blocks nobody") {
  const TempDir folder;
  const auto path = folder.string() + "/fifo";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  CHECK(errno_of([&] { (void)system_files()->open_read(path); }) == EINVAL);
  CHECK(system_files()->info(path).value().kind == FileInfo::Kind::other);
}

TEST_CASE("a file larger than a text may be is refused unread") {
  const TempDir folder;
  const auto files = system_files();
  const auto path = folder.string() + "/large";
  files->create(path)->write_at(std::uint64_t{64} << 20U, std::as_bytes(std::span("x", 1)));
  CHECK(errno_of([&] { (void)read_text(*files, path); }) == EFBIG);
}

TEST_CASE("a lock is free again when its process was killed") {
  const TempDir folder;
  const auto files = system_files();
  const auto path = folder.string() + "/lock";
  std::array<int, 2> ready{};
  REQUIRE(::pipe(ready.data()) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = files->lock(path);
    const char sign = held ? 'y' : 'n';
    if (::write(ready[1], &sign, 1) == 1) ::pause();
    ::_exit(1);
  }
  char sign = '?';
  REQUIRE(::read(ready[0], &sign, 1) == 1);
  CHECK(sign == 'y');
  CHECK_FALSE(files->lock(path));
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  CHECK(files->lock(path));
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_CASE("no descriptor of ours reaches another program") {
  const TempDir folder;
  const auto files = system_files();
  const auto file = files->create(folder.string() + "/f");
  const auto reader = files->open_read(folder.string() + "/f");
  const auto lock = files->lock(folder.string() + "/lock");
  std::size_t ours = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const auto target = std::filesystem::read_symlink(entry.path(), gone).string();
    if (target.rfind(folder.string(), 0) != 0) continue;
    ++ours;
    CHECK((::fcntl(std::stoi(entry.path().filename()), F_GETFD) & FD_CLOEXEC) != 0);
  }
  CHECK(ours == 3);
}

TEST_CASE("a device is no file") {
  CHECK(errno_of([] { (void)system_files()->open_read("/dev/zero"); }) == EINVAL);
  CHECK(system_files()->info("/dev/zero").value().kind == FileInfo::Kind::other);
}

namespace {

void check_uncached(const std::string& path, std::size_t size) {
  INFO(path << " of " << size);
  const auto files = system_files();
  std::vector<std::byte> content(size);
  for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<std::byte>(i * 7919 >> 5);
  files->create(path)->write(content);
  const auto file = files->open_uncached(path);
  CHECK(file->size() == size);
  for (const std::size_t offset : {std::size_t{0}, std::size_t{4095}, size / 2, size, size + 9,
                                   std::size_t{1} << 20, std::size_t{1}}) {
    for (const std::size_t length : {std::size_t{1}, std::size_t{4096}, std::size_t{2} << 20}) {
      std::vector<std::byte> into(length);
      const std::size_t expected = offset < size ? std::min(length, size - offset) : 0;
      REQUIRE(file->read_at(offset, into) == expected);
      CHECK(std::equal(into.begin(), into.begin() + static_cast<std::ptrdiff_t>(expected),
                       content.begin() + static_cast<std::ptrdiff_t>(std::min(offset, size))));
    }
  }
  files->remove(path);
}

}  // namespace

// A memory file system has nothing but the page cache.
TEST_CASE("an uncached file reads as any other") {
  const TempDir folder;
  const std::string in_memory = "/dev/shm/snapshotter-test-" + std::to_string(::getpid());
  for (const std::size_t size : {0, 1, 4095, 4096, 5000, 1 << 20, (1 << 20) + 1, (3 << 20) + 77}) {
    check_uncached(folder.string() + "/f", size);
    check_uncached(in_memory, size);
  }
}

TEST_CASE("an uncached file refuses what is no file") {
  CHECK(errno_of([] { (void)system_files()->open_uncached("/dev/zero"); }) == EINVAL);
  CHECK(errno_of([] { (void)system_files()->open_uncached("/dev"); }) == EISDIR);
  CHECK(errno_of([] { (void)system_files()->open_uncached("/missing"); }) == ENOENT);
}
