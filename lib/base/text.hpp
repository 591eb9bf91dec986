// Small services for messages that people read.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter {

// The candidate nearest to a misspelt word (Damerau-Levenshtein), or nullopt when none is near
// enough to be meant.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 std::span<const std::string> candidates);
// ", did you mean 'retention'?" or "".
[[nodiscard]] std::string suggestion(std::string_view word, std::span<const std::string> candidates);

// Names of files hold any bytes. This gives one line of valid UTF-8 for logs, JSON and terminals:
// control characters and bytes that are not UTF-8 become \n, \t, \\ or \xHH.
[[nodiscard]] std::string printable(std::string_view bytes);

[[nodiscard]] std::string join(std::span<const std::string> words, std::string_view separator);
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);

}  // namespace snapshotter
