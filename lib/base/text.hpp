// Small services for messages that people read.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter {

// The candidate nearest to a misspelt word (Damerau-Levenshtein, without regard to case; the first
// of equals), or nullopt when none is near enough to be meant: a third of the letters may be wrong,
// three at most. Words of more than 64 bytes have no neighbours.
[[nodiscard]] std::optional<std::string> nearest(std::string_view word,
                                                 std::span<const std::string> candidates);
// ", did you mean 'retention'?" or "".
[[nodiscard]] std::string suggestion(std::string_view word,
                                     std::span<const std::string> candidates);

// Names of files hold any bytes. This gives one line of valid UTF-8 for logs, JSON and terminals:
// control characters, marks that reorder a line, and bytes that are not UTF-8 become \n, \t or
// \xhh, and a backslash becomes \\, so that no two names look alike.
[[nodiscard]] std::string printable(std::string_view bytes);

[[nodiscard]] std::string join(std::span<const std::string> words, std::string_view separator);
// Always one part more than there are separators; parts may be empty.
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator);

}  // namespace snapshotter
