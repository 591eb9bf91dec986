// Matching on the calendar: bit masks per field, a search over years and months for the day, then
// within the day for the time. Nothing here walks over days or seconds.
#include "schedule/cron_fields.hpp"

namespace snapshotter::schedule {
namespace {

using std::chrono::days;
using std::chrono::local_days;
using std::chrono::seconds;

constexpr std::uint32_t bit(int n) { return std::uint32_t{1} << n; }

constexpr std::uint32_t kWeekly = bit(0) | bit(7) | bit(14) | bit(21) | bit(28);

// What the day rules need to know of a month.
struct Month {
  int length;
  int first_weekday;  // of the 1st, 0 = Sunday

  explicit Month(std::chrono::year_month month)
      : length(static_cast<int>(static_cast<unsigned>((month / std::chrono::last).day()))),
        first_weekday(
            static_cast<int>(std::chrono::weekday{std::chrono::sys_days{month / 1}}.c_encoding())) {
  }

  [[nodiscard]] std::uint32_t all() const { return (bit(length) - 1) << 1; }
  [[nodiscard]] int weekday(int day) const { return (first_weekday + day - 1) % 7; }
  [[nodiscard]] int first(int weekday) const { return 1 + (weekday - first_weekday + 7) % 7; }

  // Saturday moves to Friday and Sunday to Monday, but not into another month.
  [[nodiscard]] int nearest_weekday(int day) const {
    if (weekday(day) == 6) return day > 1 ? day - 1 : day + 2;
    if (weekday(day) == 0) return day < length ? day + 1 : day - 2;
    return day;
  }
};

std::uint32_t matching_days(const DayOfMonth& field, const Month& month) {
  std::uint32_t result = field.days;
  for (int n = next_bit(field.before_last, 0); n >= 0 && n < month.length;
       n = next_bit(field.before_last, n + 1)) {
    result |= bit(month.length - n);
  }
  for (int n = next_bit(field.nearest_weekday, 1); n >= 0 && n <= month.length;
       n = next_bit(field.nearest_weekday, n + 1)) {
    result |= bit(month.nearest_weekday(n));
  }
  if (field.last_weekday) result |= bit(month.nearest_weekday(month.length));
  return result & month.all();
}

std::uint32_t matching_days(const DayOfWeek& field, const Month& month) {
  std::uint32_t result = 0;
  for (int weekday = 0; weekday < 7; ++weekday) {
    const int first = month.first(weekday);
    if ((field.days & bit(weekday)) != 0) result |= kWeekly << first;
    if ((field.last & bit(weekday)) != 0) result |= bit(first + (month.length - first) / 7 * 7);
    for (int n = 1; n <= 5; ++n) {
      const int day = first + 7 * (n - 1);
      if ((field.nth[static_cast<std::size_t>(n)] & bit(weekday)) != 0 && day <= month.length) {
        result |= bit(day);
      }
    }
  }
  return result & month.all();
}

std::optional<local_days> day_from(const CronFields& fields, local_days from) {
  const std::chrono::year_month_day start{from};
  const auto start_day = static_cast<int>(static_cast<unsigned>(start.day()));
  std::uint32_t allowed = ~std::uint32_t{0} << start_day;
  auto from_month = static_cast<int>(static_cast<unsigned>(start.month()));
  for (std::chrono::year year = start.year(); year <= kLastYear; ++year) {
    for (int n = next_bit(fields.months, from_month); n > 0; n = next_bit(fields.months, n + 1)) {
      const auto month = year / n;
      if (month != start.year() / start.month()) allowed = ~std::uint32_t{0};
      const std::uint32_t found = matching_days(fields, month) & allowed;
      if (found != 0) return local_days{month / std::countr_zero(found)};
    }
    from_month = 1;
  }
  return std::nullopt;
}

seconds time_of_day(int hour, int minute, int second) {
  return std::chrono::hours{hour} + std::chrono::minutes{minute} + seconds{second};
}

// Within one day.
std::optional<seconds> time_from(const CronFields& fields, seconds from) {
  const std::chrono::hh_mm_ss<seconds> start{from};
  const auto hour = static_cast<int>(start.hours().count());
  const auto minute = static_cast<int>(start.minutes().count());
  const int first_second = next_bit(fields.seconds, 0);
  if (next_bit(fields.hours, hour) == hour) {
    if (next_bit(fields.minutes, minute) == minute) {
      const int second = next_bit(fields.seconds, static_cast<int>(start.seconds().count()));
      if (second >= 0) return time_of_day(hour, minute, second);
    }
    const int later = next_bit(fields.minutes, minute + 1);
    if (later >= 0) return time_of_day(hour, later, first_second);
  }
  const int later = next_bit(fields.hours, hour + 1);
  if (later < 0) return std::nullopt;
  return time_of_day(later, next_bit(fields.minutes, 0), first_second);
}

}  // namespace

std::uint32_t matching_days(const CronFields& fields, std::chrono::year_month month) {
  const Month facts{month};
  const std::uint32_t by_date = matching_days(fields.day_of_month, facts);
  const std::uint32_t by_weekday = matching_days(fields.day_of_week, facts);
  const bool both_restricted = !fields.day_of_month.star && !fields.day_of_week.star;
  return both_restricted ? by_date | by_weekday : by_date & by_weekday;
}

std::optional<LocalSeconds> first_match(const CronFields& fields, LocalSeconds from) {
  const local_days today = std::chrono::floor<days>(from);
  auto day = day_from(fields, today);
  if (day == today) {
    if (const auto time = time_from(fields, from - today)) return today + *time;
    day = day_from(fields, today + days{1});
  }
  if (!day) return std::nullopt;
  return *day + *time_from(fields, seconds{0});
}

}  // namespace snapshotter::schedule
