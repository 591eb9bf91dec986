// Extended attributes of files, POSIX ACLs and capabilities among them.
#pragma once

#include "target/filesystem/status.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace snapshotter::target {

// One thread; keeps its buffers, and which file system has no attributes at all.
class ExtendedAttributes {
 public:
  using List = std::vector<std::pair<std::string, std::string>>;

  // Of an open file or folder: one system call when it has none. Replaces what is in `into`.
  // Returns 0, or the errno for which some are not in it.
  [[nodiscard]] int read(int handle, const Status& status, List& into);

  // Of what can't be opened: symlinks, fifos, devices. Goes through /proc/self/fd/PARENT/NAME,
  // because there is no llistxattrat() before Linux 6.13; so it needs no path, however deep the
  // tree, and never follows a symlink. Where /proc is not mounted it returns ENOENT.
  [[nodiscard]] int read(int parent, const char* name, const Status& status, List& into);

 private:
  template <class ListNames, class GetValue>
  int read_all(const Status& status, List& into, ListNames list_names, GetValue get_value);

  std::optional<std::uint64_t> device_without_;
  std::vector<char> names_, value_;
};

}  // namespace snapshotter::target
