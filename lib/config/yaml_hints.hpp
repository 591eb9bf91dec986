// What the text itself tells of a mistake in YAML, where the parser tells too little. Pure
// functions.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace snapshotter::config {

// Whether the quote that opens the value at offset `at`, if one does, has its partner. yaml-cpp
// takes the end of a file for one, and with it everything that was meant to follow the value.
[[nodiscard]] bool is_quote_closed(std::string_view text, std::size_t at);

// What is usually wrong when a parser stops at offset `at`: tabs, or text that had to be quoted.
// nullopt: nothing obvious.
[[nodiscard]] std::optional<std::string> hint_at(std::string_view text, std::size_t at);

}  // namespace snapshotter::config
