// How output looks where it goes: all that rendering needs to know of the world.
#pragma once

#include "base/time.hpp"
#include "schedule/time_zone.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace snapshotter::ctl {

enum class Style { plain, heading, good, warning, bad, dim };

struct View {
  std::size_t width = 0;  // columns of the terminal; 0: not a terminal, nothing is cut
  bool colour = false;
  Time now = {};
  schedule::TimeZone zone = schedule::TimeZone::utc();  // of the person who reads

  // Too narrow for a date and its age side by side.
  [[nodiscard]] bool narrow() const noexcept { return width != 0 && width < 110; }
};

// The text in the style's colour, or as it is where there are no colours.
[[nodiscard]] std::string paint(std::string_view text, Style style, const View& view);
// succeeded is good, partial and interrupted warn, failed is bad, …
[[nodiscard]] Style style_of_state(std::string_view state);

// Columns that a text takes on a terminal: wide characters two, combining ones none. Takes UTF-8.
[[nodiscard]] std::size_t display_width(std::string_view text);
// At most `width` columns, with "…" as the last where something was cut off.
[[nodiscard]] std::string cut(std::string_view text, std::size_t width);
// Filled up with blanks to `width` columns.
[[nodiscard]] std::string pad(std::string_view text, std::size_t width, bool right = false);

}  // namespace snapshotter::ctl
