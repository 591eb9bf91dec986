#include "support/source_path.hpp"

namespace snapshotter::test {

std::filesystem::path source_path(const std::string& path) {
  return std::filesystem::path(SNAPSHOTTER_SOURCE_DIR) / path;
}

}  // namespace snapshotter::test
