// Tables that fit into a terminal.
#pragma once

#include "snapshotctl/parts/view.hpp"

#include <string>
#include <vector>

namespace snapshotter::ctl {

struct Column {
  std::string title;
  bool right = false;     // numbers
  bool flexible = false;  // may be cut when the terminal is too narrow
};

struct Cell {
  Cell(std::string shown) : text(std::move(shown)) {}  // NOLINT(google-explicit-constructor)
  Cell(const char* shown) : text(shown) {}             // NOLINT(google-explicit-constructor)
  Cell(std::string shown, Style how) : text(std::move(shown)), style(how) {}
  std::string text;
  Style style = Style::plain;
};

class Table {
 public:
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  // One cell a column. Texts are one line each.
  void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
  [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }

  // Titles and rows, a line each, every line `indent` blanks from the left. Columns that are empty
  // in every row are left out. Where the lines are wider than the view, the widest flexible column
  // is cut until they fit or until it is too short to say anything (kShortest).
  [[nodiscard]] std::string render(const View& view, std::size_t indent = 0) const;

  static constexpr std::size_t kShortest = 8;

 private:
  [[nodiscard]] std::vector<std::size_t> widths(const View& view, std::size_t indent) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

// "Name    value" lines: names are padded to the longest.
class Fields {
 public:
  // Nothing is added for an empty value.
  void add(std::string name, Cell value);
  [[nodiscard]] std::string render(const View& view) const;

 private:
  std::vector<std::pair<std::string, Cell>> fields_;
};

}  // namespace snapshotter::ctl
