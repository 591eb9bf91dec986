#include "base/error.hpp"
#include "platform/system_file.hpp"
#include "platform/uncached_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace snapshotter::platform {
namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kDirectoryMode = 0700;

std::string parent_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

UniqueFd open(const std::string& path, int flags) {
  return UniqueFd(retry([&] { return ::open(path.c_str(), flags | O_CLOEXEC, kFileMode); }));
}

FileInfo info_from(std::string name, const struct stat& status) {
  FileInfo info;
  info.name = std::move(name);
  if (S_ISREG(status.st_mode)) info.kind = FileInfo::Kind::file;
  if (S_ISDIR(status.st_mode)) info.kind = FileInfo::Kind::directory;
  info.size = static_cast<std::uint64_t>(status.st_size);
  info.modified =
      Time{std::chrono::seconds{status.st_mtim.tv_sec} +
           std::chrono::floor<Duration>(std::chrono::nanoseconds{status.st_mtim.tv_nsec})};
  return info;
}

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};

UniqueFd open_regular(const std::string& path) {
  // O_NONBLOCK: a fifo of that name would block until somebody writes to it.
  auto file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) fail("open", path, errno);
  if (S_ISDIR(status.st_mode)) fail("open", path, EISDIR);
  if (!S_ISREG(status.st_mode)) fail("open", path, EINVAL);
  return file;
}

class SystemFiles : public Files {
 public:
  std::unique_ptr<File> create(const std::string& path) override {
    auto file = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW);
    // The mode that open(2) was given is cut by the umask.
    if (!file || ::fchmod(file.get(), kFileMode) != 0) fail("create", path, errno);
    return std::make_unique<SystemFile>(std::move(file), path);
  }

  std::unique_ptr<File> open_read(const std::string& path) override {
    return std::make_unique<SystemFile>(open_regular(path), path);
  }

  std::unique_ptr<File> open_uncached(const std::string& path) override {
    return std::make_unique<UncachedFile>(open_regular(path), path);
  }

  void make_directories(const std::string& path) override {
    if (make_directory(path)) return;
    make_directories(parent_of(path));
    if (!make_directory(path)) fail("create directory", path, ENOENT);
  }

  std::optional<std::vector<FileInfo>> list(const std::string& path) override {
    auto descriptor = open(path, O_RDONLY | O_DIRECTORY);
    if (!descriptor && errno == ENOENT) return std::nullopt;
    if (!descriptor) fail("list directory", path, errno);
    const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(descriptor.get()));
    if (!directory) fail("list directory", path, errno);
    const int opened = descriptor.release();

    std::vector<FileInfo> entries;
    for (;;) {
      errno = 0;
      const dirent* entry = ::readdir(directory.get());
      if (entry == nullptr) break;
      std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      struct stat status {};
      if (::fstatat(opened, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0) {
        entries.push_back(info_from(std::move(name), status));
      } else if (errno != ENOENT) {  // removed since readdir() is fine
        fail("look at", path + "/" + name, errno);
      }
    }
    if (errno != 0) fail("list directory", path, errno);
    std::ranges::sort(entries, {}, &FileInfo::name);
    return entries;
  }

  std::optional<FileInfo> info(const std::string& path) override {
    struct stat status {};
    if (::lstat(path.c_str(), &status) == 0) {
      return info_from(path.substr(path.find_last_of('/') + 1), status);
    }
    if (errno != ENOENT) fail("look at", path, errno);
    return std::nullopt;
  }

  void rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) == 0) return;
    const int error_number = errno;
    fail(("rename '" + from + "' to").c_str(), to, error_number);
  }

  void remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail("remove", path, errno);
  }

  void remove_directory(const std::string& path) override {
    if (::rmdir(path.c_str()) != 0 && errno != ENOENT) fail("remove directory", path, errno);
  }

  void sync_directory(const std::string& path) override {
    const auto directory = open(path, O_RDONLY | O_DIRECTORY);
    if (!directory) fail("sync directory", path, errno);
    if (retry([&] { return ::fsync(directory.get()); }) == 0) return;
    // Some file systems of the network don't know this for directories; they keep names by
    // themselves or not at all, and there is nothing else to ask for.
    if (errno != EINVAL && errno != EBADF) fail("sync directory", path, errno);
  }

  SpaceInfo space(const std::string& path) override {
    struct statvfs status {};
    if (retry([&] { return ::statvfs(path.c_str(), &status); }) != 0) {
      fail("read the free space of", path, errno);
    }
    return {.total = std::uint64_t{status.f_blocks} * status.f_frsize,
            .available = std::uint64_t{status.f_bavail} * status.f_frsize};
  }

  std::shared_ptr<void> lock(const std::string& path) override {
    auto file = open(path, O_RDWR | O_CREAT | O_NOFOLLOW);
    if (!file) fail("lock", path, errno);
    if (retry([&] { return ::flock(file.get(), LOCK_EX | LOCK_NB); }) == 0) {
      return std::make_shared<UniqueFd>(std::move(file));
    }
    if (errno != EWOULDBLOCK) fail("lock", path, errno);
    return nullptr;
  }

 private:
  // False: the parent is missing.
  bool make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), kDirectoryMode) != 0) {
      if (errno == ENOENT) return false;
      const int error_number = errno;
      struct stat status {};
      const bool there = ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
      if (there) return true;
      fail("create directory", path, error_number);
    }
    const auto directory = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!directory || ::fchmod(directory.get(), kDirectoryMode) != 0) {
      fail("create directory", path, errno);
    }
    sync_directory(parent_of(path));
    return true;
  }
};

}  // namespace

std::unique_ptr<Files> system_files() { return std::make_unique<SystemFiles>(); }

}  // namespace snapshotter::platform
