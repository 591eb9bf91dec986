#include "reordering_files.hpp"

#include "base/error.hpp"

namespace snapshotter::test {
namespace {

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

}  // namespace

void ReorderingFiles::power_cut(std::uint32_t kept) {
  disk_.power_cut();
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    if ((kept >> i & 1U) != 0) redo(pending_[i]);
  }
  pending_.clear();
}

void ReorderingFiles::redo(const Change& change) {
  try {
    switch (change.kind) {
      case Change::Kind::create:
        (void)disk_.create(change.path);
        break;
      case Change::Kind::rename:
        disk_.rename(change.path, change.to);
        break;
      case Change::Kind::remove:
        disk_.remove(change.path);
        break;
      case Change::Kind::remove_directory:
        disk_.remove_directory(change.path);
        break;
    }
  } catch (const SystemError&) {
    // It stood on a change that was lost.
  }
}

std::unique_ptr<platform::File> ReorderingFiles::create(const std::string& path) {
  auto file = disk_.create(path);
  pending_.push_back({Change::Kind::create, path});
  return file;
}

std::unique_ptr<platform::File> ReorderingFiles::open_read(const std::string& path) {
  return disk_.open_read(path);
}

void ReorderingFiles::make_directories(const std::string& path) { disk_.make_directories(path); }

std::optional<std::vector<platform::FileInfo>> ReorderingFiles::list(const std::string& path) {
  return disk_.list(path);
}

std::optional<platform::FileInfo> ReorderingFiles::info(const std::string& path) {
  return disk_.info(path);
}

void ReorderingFiles::rename(const std::string& from, const std::string& to) {
  disk_.rename(from, to);
  pending_.push_back({Change::Kind::rename, from, to});
}

void ReorderingFiles::remove(const std::string& path) {
  disk_.remove(path);
  pending_.push_back({Change::Kind::remove, path});
}

void ReorderingFiles::remove_directory(const std::string& path) {
  disk_.remove_directory(path);
  pending_.push_back({Change::Kind::remove_directory, path});
}

void ReorderingFiles::sync_directory(const std::string& path) {
  disk_.sync_directory(path);
  std::erase_if(pending_, [&](const Change& change) { return folder_of(change.path) == path; });
}

platform::SpaceInfo ReorderingFiles::space(const std::string& path) { return disk_.space(path); }

std::shared_ptr<void> ReorderingFiles::lock(const std::string& path) { return disk_.lock(path); }

}  // namespace snapshotter::test
