// Reading a whole file of a known upper size, together with who else may read it.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>

namespace snapshotter::config {

struct SmallFile {
  std::string text;
  mode_t mode = 0;  // permission bits, of the very file that was read
};

// Follows symlinks. Blocking, but never waits: anything other than a regular file is refused.
// Throws SystemError when the system says no, ConfigError for what is no regular file or larger
// than `limit`.
[[nodiscard]] SmallFile read_small_file(const std::string& path, std::size_t limit);

}  // namespace snapshotter::config
