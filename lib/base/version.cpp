#include "base/version.hpp"

namespace snapshotter {

std::string_view version() noexcept { return SNAPSHOTTER_VERSION; }

}  // namespace snapshotter
