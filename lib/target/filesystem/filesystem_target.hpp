// Target type "filesystem": files and folders of this machine.
//
// Keys:
//   paths            absolute paths (required); each is kept under its full path, without the first '/'
//   exclude          patterns, gitignore-like: see exclude.hpp
//   one_file_system  do not descend into other file systems (default false); the mount point itself is
//                    kept as an empty folder
//
// A path of the configuration that does not exist fails the target (FilesystemBackupError): a backup of
// what was not mounted is worthless. Two paths one inside the other are saved once.
//
// Reading: relative to directory handles (no path is resolved twice, symlinks are never followed), in
// the order of the file system; O_NOATIME where the kernel allows it; POSIX_FADV_DONTNEED behind what was read, unless it was in
// the page cache before. Sockets are noted and left out; fifos and devices are saved as such and never
// opened. A file is read up to the size it had when it was opened: if it grew, shrank, changed
// (mtime or ctime moved) or vanished, that is a Warning "changed"; one that can't be opened or read is
// "missing".
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "target/target.hpp"

namespace snapshotter::target {

struct FilesystemSettings {
  std::vector<std::string> paths;
  std::vector<std::string> exclude;
  bool one_file_system = false;
};

[[nodiscard]] std::shared_ptr<BackupTarget> make_filesystem_target(std::string name,
                                                                   FilesystemSettings settings);
[[nodiscard]] std::shared_ptr<BackupTarget> filesystem_target_from(const std::string& name,
                                                                   settings::Section& section);

}  // namespace snapshotter::target
