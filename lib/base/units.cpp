#include "base/units.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace snapshotter {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kBlanks = " \t";

// An unsigned decimal number, kept as written so that scaling it is exact.
struct Decimal {
  std::uint64_t whole = 0;
  std::string_view fraction;  // digits, may be empty
};

// Takes "12" or "12.5" off the front of `text`.
std::optional<Decimal> take_decimal(std::string_view& text) {
  Decimal number;
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, number.whole);
  if (error != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(after - text.data()));
  if (text.empty() || text.front() != '.') return number;
  text.remove_prefix(1);
  number.fraction = text.substr(0, std::min(text.find_first_not_of(kDigits), text.size()));
  if (number.fraction.empty()) return std::nullopt;
  text.remove_prefix(number.fraction.size());
  return number;
}

// number × unit, rounded down; nullopt when it does not fit. Units are at most 2^60.
std::optional<std::uint64_t> scale(const Decimal& number, std::uint64_t unit) {
  // Dividing from the last digit on: floors nest, so no digit is lost to a rounded intermediate.
  std::uint64_t part = 0;
  for (auto digit = number.fraction.rbegin(); digit != number.fraction.rend(); ++digit) {
    part = (static_cast<std::uint64_t>(*digit - '0') * unit + part) / 10;
  }
  std::uint64_t result = 0;
  if (__builtin_mul_overflow(number.whole, unit, &result)) return std::nullopt;
  if (__builtin_add_overflow(result, part, &result)) return std::nullopt;
  return result;
}

void skip_blanks(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// "", "B", "K", "KiB", "KB", … in any case.
std::optional<std::uint64_t> byte_unit(std::string_view name) {
  if (name.empty() || (name.size() == 1 && lower(name[0]) == 'b')) return 1;
  const std::size_t power = std::string_view("kmgtpe").find(lower(name[0]));
  if (power == std::string_view::npos) return std::nullopt;
  std::string rest(name.substr(1));
  std::transform(rest.begin(), rest.end(), rest.begin(), lower);
  if (rest.empty() || rest == "ib") return std::uint64_t{1} << (10 * (power + 1));
  if (rest != "b") return std::nullopt;
  std::uint64_t unit = 1000;
  for (std::size_t i = 0; i < power; ++i) unit *= 1000;
  return unit;
}

constexpr std::uint64_t kMicro = 1, kMilli = 1000, kSecond = 1000 * kMilli, kMinute = 60 * kSecond,
                        kHour = 60 * kMinute, kDay = 24 * kHour, kWeek = 7 * kDay;

struct TimeUnit {
  std::string_view name;
  std::uint64_t micros;
};
// systemd.time(7)'s names, without months and years, which have no fixed length.
constexpr std::array<TimeUnit, 23> kTimeUnits{{
    {"us", kMicro},       {"usec", kMicro}, {"µs", kMicro},   {"ms", kMilli},
    {"msec", kMilli},     {"s", kSecond},   {"sec", kSecond}, {"second", kSecond},
    {"seconds", kSecond}, {"m", kMinute},   {"min", kMinute}, {"minute", kMinute},
    {"minutes", kMinute}, {"h", kHour},     {"hr", kHour},    {"hour", kHour},
    {"hours", kHour},     {"d", kDay},      {"day", kDay},    {"days", kDay},
    {"w", kWeek},         {"week", kWeek},  {"weeks", kWeek},
}};

std::optional<std::uint64_t> time_unit(std::string_view name) {
  for (const TimeUnit& unit : kTimeUnits) {
    if (unit.name == name) return unit.micros;
  }
  return std::nullopt;
}

// Everything up to the next digit or blank.
std::string_view take_name(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of("0123456789. \t"), text.size());
  const std::string_view name = text.substr(0, end);
  text.remove_prefix(end);
  return name;
}

std::optional<Duration> to_duration(std::uint64_t micros) {
  if (micros > static_cast<std::uint64_t>(Duration::max().count())) return std::nullopt;
  return Duration{static_cast<Duration::rep>(micros)};
}

// Below ten seconds the tenths matter, below one the milliseconds.
std::string short_time(std::uint64_t micros) {
  if (micros == 0) return "0s";
  if (micros < kMilli) return std::to_string(micros) + "us";
  if (micros < kSecond) return std::to_string(micros / kMilli) + "ms";
  const std::uint64_t tenths = micros % kSecond / (kSecond / 10);
  std::string text = std::to_string(micros / kSecond);
  if (tenths != 0) text += "." + std::to_string(tenths);
  return text + "s";
}

}  // namespace

std::string to_string(ByteSize size) {
  static constexpr std::array<std::string_view, 6> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (size.bytes < 1024) return std::to_string(size.bytes) + " B";
  std::size_t power = 0;
  while (power + 1 < kUnits.size() && size.bytes >> (10 * (power + 2)) != 0) ++power;
  const std::size_t shift = 10 * (power + 1);
  const std::uint64_t unit = std::uint64_t{1} << shift;
  std::uint64_t whole = size.bytes >> shift;
  std::uint64_t tenths = ((size.bytes & (unit - 1)) * 10 + unit / 2) >> shift;
  whole += tenths / 10;
  tenths %= 10;
  if (whole == 1024 && power + 1 < kUnits.size()) {  // 1023.96 KiB is 1 MiB
    whole = 1;
    ++power;
  }
  std::string text = std::to_string(whole);
  if (tenths != 0) text += "." + std::to_string(tenths);
  return text.append(" ").append(kUnits[power]);
}

std::optional<ByteSize> parse_byte_size(std::string_view text) {
  const auto number = take_decimal(text);
  if (!number) return std::nullopt;
  skip_blanks(text);
  const auto unit = byte_unit(text);
  if (!unit || (*unit == 1 && !number->fraction.empty())) return std::nullopt;
  const auto bytes = scale(*number, *unit);
  if (!bytes) return std::nullopt;
  return ByteSize{*bytes};
}

std::optional<Duration> parse_duration(std::string_view text) {
  std::uint64_t total = 0;
  std::uint64_t last_unit = std::numeric_limits<std::uint64_t>::max();
  do {
    const bool first = last_unit == std::numeric_limits<std::uint64_t>::max();
    const auto number = take_decimal(text);
    if (!number) return std::nullopt;
    const bool bare = first && text.empty();
    skip_blanks(text);
    const auto unit = bare ? kSecond : time_unit(take_name(text));
    // Going down only: "5m 5m" and "30m 1h" are slips of the hand, not durations.
    if (!unit || *unit >= last_unit) return std::nullopt;
    last_unit = *unit;
    const auto part = scale(*number, *unit);
    if (!part || __builtin_add_overflow(total, *part, &total)) return std::nullopt;
    if (!text.empty()) skip_blanks(text);
  } while (!text.empty());
  return to_duration(total);
}

std::string to_string(Duration duration) {
  static constexpr std::array<TimeUnit, 4> kUnits{
      {{"d", kDay}, {"h", kHour}, {"m", kMinute}, {"s", kSecond}}};
  const bool negative = duration < Duration::zero();
  auto rest = static_cast<std::uint64_t>(duration.count());
  if (negative) rest = 0 - rest;
  std::string text = negative ? "-" : "";
  if (rest < 10 * kSecond) return text + short_time(rest);
  int parts = 0;
  for (const TimeUnit& unit : kUnits) {
    const std::uint64_t count = rest / unit.micros;
    rest %= unit.micros;
    if (count == 0 || parts == 2) continue;
    if (parts++ != 0) text += ' ';
    text.append(std::to_string(count)).append(unit.name);
  }
  return text;
}

}  // namespace snapshotter
