#include "target/filesystem/status.hpp"

#include <fcntl.h>

#include <cerrno>

namespace snapshotter::target {
namespace {

bool is_same_time(const statx_timestamp& a, const statx_timestamp& b) noexcept {
  return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

}  // namespace

int read_status(int parent, const char* name, Status& status) noexcept {
  constexpr int kFlags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT;
  return ::statx(parent, name, kFlags, STATX_BASIC_STATS, &status) == 0 ? 0 : errno;
}

int read_status(int handle, Status& status) noexcept {
  return ::statx(handle, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &status) == 0 ? 0 : errno;
}

bool is_same_version(const Status& a, const Status& b) noexcept {
  return id_of(a) == id_of(b) && a.stx_size == b.stx_size && a.stx_nlink == b.stx_nlink &&
         is_same_time(a.stx_mtime, b.stx_mtime) && is_same_time(a.stx_ctime, b.stx_ctime);
}

}  // namespace snapshotter::target
