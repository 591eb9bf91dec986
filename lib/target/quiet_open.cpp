#include "target/quiet_open.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace snapshotter::target {
namespace {

// Interrupted only on network file systems and FUSE.
int open_at(int parent, const char* name, int flags) noexcept {
  for (;;) {
    const int handle = ::openat(parent, name, flags);
    if (handle >= 0 || errno != EINTR) return handle;
  }
}

}  // namespace

QuietOpen::QuietOpen() : user_(::geteuid()) {}

platform::UniqueFd QuietOpen::operator()(int parent, const char* name, int flags, uid_t owner) {
  flags |= O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  if (owner == user_ || may_keep_times_of_others_) {
    const int handle = open_at(parent, name, flags | O_NOATIME);
    if (handle >= 0 || errno != EPERM) return platform::UniqueFd(handle);
    if (owner != user_) may_keep_times_of_others_ = false;
  }
  return platform::UniqueFd(open_at(parent, name, flags));
}

}  // namespace snapshotter::target
