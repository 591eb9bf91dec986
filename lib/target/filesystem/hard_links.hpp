// Which files were saved under another name already.
#pragma once

#include "target/filesystem/status.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace snapshotter::target {

// Only files with more than one link are remembered, each until all its links were seen: a tree
// whose links all lie inside of it costs little at any time. About 150 bytes a file.
class HardLinks {
 public:
  // The path given to saved() for the file that `status` describes; nullopt: this is its first
  // link.
  [[nodiscard]] std::optional<std::string> find(const Status& status) {
    if (status.stx_nlink < 2 || saved_.empty()) return std::nullopt;
    const auto found = saved_.find(id_of(status));
    if (found == saved_.end()) return std::nullopt;
    if (--found->second.links_left > 0) return found->second.path;
    std::string path = std::move(found->second.path);
    saved_.erase(found);
    return path;
  }

  void saved(const Status& status, std::string_view path) {
    if (status.stx_nlink < 2) return;
    saved_.insert_or_assign(id_of(status), First{status.stx_nlink - 1, std::string(path)});
  }

  [[nodiscard]] std::size_t size() const noexcept { return saved_.size(); }

 private:
  struct First {
    std::uint32_t links_left;
    std::string path;
  };
  std::unordered_map<FileId, First> saved_;
};

}  // namespace snapshotter::target
