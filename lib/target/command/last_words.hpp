// What a program said at its end, fit for an error or a warning. Internal to this target.
#pragma once

#include "base/secret.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::target::command {

// The last five lines that are not blank, printable, joined by " | "; of these the last 1000 bytes,
// after "…" where there was more. Before anything is cut, each secret of four bytes or more, and
// each such line of one, has become "…". Empty when nothing was said.
[[nodiscard]] std::string last_words(std::string_view messages, const std::vector<Secret>& secrets);

}  // namespace snapshotter::target::command
