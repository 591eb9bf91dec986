// Blocks of Prometheus's database, made by promtool itself.
#pragma once

#include "support/temp_dir.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace snapshotter::test {

// What is in one block.
struct BlockContent {
  unsigned series = 4;
  unsigned samples = 100;  // of each, a second apart
  bool noisy = false;      // values that can't be compressed
};

// Blocks of two hours each, one after the other, in `folder`; their names in the order of time.
// Made once in a process, and copied.
std::vector<std::string> make_blocks(const std::filesystem::path& folder, unsigned count,
                                     BlockContent content = {});

}  // namespace snapshotter::test
