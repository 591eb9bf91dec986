// Files in memory whose disk keeps, at a power cut, any part of the changes of names that were not
// synced: POSIX promises no order among them.
#pragma once

#include "support/fake/memory_files.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace snapshotter::test {

class ReorderingFiles final : public platform::Files {
 public:
  explicit ReorderingFiles(MemoryFiles& disk) : disk_(disk) {}

  // Changes of names that a power cut may keep or lose.
  [[nodiscard]] std::size_t unsynced() const { return pending_.size(); }
  // Bit i of `kept`: the i-th unsynced change reached the disk.
  void power_cut(std::uint32_t kept);

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
  struct Change {
    enum class Kind { create, rename, remove, remove_directory } kind;
    std::string path;
    std::string to = {};
  };
  void redo(const Change& change);

  MemoryFiles& disk_;
  std::vector<Change> pending_;
};

}  // namespace snapshotter::test
