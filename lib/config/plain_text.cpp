#include "config/plain_text.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <cstdint>

namespace snapshotter::config {
namespace {

bool is_between(std::string_view bytes, std::size_t index, unsigned char low, unsigned char high) {
  if (index >= bytes.size()) return false;
  const auto byte = static_cast<unsigned char>(bytes[index]);
  return byte >= low && byte <= high;
}

// How many bytes the character at the front takes; 0: it is not UTF-8. After the table of
// well-formed byte sequences of the Unicode standard (3-7).
std::size_t character_length(std::string_view bytes) {
  const auto lead = static_cast<unsigned char>(bytes[0]);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (!is_between(bytes, 1, low, high)) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (!is_between(bytes, i, 0x80, 0xBF)) return 0;
  }
  return length;
}

// The first byte that may not stand in a line, or its end.
std::size_t first_bad_byte(std::string_view line) {
  std::size_t at = 0;
  while (at < line.size() && line[at] != '\0') {
    const std::size_t length = character_length(line.substr(at));
    if (length == 0) break;
    at += length;
  }
  return at;
}

std::string complaint(std::string_view line, std::size_t at) {
  if (line[at] == '\0') return "a NUL byte stands here; this is not a text file";
  return "the byte " + printable(line.substr(at, 1)) +
         " is not UTF-8; save the file in the encoding UTF-8";
}

}  // namespace

bool check_plain_text(std::string_view text, const std::string& file,
                      settings::Problems& problems) {
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    const std::size_t bad = first_bad_byte(line);
    if (bad < line.size()) {
      problems.add({file, number, static_cast<int>(bad) + 1}, complaint(line, bad));
      return false;
    }
    if (line.size() > kLongestLine) {
      problems.add({file, number, 1}, "a line may have at most 1 MiB; break this one up");
      return false;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

}  // namespace snapshotter::config
