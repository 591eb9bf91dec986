// YAML text → a tree of settings::Node that knows where everything was written.
//
// Everything of YAML that a configuration can use is understood: block and flow style, quotes,
// literal and folded text, anchors, aliases and merge keys (`<<: *defaults`, one mapping or a list
// of them; keys written out win over merged ones, earlier mappings over later ones). Refused, with
// a place: several documents in one file, keys that are not text, tags other than YAML's own,
// duplicate keys, text that is not UTF-8.
//
// Where a node is: a single value or a list or mapping in flow style is where it begins; a block or
// an empty value is where its key stands, which is the line a person looks for. What came in
// through an alias is where it was written, not where it is used.
//
// Limits: kMostNodes nodes after aliases were expanded (so a "billion laughs" ends early), kDeepest
// levels. Costs about 0.1 µs per byte.
#pragma once

#include "base/settings.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace snapshotter::config {

inline constexpr std::size_t kMostNodes = 1'000'000;
inline constexpr std::size_t kDeepest = 64;

// nullopt: the text can't be understood as a whole, and why has been added to `problems`. A tree
// comes back also when problems were found in it (duplicate keys), so that reading can go on and
// find more.
[[nodiscard]] std::optional<settings::Node> parse_yaml(std::string_view text,
                                                       const std::string& file,
                                                       settings::Problems& problems);

}  // namespace snapshotter::config
