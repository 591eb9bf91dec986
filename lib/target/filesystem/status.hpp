// What statx(2) says of a file, and which file it is.
#pragma once

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cstddef>
#include <cstdint>
#include <functional>

namespace snapshotter::target {

using Status = struct ::statx;

// Of `name` in the folder `parent`, never of what a symlink points to. Returns 0 or an errno.
[[nodiscard]] int read_status(int parent, const char* name, Status& status) noexcept;
// Of an open file. Returns 0 or an errno.
[[nodiscard]] int read_status(int handle, Status& status) noexcept;

struct FileId {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  friend bool operator==(const FileId&, const FileId&) = default;
};

[[nodiscard]] inline FileId id_of(const Status& status) noexcept {
  return {gnu_dev_makedev(status.stx_dev_major, status.stx_dev_minor), status.stx_ino};
}

// Whether nothing happened to a file between two looks at it, as far as its times and size tell.
[[nodiscard]] bool is_same_version(const Status& a, const Status& b) noexcept;

}  // namespace snapshotter::target

template <>
struct std::hash<snapshotter::target::FileId> {
  std::size_t operator()(const snapshotter::target::FileId& id) const noexcept {
    return std::hash<std::uint64_t>{}(id.inode * 0x9E3779B97F4A7C15U ^ id.device);
  }
};
