#pragma once

#include <optional>
#include <string_view>

namespace snapshotter::target {

// The name ("proc") of the file system that an open file or folder is on, when its files are views
// of the kernel's state and not stored data: nothing to back up, and reading some of them has
// effects. tmpfs and devtmpfs hold what somebody put there and are none of these.
[[nodiscard]] std::optional<std::string_view> kernel_file_system(int handle) noexcept;

}  // namespace snapshotter::target
