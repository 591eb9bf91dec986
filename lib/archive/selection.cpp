#include "archive/selection.hpp"

namespace snapshotter::archive {
namespace {

// Takes one "[…]" off the pattern; whether it matches `c`. A '[' that is never closed is itself.
bool bracket_matches(std::string_view& pattern, char c) {
  std::size_t i = 1;
  const bool opposite = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (opposite) ++i;
  const std::size_t first = i;
  bool found = false;
  for (; i < pattern.size() && (pattern[i] != ']' || i == first); ++i) {
    const auto low = static_cast<unsigned char>(pattern[i]);
    auto high = low;
    if (i + 2 < pattern.size() && pattern[i + 1] == '-' && pattern[i + 2] != ']') {
      high = static_cast<unsigned char>(pattern[i + 2]);
      i += 2;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (low <= byte && byte <= high) found = true;
  }
  if (i == pattern.size()) {
    pattern.remove_prefix(1);
    return c == '[';
  }
  pattern.remove_prefix(i + 1);
  return found != opposite;
}

// Takes what matches one character off the pattern.
bool character_matches(std::string_view& pattern, char c) {
  const char first = pattern.front();
  if (first == '[') return bracket_matches(pattern, c) && c != '/';
  if (first == '\\' && pattern.size() > 1) pattern.remove_prefix(1);
  const bool any = first == '?' && c != '/';
  const bool same = pattern.front() == c;
  pattern.remove_prefix(1);
  return any || same;
}

}  // namespace

bool glob_matches(std::string_view pattern, std::string_view path) {
  while (!pattern.empty()) {
    if (pattern.front() == '*') {
      const bool across = pattern.starts_with("**");
      pattern.remove_prefix(across ? 2 : 1);
      // "a/**/b" is a/b too.
      if (across && pattern.starts_with('/') && glob_matches(pattern.substr(1), path)) return true;
      for (;; path.remove_prefix(1)) {
        if (glob_matches(pattern, path)) return true;
        if (path.empty() || (path.front() == '/' && !across)) return false;
      }
    }
    if (path.empty() || !character_matches(pattern, path.front())) return false;
    path.remove_prefix(1);
  }
  return path.empty();
}

Selection::Selection(const std::vector<std::string>& selections) {
  for (const std::string& given : selections) {
    std::string_view pattern = given;
    while (pattern.starts_with('/')) pattern.remove_prefix(1);
    while (pattern.ends_with('/')) pattern.remove_suffix(1);
    items_.push_back({given, std::string(pattern)});
  }
}

bool Selection::includes(std::string_view path) {
  bool included = items_.empty();
  for (Item& item : items_) {
    for (std::size_t end = 0; end != std::string_view::npos;) {
      end = path.find('/', end + 1);
      const std::string_view folder = path.substr(0, end);
      if (item.pattern.empty() || folder == item.pattern || glob_matches(item.pattern, folder)) {
        item.matched = included = true;
        break;
      }
    }
  }
  return included;
}

std::vector<std::string> Selection::unmatched() const {
  std::vector<std::string> given;
  for (const Item& item : items_) {
    if (!item.matched) given.push_back(item.given);
  }
  return given;
}

}  // namespace snapshotter::archive
