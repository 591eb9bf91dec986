// Which entries of an archive a person means.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::archive {

// Selections are paths or globs: '*', '?' and '[…]' (with ranges, '!' or '^' for the opposite)
// match within one component of a path, "**" across components. A backslash takes the next
// character as it is. A selection that matches a folder takes what is below it too. A first '/' and
// a last one do not count. A path that is in the archive exactly as written is meant, whatever
// characters it holds.
class Selection {
 public:
  // Empty: everything is selected.
  explicit Selection(const std::vector<std::string>& selections);

  // `path` without a first or last '/'.
  [[nodiscard]] bool includes(std::string_view path);
  // Selections, as given, that no path asked for has matched.
  [[nodiscard]] std::vector<std::string> unmatched() const;

 private:
  struct Item {
    std::string given;
    std::string pattern;
    bool matched = false;
  };
  std::vector<Item> items_;
};

[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view path);

}  // namespace snapshotter::archive
