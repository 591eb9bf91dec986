#include "examples.hpp"

using namespace snapshotter::ctl;
using snapshotter::ctl::test::plain_view;

TEST_CASE("Columns are counted as terminals do") {
  CHECK(display_width("") == 0);
  CHECK(display_width("abc") == 3);
  CHECK(display_width("é") == 1);
  CHECK(display_width("日本") == 4);
  CHECK(display_width("e\u0301") == 1);  // a combining accent
  CHECK(display_width("…") == 1);
  CHECK(display_width("\xff") == 1);  // not UTF-8: never more bytes than there are
  CHECK(display_width("\xe6") == 1);
}

TEST_CASE("Cutting keeps to the width and to whole characters") {
  CHECK(cut("abcdef", 6) == "abcdef");
  CHECK(cut("abcdef", 5) == "abcd…");
  CHECK(cut("abcdef", 1) == "…");
  CHECK(cut("abcdef", 0).empty());
  CHECK(cut("日本語", 5) == "日本…");
  CHECK(cut("日本語", 4) == "日…");  // half a character is none
  CHECK(cut("ééé", 2) == "é…");
}

TEST_CASE("Padding fills up on either side") {
  CHECK(pad("ab", 4) == "ab  ");
  CHECK(pad("ab", 4, true) == "  ab");
  CHECK(pad("日", 4) == "日  ");
  CHECK(pad("abcdef", 4) == "abcdef");
}

TEST_CASE("Colours are only for views that have them") {
  auto view = plain_view();
  CHECK(paint("failed", Style::bad, view) == "failed");
  view.colour = true;
  CHECK(paint("failed", Style::bad, view) == "\x1b[31mfailed\x1b[0m");
  CHECK(paint("queued", Style::plain, view) == "queued");
  CHECK(paint("", Style::bad, view).empty());
}

TEST_CASE("States have their colours") {
  CHECK(style_of_state("succeeded") == Style::good);
  CHECK(style_of_state("partial") == Style::warning);
  CHECK(style_of_state("interrupted") == Style::warning);
  CHECK(style_of_state("cancelled") == Style::warning);
  CHECK(style_of_state("failed") == Style::bad);
  CHECK(style_of_state("running") == Style::plain);
}
