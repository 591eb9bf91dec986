#include "http/message.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace snapshotter::http {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::optional<int> number(std::string_view text) {
  int value = 0;
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || text.front() == '-' || error != std::errc{} || after != end) return {};
  return value;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t begin = 0; begin < text.size();) {
    begin = text.find_first_not_of(" ,-:", begin);
    if (begin == std::string_view::npos) break;
    const auto end = std::min(text.find_first_of(" ,-:", begin), text.size());
    words.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

std::optional<unsigned> month(std::string_view name) {
  static constexpr std::array<std::string_view, 12> kNames{
      "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return {};
  return static_cast<unsigned>(found - kNames.begin()) + 1;
}

// Two digits mean the century that makes the date no more than 50 years in the future.
int full_year(int year, std::string_view written, Time now) {
  if (written.size() != 2) return year;
  const std::chrono::year_month_day today{std::chrono::floor<std::chrono::days>(now)};
  const int current = static_cast<int>(today.year());
  year += current / 100 * 100;
  return year > current + 50 ? year - 100 : year;
}

// The three forms of RFC 9110, 5.6.7, as words:
//   Sun 06 Nov 1994 08 49 37 GMT, Sunday 06 Nov 94 08 49 37 GMT, Sun Nov 6 08 49 37 1994
std::optional<Time> parse_date(std::string_view text, Time now) {
  auto words = words_of(text);
  if (words.size() == 7) {
    std::swap(words[1], words[2]);
    words.insert(words.begin() + 3, words.back());
    words.back() = "GMT";
  }
  if (words.size() != 8 || words.back() != "GMT") return {};
  const auto day = number(words[1]);
  const auto name = month(words[2]);
  const auto year = number(words[3]);
  const auto hour = number(words[4]);
  const auto minute = number(words[5]);
  const auto second = number(words[6]);
  if (!day || !name || !year || !hour || !minute || !second) return {};
  if (*year > 9999 || *hour > 23 || *minute > 59 || *second > 60) return {};
  const std::chrono::year_month_day date{std::chrono::year{full_year(*year, words[3], now)},
                                         std::chrono::month{*name},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return {};
  return Time{std::chrono::sys_days{date}} + std::chrono::hours{*hour} +
         std::chrono::minutes{*minute} + std::chrono::seconds{*second};
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// More than nine digits are thirty years and more: as good as for ever.
Duration seconds(std::string_view digits) {
  const auto value = number(digits.substr(std::min(digits.find_first_not_of('0'), digits.size())));
  const auto significant = digits.find_first_not_of('0');
  if (significant == std::string_view::npos) return Duration::zero();
  if (digits.size() - significant > 9 || !value) return std::chrono::seconds{999'999'999};
  return std::chrono::seconds{*value};
}

}  // namespace

std::optional<std::string> Headers::find(std::string_view name) const {
  const auto same = [&](const auto& header) {
    return std::ranges::equal(header.first, name, {}, lower, lower);
  };
  const auto found = std::ranges::find_if(list_, same);
  if (found == list_.end()) return std::nullopt;
  return found->second;
}

std::optional<Duration> retry_after(const Response& response, Time now) {
  const auto value = response.headers.find("Retry-After");
  if (!value) return std::nullopt;
  if (is_digits(*value)) return seconds(*value);
  const auto date = parse_date(*value, now);
  if (!date) return std::nullopt;
  return std::max(*date - now, Duration::zero());
}

}  // namespace snapshotter::http
