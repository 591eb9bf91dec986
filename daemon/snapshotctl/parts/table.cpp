#include "snapshotctl/parts/table.hpp"

#include <algorithm>
#include <numeric>

namespace snapshotter::ctl {
namespace {

constexpr std::size_t kGap = 2;

std::string without_trailing_blanks(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

// What a line of these columns takes; columns of no width are left out with their gap.
std::size_t line_width(const std::vector<std::size_t>& widths) {
  const auto shown = static_cast<std::size_t>(
      std::ranges::count_if(widths, [](std::size_t width) { return width > 0; }));
  const auto sum = std::accumulate(widths.begin(), widths.end(), std::size_t{0});
  return shown == 0 ? 0 : sum + kGap * (shown - 1);
}

}  // namespace

std::vector<std::size_t> Table::widths(const View& view, std::size_t indent) const {
  std::vector<std::size_t> widths(columns_.size(), 0);
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      widths[i] = std::max(widths[i], display_width(row[i].text));
    }
  }
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (widths[i] > 0) widths[i] = std::max(widths[i], display_width(columns_[i].title));
  }
  while (view.width != 0 && line_width(widths) + indent > view.width) {
    std::size_t* widest = nullptr;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!columns_[i].flexible || widths[i] <= kShortest) continue;
      if (widest == nullptr || widths[i] > *widest) widest = &widths[i];
    }
    if (widest == nullptr) break;
    --*widest;
  }
  return widths;
}

std::string Table::render(const View& view, std::size_t indent) const {
  const auto wide = widths(view, indent);
  const auto line = [&](const auto& cell_at) {
    std::string text(indent, ' ');
    bool first = true;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (wide[i] == 0) continue;
      if (!first) text.append(kGap, ' ');
      first = false;
      const Cell cell = cell_at(i);
      const auto shown = cut(cell.text, wide[i]);
      const auto padded = pad(shown, wide[i], columns_[i].right);
      const auto at = columns_[i].right ? padded.size() - shown.size() : 0;
      text +=
          padded.substr(0, at) + paint(shown, cell.style, view) + padded.substr(at + shown.size());
    }
    return without_trailing_blanks(std::move(text)) + '\n';
  };
  auto text = line([&](std::size_t i) { return Cell(columns_[i].title, Style::dim); });
  for (const auto& row : rows_) text += line([&](std::size_t i) { return row[i]; });
  return text;
}

void Fields::add(std::string name, Cell value) {
  if (!value.text.empty()) fields_.emplace_back(std::move(name), std::move(value));
}

std::string Fields::render(const View& view) const {
  std::size_t longest = 0;
  for (const auto& [name, value] : fields_) longest = std::max(longest, display_width(name));
  std::string text;
  for (const auto& [name, value] : fields_) {
    text += paint(pad(name, longest), Style::dim, view) + "  " +
            paint(value.text, value.style, view) + '\n';
  }
  return text;
}

}  // namespace snapshotter::ctl
