#include "snapshotctl/parts/view.hpp"

#include <locale.h>

#include <clocale>
#include <cwchar>

namespace snapshotter::ctl {
namespace {

constexpr std::string_view kReset = "\x1b[0m";

std::string_view colour(Style style) {
  switch (style) {
    case Style::plain:
      return "";
    case Style::heading:
      return "\x1b[1m";
    case Style::good:
      return "\x1b[32m";
    case Style::warning:
      return "\x1b[33m";
    case Style::bad:
      return "\x1b[31m";
    case Style::dim:
      return "\x1b[2m";
  }
  return "";
}

// wcwidth() asks the thread's locale, and the caller's may be one without wide characters.
class Utf8Locale {
 public:
  Utf8Locale() : before_(::uselocale(utf8())) {}
  ~Utf8Locale() { ::uselocale(before_); }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  static locale_t utf8() {
    static const locale_t made = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return made;  // 0 where there is none: uselocale(0) changes nothing
  }
  locale_t before_;
};

struct Character {
  std::size_t bytes = 1;
  std::size_t columns = 1;
};

// The first character of a text that is not empty. What is no UTF-8 counts a column a byte.
Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (length == 1 || text.size() < length) return {};
  char32_t code = lead & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    code = (code << 6U) | (static_cast<unsigned char>(text[i]) & 0x3fU);
  }
  const int columns = ::wcwidth(static_cast<wchar_t>(code));
  return {length, columns < 0 ? 1 : static_cast<std::size_t>(columns)};
}

}  // namespace

std::string paint(std::string_view text, Style style, const View& view) {
  const auto code = colour(style);
  if (!view.colour || code.empty() || text.empty()) return std::string(text);
  return std::string(code).append(text).append(kReset);
}

Style style_of_state(std::string_view state) {
  if (state == "succeeded" || state == "good") return Style::good;
  if (state == "partial" || state == "interrupted" || state == "cancelled") return Style::warning;
  if (state == "failed" || state == "damaged") return Style::bad;
  return Style::plain;
}

std::size_t display_width(std::string_view text) {
  const Utf8Locale locale;
  std::size_t columns = 0;
  while (!text.empty()) {
    const auto character = first_character(text);
    columns += character.columns;
    text.remove_prefix(character.bytes);
  }
  return columns;
}

std::string cut(std::string_view text, std::size_t width) {
  if (display_width(text) <= width) return std::string(text);
  if (width == 0) return {};
  const Utf8Locale locale;
  std::size_t columns = 0;
  std::size_t bytes = 0;
  while (bytes < text.size()) {
    const auto character = first_character(text.substr(bytes));
    if (columns + character.columns > width - 1) break;
    columns += character.columns;
    bytes += character.bytes;
  }
  return std::string(text.substr(0, bytes)) + "…";
}

std::string pad(std::string_view text, std::size_t width, bool right) {
  const auto columns = display_width(text);
  const std::string blanks(columns < width ? width - columns : 0, ' ');
  return right ? blanks + std::string(text) : std::string(text) + blanks;
}

}  // namespace snapshotter::ctl
