#include "archive/format.hpp"

#include <algorithm>
#include <charconv>

namespace snapshotter::archive {

std::string_view name(Format format) { return format == Format::tar_gz ? "tar.gz" : "tar.zst"; }

std::optional<Format> parse_format(std::string_view name) {
  if (name == "tar.gz") return Format::tar_gz;
  if (name == "tar.zst") return Format::tar_zst;
  return std::nullopt;
}

std::optional<Format> detect_format(std::string_view first_bytes) {
  using namespace std::string_view_literals;
  if (first_bytes.starts_with("\x1f\x8b"sv)) return Format::tar_gz;
  if (first_bytes.starts_with("\x28\xb5\x2f\xfd"sv)) return Format::tar_zst;
  // zstd files may begin with a frame to be skipped: 0x184D2A50 to 5F, little-endian.
  if (first_bytes.size() >= 4 && (first_bytes[0] & '\xf0') == '\x50' &&
      first_bytes.substr(1).starts_with("\x2a\x4d\x18"sv)) {
    return Format::tar_zst;
  }
  return std::nullopt;
}

std::optional<Level> parse_level(std::string_view text, Format format) {
  if (text == "fast") return Level{Level::Name::fast};
  if (text == "balanced") return Level{Level::Name::balanced};
  if (text == "small") return Level{Level::Name::small};
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const int most = format == Format::tar_gz ? 12 : 19;
  if (error != std::errc{} || end != text.data() + text.size() || number < 1 || number > most) {
    return std::nullopt;
  }
  return Level{Level::Name::number, number};
}

std::string to_string(const Level& level) {
  switch (level.name) {
    case Level::Name::fast:
      return "fast";
    case Level::Name::balanced:
      return "balanced";
    case Level::Name::small:
      return "small";
    case Level::Name::number:
      break;
  }
  return std::to_string(level.number);
}

}  // namespace snapshotter::archive
