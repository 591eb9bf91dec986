// Trees of real files for the tests of the filesystem target, and what a backup made of them.
#pragma once

#include "contract/target/memory_archive.hpp"
#include "support/temp_dir.hpp"
#include "target/filesystem/tree_saver.hpp"
#include "target/filesystem/tree_walker.hpp"

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::test {

// A temporary folder that every user may enter, so that tests can look at it as somebody else.
class Tree : public TempDir {
 public:
  Tree();
  // Makes the folders above, too. Paths are relative to the tree's.
  std::string file(const std::string& path, std::string_view content = "content") const;
  std::string folder(const std::string& path) const;
  [[nodiscard]] std::string at(const std::string& path) const {
    return (this->path() / path).string();
  }
};

// While it lives, this thread (and no other) has the rights of an ordinary user.
class AsNobody {
 public:
  AsNobody();
  ~AsNobody();
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

  static constexpr uid_t kUid = 65534;
};

// A file system mounted on a folder. Fails the test where that is not permitted.
class Mount {
 public:
  Mount(std::string folder, const char* type);
  ~Mount();
  Mount(const Mount&) = delete;
  Mount& operator=(const Mount&) = delete;

 private:
  std::string folder_;
};

struct SaveOptions {
  std::vector<std::string> exclude;
  target::WalkOptions walk;
  // Called before the saver hears of a thing, with its path; may change the tree.
  std::function<void(std::string_view path)> before;
  // Called whenever compressed bytes were written.
  std::function<void()> on_append;
};

struct Saved {
  Bytes archive;
  std::map<std::string, Member> members;  // by absolute path
  target::Report report;
  target::SavedCounts counts;
  std::uint64_t bytes_read = 0;

  [[nodiscard]] bool has(const std::string& path) const { return members.contains(path); }
  [[nodiscard]] const Member& member(const std::string& path) const;
  // "note PATH WHAT"
  [[nodiscard]] std::vector<std::string> warnings() const;
};

// Walks and saves in this thread.
[[nodiscard]] Saved save(const std::vector<std::string>& paths, const SaveOptions& options = {});

}  // namespace snapshotter::test
