#include "config/yaml_hints.hpp"

namespace snapshotter::config {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

// Past the anchor and the tag that stand before a value: the parser's mark is where they begin.
std::size_t skip_properties(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == '&' || text[at] == '!')) {
    const std::size_t end = text.find_first_of(kBlanks, at);
    at = end == std::string_view::npos ? end : text.find_first_not_of(kBlanks, end);
  }
  return at;
}

std::string_view line_at(std::string_view text, std::size_t at) {
  const std::size_t begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
  return text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace

bool is_quote_closed(std::string_view text, std::size_t at) {
  at = skip_properties(text, at);
  if (at >= text.size() || (text[at] != '"' && text[at] != '\'')) return true;
  const char quote = text[at];
  for (std::size_t i = at + 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 == text.size() || text[i + 1] != '\'') return true;
      ++i;  // '' is an apostrophe
    }
  }
  return false;
}

std::optional<std::string> hint_at(std::string_view text, std::size_t at) {
  if (at >= text.size()) return std::nullopt;
  const std::string_view line = line_at(text, at);
  if (line.substr(0, line.find_first_not_of(" \t")).find('\t') != std::string_view::npos) {
    return "a tab indents this line; YAML wants spaces";
  }
  if (text[at] == '*' || (at > 0 && text[at - 1] == '*')) {
    return "text that begins with '*' must be in quotes (bare, it is an alias, and no anchor of "
           "that "
           "name stands above)";
  }
  if (text[at] == '@' || text[at] == '`' || text[at] == '%') {
    return "text that begins with '" + std::string(1, text[at]) + "' must be in quotes";
  }
  return std::nullopt;
}

}  // namespace snapshotter::config
