// Walks trees of files without ever resolving a path twice.
//
// A folder is opened relative to the handle of the folder it was found in, O_NOFOLLOW, so whoever
// renames folders or plants symlinks meanwhile can't lead the walk out of the tree.
//
// In each folder comes first all that is no folder, then its folders one after the other, both
// sorted by name: files that are alike often have names that are, and an archive of them is about
// one percent smaller (measured on 48,000 files in 1.5 GB) than in the order of the file system's
// hashes. Large folders are sorted by some 30,000 names at a time, so memory holds these and the
// names of folders that wait, not those of a million files. Handles are kept of the innermost
// levels only: a tree may be thousands of levels deep, and paths longer than PATH_MAX are fine.
#pragma once

#include "target/filesystem/exclude.hpp"
#include "target/filesystem/status.hpp"
#include "target/target.hpp"

#include <cstddef>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>

namespace snapshotter::target {

// One thing in a tree. Valid during the call only.
struct Found {
  std::string_view path;  // absolute, beginning with the configured path
  int parent;             // handle of the folder it is in …
  const char* name;       // … and its name there
  const Status& status;
  int handle = -1;  // of a folder that could be opened
};

// What the walk tells. What these throw ends the walk.
class TreeVisitor {
 public:
  virtual ~TreeVisitor() = default;
  virtual void directory(const Found& found) = 0;  // before anything in it
  virtual void other(const Found& found) = 0;      // anything else
  virtual void warn(Warning warning) = 0;
};

struct WalkOptions {
  bool one_file_system = false;
  std::size_t open_folders = 64;  // handles kept at most; at least 2
};

// Visits all below `paths` (absolute and normalised), each thing once, even when one path lies in
// another or is there twice. Mount points of kernel file systems (proc, sysfs, …), and of all
// others with one_file_system, are visited as folders without a handle, and noted. A path that is a
// symlink is visited as such, with a warning that it leads nowhere in the backup. An empty one is
// warned of: what belongs there may not be mounted.
//
// Throws FilesystemBackupError when a path does not exist (before anything is visited), is on a
// kernel file system, or when none of them could be read; CancelledError soon after `stop`. A
// server of a network file system that does not answer blocks the walk, and nothing but the kernel
// can end that.
void walk_trees(std::span<const std::string> paths, const Excludes& excludes, WalkOptions options,
                TreeVisitor& visitor, std::stop_token stop);

// What to say about a thing that could not be opened, read or asked for.
[[nodiscard]] Warning unreadable(std::string_view path, int error);

}  // namespace snapshotter::target
