// The file seam: what stores and the daemon's state need of a file system, and no more.
//
// Paths are absolute. Calls block and throw SystemError with its errno (StoreError kinds are the
// caller's business): run them on a worker. Any thread; one File is used by one thread at a time,
// except read_at. A test's implementation forgets what was not synced, or fails the n-th call.
//
// Rules for durability that callers follow and the real implementation carries out:
//  * a file's content survives a power cut after File::sync();
//  * a name (created, renamed, removed) survives after sync_directory() of its folder;
//  * rename() replaces atomically.
#pragma once

#include "base/time.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::platform {

class File {
 public:
  virtual ~File() = default;
  // Both write everything or throw; then part of it may have been written. write() writes at the
  // end, in blocks that the caller makes large: each call is one of the system's.
  virtual void write(std::span<const std::byte> bytes) = 0;
  virtual void write_at(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
  // Fills `into`; returns how many bytes were read, less than asked only at the end of the file.
  virtual std::size_t read_at(std::uint64_t offset, std::span<std::byte> into) const = 0;
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  // Returns when the content is on the medium, with what is needed to read it back (its size).
  // After an error the content is lost, whatever a second sync() may say: Linux tells an error
  // once.
  virtual void sync() = 0;
  // Drops clean pages from the page cache, so that the next read comes from the disk (best effort).
  virtual void drop_cache() = 0;
};

struct FileInfo {
  enum class Kind { file, directory, other };
  std::string name;  // the last component
  Kind kind = Kind::other;
  std::uint64_t size = 0;
  Time modified;
};

struct SpaceInfo {
  std::uint64_t total = 0;      // bytes
  std::uint64_t available = 0;  // bytes that this process may still use
};

class Files {
 public:
  virtual ~Files() = default;

  // Creates a new file, 0600 whatever the umask, to write and to read; an existing one is an error.
  [[nodiscard]] virtual std::unique_ptr<File> create(const std::string& path) = 0;
  // A regular file, not a link to one: what else stands there is an error, and blocks nobody.
  [[nodiscard]] virtual std::unique_ptr<File> open_read(const std::string& path) = 0;
  // The same, for reading from the medium what may still be in memory, once and mostly in order:
  // past the page cache where the file system can, after dropping it (best effort) where not. So
  // nothing of the file stays in memory. One thread at a time, also for read_at(); takes 1 MiB.
  [[nodiscard]] virtual std::unique_ptr<File> open_uncached(const std::string& path);
  // Creates the folder and missing parents, each new one 0700 and synced into its parent. Those
  // that exist stay as they are, links to folders included.
  virtual void make_directories(const std::string& path) = 0;
  // Sorted by name; nullopt: the folder does not exist.
  [[nodiscard]] virtual std::optional<std::vector<FileInfo>> list(const std::string& path) = 0;
  // Of the name itself: a link is Kind::other. nullopt: nothing has that name.
  [[nodiscard]] virtual std::optional<FileInfo> info(const std::string& path) = 0;
  virtual void rename(const std::string& from, const std::string& to) = 0;
  virtual void remove(const std::string& path) = 0;            // a missing one is fine
  virtual void remove_directory(const std::string& path) = 0;  // only when empty; missing is fine
  virtual void sync_directory(const std::string& path) = 0;
  [[nodiscard]] virtual SpaceInfo space(const std::string& path) = 0;

  // Exclusive advisory lock on a file (created 0600) for as long as the returned object lives;
  // nullptr: somebody else holds it, in this process or another. The lock dies with the process;
  // the file stays.
  [[nodiscard]] virtual std::shared_ptr<void> lock(const std::string& path) = 0;
};

// The operating system's.
[[nodiscard]] std::unique_ptr<Files> system_files();

// Whole small files (≤ 64 MiB), for manifests and settings.
[[nodiscard]] std::string read_text(Files& files, const std::string& path);
// Under a temporary name in the same folder (".NAME.partial"), synced, renamed, folder synced: a
// reader sees the old or the new content, also after a power cut. One at a time for each path.
void replace_text(Files& files, const std::string& path, std::string_view content);

}  // namespace snapshotter::platform
