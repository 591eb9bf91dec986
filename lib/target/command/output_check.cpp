#include "target/command/output_check.hpp"

#include <string_view>

namespace snapshotter::target::command {
namespace {

constexpr std::size_t kMostBlanks = 4096;
constexpr std::string_view kBlanks = " \t\r\n\v\f";

std::string_view without_blanks_after(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

std::string_view without_blanks(std::string_view text) {
  text = without_blanks_after(text);
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  return text;
}

}  // namespace

OutputCheck::OutputCheck(const std::string& trailer) : trailer_(without_blanks(trailer)) {}

void OutputCheck::add(std::span<const std::byte> piece) {
  bytes_ += piece.size();
  if (trailer_.empty()) return;
  const std::size_t matters = trailer_.size() + kMostBlanks;
  std::string_view text(reinterpret_cast<const char*>(piece.data()), piece.size());
  if (text.size() > matters) text.remove_prefix(text.size() - matters);
  end_ += text;
  if (end_.size() > 2 * matters) end_.erase(0, end_.size() - matters);
}

bool OutputCheck::complete() const { return without_blanks_after(end_).ends_with(trailer_); }

}  // namespace snapshotter::target::command
