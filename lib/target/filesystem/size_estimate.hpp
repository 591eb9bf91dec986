#pragma once

#include "target/filesystem/exclude.hpp"
#include "target/filesystem/tree_walker.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

namespace snapshotter::target {

// Content bytes of all files that a walk finds, without opening one: holes and further names of a
// file not counted. nullopt: `expired` said so (it is asked for each thing found), `stop` was
// requested, or the walk failed.
[[nodiscard]] std::optional<std::uint64_t> estimate_size(std::span<const std::string> paths,
                                                         const Excludes& excludes,
                                                         WalkOptions options,
                                                         const std::function<bool()>& expired,
                                                         std::stop_token stop);

}  // namespace snapshotter::target
