#include "target/command/last_words.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace snapshotter::target::command {
namespace {

constexpr std::size_t kLines = 5;
constexpr std::size_t kLength = 1000;
// Shorter ones would be found in every other word, and tell more by what is missing.
constexpr std::size_t kShortestSecret = 4;
constexpr std::string_view kHidden = "…";
constexpr std::string_view kBlanks = " \t\r\n\v\f";

// What is to be hidden, longest first: one secret may be a part of another.
std::vector<std::string_view> parts_to_hide(const std::vector<Secret>& secrets) {
  std::vector<std::string_view> parts;
  const auto add = [&](std::string_view part) {
    if (part.size() >= kShortestSecret) parts.push_back(part);
  };
  for (const Secret& secret : secrets) {
    std::string_view rest = secret.reveal();
    add(rest);
    for (std::size_t end = 0; (end = rest.find('\n')) != std::string_view::npos;) {
      add(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
    add(rest);
  }
  std::ranges::stable_sort(parts, std::ranges::greater{}, &std::string_view::size);
  return parts;
}

std::string without(const std::vector<Secret>& secrets, std::string_view text) {
  std::string result(text);
  for (const std::string_view part : parts_to_hide(secrets)) {
    for (std::size_t at = 0; (at = result.find(part, at)) != std::string::npos;) {
      result.replace(at, part.size(), kHidden);
      at += kHidden.size();
    }
  }
  return result;
}

std::string_view trimmed(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return line.substr(begin, line.find_last_not_of(kBlanks) - begin + 1);
}

// Of valid UTF-8, at the start of a character.
std::string shortened(std::string text) {
  if (text.size() <= kLength) return text;
  std::size_t begin = text.size() - kLength;
  while (begin < text.size() && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80U) ++begin;
  return std::string(kHidden) + text.substr(begin);
}

}  // namespace

std::string last_words(std::string_view messages, const std::vector<Secret>& secrets) {
  std::string text = without(secrets, messages);
  // A progress bar overwrites its line again and again.
  std::ranges::replace(text, '\r', '\n');
  std::vector<std::string> lines;
  for (const std::string& line : split(text, '\n')) {
    if (const auto words = trimmed(line); !words.empty()) lines.push_back(printable(words));
  }
  const std::size_t first = lines.size() > kLines ? lines.size() - kLines : 0;
  std::string result = join(std::span(lines).subspan(first), " | ");
  if (first > 0) result.insert(0, std::string(kHidden) + " ");
  return shortened(std::move(result));
}

}  // namespace snapshotter::target::command
