#include "base/time.hpp"

#include <algorithm>
#include <cstdio>

namespace snapshotter {
namespace {

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;
// What four digits of a year can say; std::chrono::year itself ends at 32767.
constexpr Time kFirst{std::chrono::sys_days{std::chrono::January / 1 / 0}};
constexpr Time kEnd{std::chrono::sys_days{std::chrono::January / 1 / 10000}};

struct Fields {
  int year, month, day, hour, minute, second;
  int micros;
};

Fields fields_of(Time time) {
  time = std::clamp(time, kFirst, kEnd - Duration{1});
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::int64_t micros = (time - day).count();
  const int seconds = static_cast<int>(micros / kMicrosPerSecond);
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          seconds / 3600,
          seconds / 60 % 60,
          seconds % 60,
          static_cast<int>(micros % kMicrosPerSecond)};
}

std::optional<Time> time_of(const Fields& f) {
  const std::chrono::year_month_day date{std::chrono::year{f.year},
                                         std::chrono::month{static_cast<unsigned>(f.month)},
                                         std::chrono::day{static_cast<unsigned>(f.day)}};
  // A second of 60 is refused: the library's time has no leap seconds to put it in.
  if (!date.ok() || f.hour > 23 || f.minute > 59 || f.second > 59) return std::nullopt;
  return Time{std::chrono::sys_days{date}} + std::chrono::hours{f.hour} +
         std::chrono::minutes{f.minute} + std::chrono::seconds{f.second} + Duration{f.micros};
}

// Takes pieces off the front of a text; the first piece that does not fit makes it fail for good.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  int digits(std::size_t count) {
    if (rest_.size() < count) return fail();
    int value = 0;
    for (const char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') return fail();
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }
  // One of `allowed`, which is returned; '\0' on failure.
  char one_of(std::string_view allowed) {
    if (rest_.empty() || allowed.find(rest_.front()) == std::string_view::npos) {
      fail();
      return '\0';
    }
    const char found = rest_.front();
    rest_.remove_prefix(1);
    return found;
  }
  // ".123456789" or nothing, in microseconds; what is finer is cut.
  int fraction() {
    if (rest_.empty() || rest_.front() != '.') return 0;
    rest_.remove_prefix(1);
    const std::size_t found = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
    if (found < 1 || found > 9) return fail();
    int nanos = digits(found);
    for (std::size_t i = found; i < 9; ++i) nanos *= 10;
    return nanos / 1000;
  }
  [[nodiscard]] bool finished() const { return good_ && rest_.empty(); }

 private:
  int fail() {
    good_ = false;
    rest_ = {};
    return 0;
  }
  std::string_view rest_;
  bool good_ = true;
};

// "Z" or "+01:00": how far the local time is ahead of UTC.
std::optional<std::chrono::minutes> scan_offset(Scanner& scanner) {
  const char sign = scanner.one_of("Zz+-");
  if (sign == 'Z' || sign == 'z') return std::chrono::minutes{0};
  const int hours = scanner.digits(2);
  scanner.one_of(":");
  const int minutes = scanner.digits(2);
  if (hours > 23 || minutes > 59) return std::nullopt;
  const std::chrono::minutes offset{hours * 60 + minutes};
  return sign == '-' ? -offset : offset;
}

}  // namespace

std::string to_rfc3339(Time time) {
  const Fields f = fields_of(time);
  char text[96];
  int length = std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d", f.year, f.month,
                             f.day, f.hour, f.minute, f.second);
  std::string result(text, static_cast<std::size_t>(length));
  if (f.micros != 0) {
    length = std::snprintf(text, sizeof text, ".%06d", f.micros);
    result.append(text, static_cast<std::size_t>(length));
  }
  return result += 'Z';
}

std::optional<Time> parse_rfc3339(std::string_view text) {
  Scanner scanner(text);
  Fields f{};
  f.year = scanner.digits(4);
  scanner.one_of("-");
  f.month = scanner.digits(2);
  scanner.one_of("-");
  f.day = scanner.digits(2);
  scanner.one_of("Tt ");
  f.hour = scanner.digits(2);
  scanner.one_of(":");
  f.minute = scanner.digits(2);
  scanner.one_of(":");
  f.second = scanner.digits(2);
  f.micros = scanner.fraction();
  const auto offset = scan_offset(scanner);
  const auto local = time_of(f);
  if (!scanner.finished() || !offset || !local) return std::nullopt;
  const Time time = *local - *offset;
  if (time < kFirst || time >= kEnd) return std::nullopt;
  return time;
}

std::string to_compact(Time time) {
  const Fields f = fields_of(time);
  char text[96];
  const int length = std::snprintf(text, sizeof text, "%04d%02d%02dT%02d%02d%02dZ", f.year, f.month,
                                   f.day, f.hour, f.minute, f.second);
  return {text, static_cast<std::size_t>(length)};
}

std::optional<Time> parse_compact(std::string_view text) {
  Scanner scanner(text);
  Fields f{};
  f.year = scanner.digits(4);
  f.month = scanner.digits(2);
  f.day = scanner.digits(2);
  scanner.one_of("T");
  f.hour = scanner.digits(2);
  f.minute = scanner.digits(2);
  f.second = scanner.digits(2);
  scanner.one_of("Z");
  if (!scanner.finished()) return std::nullopt;
  return time_of(f);
}

}  // namespace snapshotter
