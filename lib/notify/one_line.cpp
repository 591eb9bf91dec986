#include "notify/one_line.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace snapshotter::notify {

std::string one_line(std::string_view text, std::size_t most) {
  std::string line = printable(text);
  // Text that is fit already keeps its backslashes: most of these are errors, escaped before.
  const auto backslashes = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\\'));
  if (line.size() == text.size() + backslashes) line = text;
  if (line.size() <= most) return line;
  static constexpr std::string_view kEllipsis = "…";
  std::size_t end = most - kEllipsis.size();
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) --end;
  line.resize(end);
  return line += kEllipsis;
}

}  // namespace snapshotter::notify
