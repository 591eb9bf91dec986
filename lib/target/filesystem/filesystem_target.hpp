// Target type "filesystem": files and folders of this machine.
//
// Keys:
//   paths            absolute paths (required); each is kept under its full path, without the
//                    first '/'
//   exclude          patterns, gitignore-like: see exclude.hpp
//   one_file_system  do not descend into other file systems (default false); the mount point itself
//                    is kept as an empty folder
//
// A path of the configuration that does not exist fails the target (FilesystemBackupError): a
// backup of what was not mounted is worthless. So does one on a kernel file system (proc, sysfs),
// and a configuration of whose paths none can be read. A path that is an empty folder, or a symlink
// (saved as the link), is a Warning "missing". Two paths one inside the other are saved once.
// Folders above a path may be reached through symlinks; they are not in the archive themselves.
//
// Walking: tree_walker.hpp. Relative to directory handles, so that no path is resolved twice and no
// symlink followed; folder before content; a folder's files before its folders, sorted by
// name. Kernel file systems in the tree are kept as empty folders and noted. A network file
// system whose server is gone blocks a backup until the kernel gives up: nothing here can end that.
//
// Reading: file_reader.hpp. O_NOATIME where the kernel allows it; what was not in the page cache is
// dropped from it again. Small files are saved as of one instant. A larger file is read up to the
// size it had when it was opened: if it grew, shrank (the rest is zeros), changed (mtime or ctime
// moved) or was deleted meanwhile, that is a Warning "changed", as is a file that vanished before
// it was opened. One that can't be opened or read is "missing"; where reading fails in the middle,
// the rest is zeros. Sockets are noted and left out; fifos and devices are saved as such and never
// opened. Extended attributes and ACLs are kept; further names of a file are hard links to the
// first.
#pragma once

#include "target/target.hpp"

#include <memory>
#include <string>
#include <vector>

namespace snapshotter::target {

struct FilesystemSettings {
  std::vector<std::string> paths;
  std::vector<std::string> exclude = {};
  bool one_file_system = false;
};

[[nodiscard]] std::shared_ptr<BackupTarget> make_filesystem_target(std::string name,
                                                                   FilesystemSettings settings);
[[nodiscard]] std::shared_ptr<BackupTarget> filesystem_target_from(const std::string& name,
                                                                   settings::Section& section);

}  // namespace snapshotter::target
