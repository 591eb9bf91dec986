// What ${…} stands for.
//
//   ${NAME}             the environment's variable; one that is not set is a problem
//   ${NAME:-default}    the same, or the default where it is not set or empty, as in a shell
//   ${file:/path}       a file's content, at most kLargestValue
//   ${credential:name}  the same of a file in systemd's $CREDENTIALS_DIRECTORY
//   $$                  a dollar
//
// One newline at the end of a file is not part of the value. It applies to values, not to keys.
// What was put in is not looked at again: it never becomes YAML, nor another ${…}. A value that got
// anything from outside the file becomes Node::interpolated, and so is neither shown nor a literal
// secret; a default does stand in the file, so it counts as written there.
#pragma once

#include "base/settings.hpp"
#include "config/load.hpp"

#include <cstddef>
#include <vector>

namespace snapshotter::config {

inline constexpr std::size_t kLargestValue = std::size_t{1} << 20U;

// Replaces in `root` and everything below it. Blocking where files are named. Values that can't be
// made out become empty, with a problem; the result is where they are, so that nobody complains of
// their emptiness as well.
[[nodiscard]] std::vector<settings::Location> interpolate(settings::Node& root,
                                                          const Environment& environment,
                                                          settings::Problems& problems);

}  // namespace snapshotter::config
