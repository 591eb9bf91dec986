#include "target/prometheus/snapshots_folder.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "target/prometheus/block_meta.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

namespace snapshotter::target::prometheus {
namespace {

using platform::UniqueFd;

constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
// A snapshot is SNAPSHOT/ULID/chunks/000001.
constexpr int kMaxDepth = 8;
constexpr int kPasses = 3;

[[noreturn]] void fail(std::string doing, std::string path, int error, std::string advice = {}) {
  if (advice.empty() && (error == EACCES || error == EPERM)) {
    advice =
        "give the service the right to read and delete in Prometheus's data_dir: let it run as "
        "root, as Prometheus's user, or with CAP_DAC_OVERRIDE";
  }
  throw PrometheusBackupError({std::move(doing), std::move(path), error_text(error),
                               std::move(advice), is_retryable_errno(error), error});
}

UniqueFd open_at(int parent, const char* name, int flags) {
  for (;;) {
    const int handle = ::openat(parent, name, flags);
    if (handle >= 0 || errno != EINTR) return UniqueFd(handle);
  }
}

UniqueFd open_data_dir(const std::string& path) {
  auto handle = open_at(AT_FDCWD, path.c_str(), kFolder & ~O_NOFOLLOW);
  if (handle) return handle;
  const int error = errno;
  fail("open data_dir", path, error,
       error == ENOENT || error == ENOTDIR
           ? "set data_dir to the folder of --storage.tsdb.path, as this machine sees it (of a "
             "container: its volume)"
           : "");
}

// Whatever came from a server or from memory: nothing else becomes a path.
void check_name(const std::string& name) {
  if (!snapshot_stamp(name)) fail("use a snapshot named", printable(name), EINVAL);
}

// One look at a folder of a snapshot and what is in it.
void look_into(int folder, const std::string& path, int depth, SnapshotsFolder::Look& look,
               const std::stop_token& stop) {
  for (const std::string& name : names_in(folder, path)) {
    if (stop.stop_requested()) throw CancelledError("look at a snapshot");
    struct stat status {};
    if (::fstatat(folder, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;
      fail("look at", path + "/" + name, errno);
    }
    if (!S_ISDIR(status.st_mode)) {
      ++look.files;
      look.bytes += static_cast<std::uint64_t>(status.st_size);
      continue;
    }
    if (depth == 0) ++look.blocks;
    // Prometheus writes a block under a name that ends so and renames it.
    if (name.find(".tmp") != std::string::npos) look.unfinished = true;
    if (depth == kMaxDepth) continue;
    const auto inner = open_at(folder, name.c_str(), kFolder);
    if (inner) {
      look_into(inner.get(), path + "/" + name, depth + 1, look, stop);
    } else if (errno != ENOENT) {
      fail("open folder", path + "/" + name, errno);
    }
  }
}

// Deletes a tree on one file system, what is missing in it being fine.
class Remover {
 public:
  Remover(dev_t device, const std::stop_token& stop) : device_(device), stop_(stop) {}

  void remove(int parent, const std::string& name, const std::string& path, int depth = 0) const {
    if (stop_.stop_requested()) throw CancelledError("delete a snapshot");
    const auto folder = open_at(parent, name.c_str(), kFolder);
    if (folder) return remove_folder(parent, folder.get(), name, path, depth);
    if (errno == ENOENT) return;
    if (errno != ENOTDIR && errno != ELOOP) fail("delete", path, errno);
    if (::unlinkat(parent, name.c_str(), 0) != 0 && errno != ENOENT) fail("delete", path, errno);
  }

 private:
  void remove_folder(int parent, int folder, const std::string& name, const std::string& path,
                     int depth) const {
    struct stat status {};
    if (::fstat(folder, &status) != 0) fail("delete", path, errno);
    if (status.st_dev != device_ || depth > kMaxDepth) fail("delete", path, EXDEV);
    // A server that still writes may add to it between emptying and removing.
    for (int pass = 1;; ++pass) {
      for (const std::string& inner : names_in(folder, path)) {
        remove(folder, inner, path + "/" + inner, depth + 1);
      }
      if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return;
      if (errno != ENOTEMPTY || pass == kPasses) fail("delete", path, errno);
    }
  }

  const dev_t device_;
  const std::stop_token& stop_;
};

}  // namespace

std::optional<Time> snapshot_stamp(std::string_view name) noexcept {
  constexpr std::size_t kStamp = 16, kMost = 255;
  constexpr std::string_view kRest =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_";
  if (name.size() < kStamp + 2 || name.size() > kMost || name[kStamp] != '-') return std::nullopt;
  if (name.substr(kStamp).find_first_not_of(kRest) != std::string_view::npos) return std::nullopt;
  return parse_compact(name.substr(0, kStamp));
}

std::vector<std::string> names_in(int folder, const std::string& path) {
  UniqueFd again = open_at(folder, ".", kFolder);  // with a place of its own
  if (!again) {
    if (errno == ENOENT) return {};  // deleted meanwhile
    fail("list folder", path, errno);
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(::fdopendir(again.get()), &::closedir);
  if (!stream) fail("list folder", path, errno);
  (void)again.release();
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) fail("list folder", path, errno);
  std::ranges::sort(names);
  return names;
}

SnapshotsFolder::SnapshotsFolder(std::string data_dir)
    : data_dir_(std::move(data_dir)), path_(data_dir_ + "/snapshots") {}

void SnapshotsFolder::check() const {
  const auto data = open_data_dir(data_dir_);
  if (::faccessat(data.get(), "wal", F_OK, 0) != 0) {
    throw PrometheusBackupError({"use data_dir", data_dir_,
                                 "it has no folder 'wal': this is no data folder of Prometheus",
                                 "mount it, or set data_dir to the folder of --storage.tsdb.path, "
                                 "as this machine sees it"});
  }
  const auto folder = open_folder();
  if (!folder) return;
  if (::faccessat(folder.get(), ".", R_OK | W_OK | X_OK, AT_EACCESS) != 0) {
    fail("delete snapshots in", path_, errno);
  }
}

std::optional<std::uint64_t> SnapshotsFolder::estimate(const std::stop_token& stop) const try {
  const auto data = open_data_dir(data_dir_);
  Look look;
  for (const std::string& name : names_in(data.get(), data_dir_)) {
    if (!is_ulid(name) && name != "chunks_head") continue;
    const auto folder = open_at(data.get(), name.c_str(), kFolder);
    if (folder) look_into(folder.get(), data_dir_ + "/" + name, 1, look, stop);
  }
  return look.bytes;
} catch (const Error&) {
  return std::nullopt;
}

UniqueFd SnapshotsFolder::open_folder() const {
  const auto data = open_data_dir(data_dir_);
  auto folder = open_at(data.get(), "snapshots", kFolder);
  if (!folder && errno != ENOENT) {
    fail("open folder", path_, errno,
         errno == ELOOP || errno == ENOTDIR ? "let it be a folder, as Prometheus makes it" : "");
  }
  return folder;
}

std::vector<std::string> SnapshotsFolder::names() const {
  const auto folder = open_folder();
  if (!folder) return {};
  auto names = names_in(folder.get(), path_);
  std::erase_if(names, [](const std::string& name) { return !snapshot_stamp(name); });
  return names;
}

std::optional<SnapshotsFolder::Look> SnapshotsFolder::look(const std::string& name,
                                                           const std::stop_token& stop) const {
  check_name(name);
  const auto folder = open_folder();
  if (!folder) return std::nullopt;
  const auto snapshot = open_at(folder.get(), name.c_str(), kFolder);
  if (!snapshot) {
    if (errno == ENOENT) return std::nullopt;
    fail("open snapshot", path_of(name), errno);
  }
  Look look;
  look_into(snapshot.get(), path_of(name), 0, look, stop);
  return look;
}

UniqueFd SnapshotsFolder::open(const std::string& name) const {
  check_name(name);
  const auto folder = open_folder();
  auto snapshot = open_at(folder.get(), name.c_str(), kFolder);
  if (!snapshot) fail("open snapshot", path_of(name), errno);
  return snapshot;
}

bool SnapshotsFolder::remove(const std::string& name, const std::stop_token& stop) const {
  check_name(name);
  const auto folder = open_folder();
  if (!folder) return false;
  struct stat status {};
  if (::fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    if (errno == ENOENT) return false;
    fail("delete snapshot", path_of(name), errno);
  }
  struct stat place {};
  if (::fstat(folder.get(), &place) != 0) fail("delete snapshot", path_of(name), errno);
  Remover(place.st_dev, stop).remove(folder.get(), name, path_of(name));
  if (::fsync(folder.get()) != 0) fail("sync folder", path_, errno);
  return true;
}

}  // namespace snapshotter::target::prometheus
