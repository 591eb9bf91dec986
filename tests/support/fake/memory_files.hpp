// A file system in memory that forgets, at a power cut, whatever was not synced.
#pragma once

#include "platform/files.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace snapshotter::test {

// Behaves as system_files() does on a disk of the least helpful kind: nothing reaches it by itself.
// A file whose name was synced but whose content was not is empty after a power cut; a removed or
// renamed file whose folder was not synced is back under its old name. Any thread.
class MemoryFiles : public platform::Files {
 public:
  MemoryFiles();
  ~MemoryFiles() override;

  // The power is gone and back. Every File from before fails with EBADF from now on, every lock is
  // free.
  void power_cut();

  // The n-th call (1: the first after construction) fails with this errno, as do several if asked
  // for several times. A failed write leaves its first half behind; after a failed sync, what was
  // to be synced is lost to later syncs too, as on Linux. Only calls that a real disk can fail
  // count: all of Files, and of File write, write_at, read_at and sync.
  void fail_call(std::uint64_t n, int error_number);
  [[nodiscard]] std::uint64_t calls() const;

  // The sum of the sizes of all files that have a name or had one at the last sync; more is ENOSPC.
  // 1 TiB at first.
  void limit_space(std::uint64_t bytes);

  std::unique_ptr<platform::File> create(const std::string& path) override;
  std::unique_ptr<platform::File> open_read(const std::string& path) override;
  void make_directories(const std::string& path) override;
  std::optional<std::vector<platform::FileInfo>> list(const std::string& path) override;
  std::optional<platform::FileInfo> info(const std::string& path) override;
  void rename(const std::string& from, const std::string& to) override;
  void remove(const std::string& path) override;
  void remove_directory(const std::string& path) override;
  void sync_directory(const std::string& path) override;
  platform::SpaceInfo space(const std::string& path) override;
  std::shared_ptr<void> lock(const std::string& path) override;

 private:
  struct Node;
  struct Disk;
  class OpenFile;

  std::shared_ptr<Disk> disk_;
};

}  // namespace snapshotter::test
