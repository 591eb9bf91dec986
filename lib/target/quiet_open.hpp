// Opening files so that neither they nor who else uses them notice.
#pragma once

#include "platform/unique_fd.hpp"

#include <sys/types.h>

namespace snapshotter::target {

// Opens relative to a folder's handle for reading: without following a symlink in the last
// component, without waiting for the other end of a fifo, and without moving the access time where
// the kernel allows that (to the owner and to CAP_FOWNER). One per walk; one thread.
class QuietOpen {
 public:
  QuietOpen();

  // `flags` are added (O_DIRECTORY); `owner` is the file's. No handle: errno says why; a symlink
  // gives ELOOP (ENOTDIR with O_DIRECTORY), a socket ENXIO, a file that another program holds a
  // lease on EWOULDBLOCK (the kernel has then asked for it back).
  [[nodiscard]] platform::UniqueFd operator()(int parent, const char* name, int flags, uid_t owner);

 private:
  uid_t user_;
  bool may_keep_times_of_others_ = true;  // until the kernel says no
};

}  // namespace snapshotter::target
