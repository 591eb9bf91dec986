// One member of a tar archive, in the terms of the file system it came from.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

namespace snapshotter::archive {

struct Extent {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

struct Entry {
  enum class Kind { file, directory, symlink, hardlink, fifo, character_device, block_device };

  Kind kind = Kind::file;
  // Any bytes but NUL; relative, without a leading '/', "./" or "..". Folders without a final '/'.
  std::string path;
  std::uint64_t size = 0;  // of a file, holes included
  mode_t mode = 0;         // permission bits with setuid, setgid and sticky
  uid_t uid = 0;
  gid_t gid = 0;
  std::string user, group;  // may be empty
  timespec modified{};
  std::string link_target;  // of a symlink: any bytes; of a hard link: the path of an earlier file
  unsigned device_major = 0, device_minor = 0;
  // Raw extended attributes as getxattr(2) gives them. POSIX ACLs (system.posix_acl_access and
  // _default) are among them and become pax ACL records.
  std::vector<std::pair<std::string, std::string>> xattrs;
  // A sparse file's data, ascending, within `size`; used when `sparse`. Their lengths but the last
  // one's are multiples of 512, as SEEK_DATA and SEEK_HOLE give them. The content written is the
  // extents' bytes one after the other. A sparse file without extents is one hole.
  bool sparse = false;
  std::vector<Extent> extents;
};

}  // namespace snapshotter::archive
