// The two archive formats and their levels.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace snapshotter::archive {

enum class Format { tar_gz, tar_zst };

// "tar.gz", "tar.zst": also the file's extension.
[[nodiscard]] std::string_view name(Format format);
[[nodiscard]] std::optional<Format> parse_format(std::string_view name);
// By the first four bytes: gzip's or zstd's magic. nullopt: neither.
[[nodiscard]] std::optional<Format> detect_format(std::string_view first_bytes);

// How hard to compress. Named levels choose the codec too. For tar.gz fast = ISA-L 3 (libdeflate 1
// where there is no ISA-L): ten times gzip's speed, at most a tenth larger; balanced = libdeflate
// 5: gzip's size at three times its speed; small = libdeflate 9. For tar.zst fast = 1, balanced =
// 3, small = 9. A number is libdeflate's 1–12 or zstd's 1–19. (Figures are in the codecs' files.)
struct Level {
  enum class Name { fast, balanced, small, number } name = Name::balanced;
  int number = 0;
  friend bool operator==(const Level&, const Level&) = default;
};
// "fast", "balanced", "small", "6"; nullopt: not a level of this format.
[[nodiscard]] std::optional<Level> parse_level(std::string_view text, Format format);
[[nodiscard]] std::string to_string(const Level& level);

}  // namespace snapshotter::archive
