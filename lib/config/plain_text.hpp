// Whether bytes are text that a YAML parser should see at all.
#pragma once

#include "base/settings.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace snapshotter::config {

// A parser of YAML keeps every token of a line until the line ends, some 90 bytes for each byte of
// a hostile one.
inline constexpr std::size_t kLongestLine = std::size_t{1} << 20U;

// UTF-8 without NUL bytes and without lines longer than kLongestLine; else the first byte that is
// wrong is reported, with its place, and the answer is false.
[[nodiscard]] bool check_plain_text(std::string_view text, const std::string& file,
                                    settings::Problems& problems);

}  // namespace snapshotter::config
