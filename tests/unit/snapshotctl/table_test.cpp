#include "snapshotctl/parts/table.hpp"

#include "examples.hpp"

#include <sstream>

using namespace snapshotter::ctl;
using snapshotter::ctl::test::plain_view;
using snapshotter::ctl::test::terminal;

namespace {

Table example() {
  Table table({{"NAME"}, {"SIZE", true}, {"WHY", false, true}});
  table.add({"nightly", "1.5 GiB", "because it is written in a long, long sentence"});
  table.add({"日本", "9 B", ""});
  return table;
}

std::size_t widest_line(const std::string& text) {
  std::istringstream lines(text);
  std::size_t widest = 0;
  for (std::string line; std::getline(lines, line);) {
    widest = std::max(widest, display_width(line));
  }
  return widest;
}

}  // namespace

TEST_CASE("A table lines its columns up and leaves no trailing blanks") {
  CHECK(example().render(plain_view()) ==
        "NAME        SIZE  WHY\n"
        "nightly  1.5 GiB  because it is written in a long, long sentence\n"
        "日本         9 B\n");
}

TEST_CASE("A table is cut to the terminal in its flexible column") {
  const auto text = example().render(terminal(40));
  CHECK(widest_line(text) == 40);
  CHECK_THAT(text, snapshotter::test::ContainsText("nightly  1.5 GiB  because it is writte…\n") ||
                       snapshotter::test::ContainsText("…\n"));
}

TEST_CASE("A terminal wide enough cuts nothing") {
  CHECK(example().render(terminal(64)) == example().render(plain_view()));
}

TEST_CASE("The widest flexible column is cut first") {
  Table table({{"A", false, true}, {"B", false, true}});
  table.add({"short text", "a text that is very much longer than the other"});
  CHECK(table.render(terminal(30)) == "A           B\nshort text  a text that is ve…\n");
}

TEST_CASE("No column is cut until it says nothing") {
  Table table({{"A", false, true}, {"B"}});
  table.add({"abcdefghijkl", "fixed"});
  CHECK_THAT(table.render(terminal(5)), snapshotter::test::ContainsText("abcdefg…  fixed"));
}

TEST_CASE("Columns without content are left out") {
  Table table({{"A"}, {"EMPTY"}, {"B"}});
  table.add({"1", "", "2"});
  CHECK(table.render(plain_view()) == "A  B\n1  2\n");
}

TEST_CASE("A table can be indented, and fits all the same") {
  CHECK(example().render(plain_view(), 2).starts_with("  NAME"));
  CHECK(widest_line(example().render(terminal(40), 4)) == 40);
}

TEST_CASE("Colours do not count as columns") {
  auto view = plain_view();
  view.colour = true;
  Table table({{"STATE"}, {"B"}});
  table.add({{"failed", Style::bad}, "x"});
  CHECK_THAT(table.render(view), snapshotter::test::ContainsText("\x1b[31mfailed\x1b[0m  x\n"));
}

TEST_CASE("Fields line their values up and leave out what has none") {
  Fields fields;
  fields.add("Job", "nightly");
  fields.add("Reason", "");
  fields.add("Store", "local");
  CHECK(fields.render(plain_view()) == "Job    nightly\nStore  local\n");
}
