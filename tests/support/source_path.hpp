// Where the project's own files are.
#pragma once

#include <filesystem>
#include <string>

namespace snapshotter::test {

// A file of the project, by its path from the root of the sources.
[[nodiscard]] std::filesystem::path source_path(const std::string& path);

}  // namespace snapshotter::test
