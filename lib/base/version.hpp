#pragma once

#include <string_view>

namespace snapshotter {

// The project's version, from CMakeLists.txt.
[[nodiscard]] std::string_view version() noexcept;

}  // namespace snapshotter
