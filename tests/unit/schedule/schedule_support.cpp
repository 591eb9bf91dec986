#include "schedule_support.hpp"

#include "schedule/zone_database.hpp"

#include <cstdlib>
#include <iostream>
#include <map>
#include <numeric>
#include <set>

namespace snapshotter::schedule::test {
namespace {

using Predicate = std::function<bool(const Civil&)>;

// A field as text and as the values it names.
struct Field {
  std::string text;
  std::set<int> values;
};

struct Shape {
  int min, max;
  std::vector<std::string> names;
};
const Shape kSixty{0, 59, {}};
const Shape kHours{0, 23, {}};
const Shape kDays{1, 31, {}};
const Shape kMonths{
    1, 12, {"Jan", "FEB", "mar", "APR", "may", "Jun", "jul", "AUG", "sep", "OCT", "nov", "Dec"}};
const Shape kWeekdays{0, 6, {"Sun", "mon", "TUE", "wed", "thu", "FRI", "sat"}};

std::string spell(Random& random, const Shape& shape, int value) {
  if (!shape.names.empty() && pick(random, 0, 1) == 0) {
    return shape.names[static_cast<std::size_t>(value - shape.min)];
  }
  if (shape.max == 6 && value == 0 && pick(random, 0, 1) == 0) return "7";
  return std::to_string(value);
}

// Walks from `first` to `last` round the field and takes every `step`th.
std::set<int> walk(const Shape& shape, int first, int last, int step) {
  std::set<int> values;
  int value = first;
  for (int n = 0;; ++n) {
    if (n % step == 0) values.insert(value);
    if (value == last) return values;
    value = value == shape.max ? shape.min : value + 1;
  }
}

Field random_item(Random& random, const Shape& shape, int form) {
  const int first = pick(random, shape.min, shape.max);
  const int last = pick(random, shape.min, shape.max);
  const int step = pick(random, 1, shape.max - shape.min + 1);
  switch (form) {
    case 0:
      return {"*", walk(shape, shape.min, shape.max, 1)};
    case 1:
      return {"*/" + std::to_string(step), walk(shape, shape.min, shape.max, step)};
    case 2:
      return {spell(random, shape, first), {first}};
    case 3:
    case 4: {
      const std::string from = spell(random, shape, first);
      std::string to = spell(random, shape, last);
      if (first == last) to = from;  // 0-7 is the whole week, though both ends are Sunday
      Field field{from + "-" + to, walk(shape, first, last, form == 3 ? 1 : step)};
      if (form == 4) field.text += "/" + std::to_string(step);
      return field;
    }
    default:
      return {spell(random, shape, first) + "/" + std::to_string(step),
              walk(shape, first, shape.max, step)};
  }
}

Field random_field(Random& random, const Shape& shape) {
  Field field = random_item(random, shape, pick(random, 0, 5));
  for (int more = pick(random, -3, 2); more > 0; --more) {
    Field item = random_item(random, shape, pick(random, 1, 5));
    field.text += "," + item.text;
    field.values.merge(item.values);
  }
  return field;
}

bool is_weekday(const Civil& month, int day) {
  const int weekday = (month.weekday + (day - month.day) + 70) % 7;
  return weekday >= 1 && weekday <= 5;
}

// The weekday of the month with the smallest distance to `wanted`.
int nearest_weekday(const Civil& month, int wanted) {
  int best = 0;
  for (int day = 1; day <= month.days_in_month; ++day) {
    if (is_weekday(month, day) && (best == 0 || std::abs(day - wanted) < std::abs(best - wanted))) {
      best = day;
    }
  }
  return best;
}

struct DayRule {
  std::string text;
  Predicate matches;
};

DayRule plain_rule(Random& random, const Shape& shape, int Civil::*member) {
  const Field field = random_field(random, shape);
  return {field.text, [=](const Civil& c) { return field.values.contains(c.*member); }};
}

DayRule random_date_rule(Random& random) {
  const int n = pick(random, 1, 31);
  switch (pick(random, 0, 9)) {
    case 0:
      return {"L", [](const Civil& c) { return c.day == c.days_in_month; }};
    case 1:
      return {"l-" + std::to_string(n % 30 + 1),
              [=](const Civil& c) { return c.day == c.days_in_month - (n % 30 + 1); }};
    case 2:
    case 3:
      return {std::to_string(n) + "W", [=](const Civil& c) {
                return n <= c.days_in_month && c.day == nearest_weekday(c, n);
              }};
    case 4:
      return {"LW", [](const Civil& c) {
                return is_weekday(c, c.day) && c.day == nearest_weekday(c, c.days_in_month);
              }};
    case 5:
      return {"?", [](const Civil&) { return true; }};
    case 6:
      return {"*", [](const Civil&) { return true; }};
    default:
      return plain_rule(random, kDays, &Civil::day);
  }
}

DayRule random_weekday_rule(Random& random) {
  const int weekday = pick(random, 0, 6);
  const int n = pick(random, 1, 5);
  const std::string name = spell(random, kWeekdays, weekday);
  switch (pick(random, 0, 7)) {
    case 0:
      return {name + "L",
              [=](const Civil& c) { return c.weekday == weekday && c.day + 7 > c.days_in_month; }};
    case 1:
    case 2:
      return {name + "#" + std::to_string(n),
              [=](const Civil& c) { return c.weekday == weekday && (c.day + 6) / 7 == n; }};
    case 3:
      return {"?", [](const Civil&) { return true; }};
    case 4:
      return {"*", [](const Civil&) { return true; }};
    default:
      return plain_rule(random, kWeekdays, &Civil::weekday);
  }
}

DayRule either(Random& random, DayRule (*rule)(Random&)) {
  DayRule first = rule(random);
  if (first.text == "?" || pick(random, 0, 3) != 0) return first;
  const DayRule second = rule(random);
  if (second.text == "?") return first;
  return {first.text + "," + second.text,
          [=](const Civil& c) { return first.matches(c) || second.matches(c); }};
}

bool is_star(const std::string& text) { return text.front() == '*' || text == "?"; }

}  // namespace

sys_seconds at(std::string_view rfc3339) {
  const auto time = parse_rfc3339(rfc3339);
  if (!time) throw std::runtime_error("a test's time is misspelt: " + std::string(rfc3339));
  return std::chrono::floor<std::chrono::seconds>(*time);
}

TimeZone zone(std::string_view name) {
  const auto found = TimeZone::load(name);
  if (!found) throw std::runtime_error("the system has no time zone " + std::string(name));
  return *found;
}

std::vector<std::string> next_texts(std::string_view expression, std::string_view zone_name,
                                    std::string_view after, std::size_t count, DstPolicy dst) {
  const TimeZone where = zone(zone_name);
  const auto parsed = CronExpression::parse(expression);
  std::vector<std::string> texts;
  auto time = std::optional(at(after));
  while (texts.size() < count && (time = parsed.next(*time, where, dst))) {
    texts.push_back(to_rfc3339(*time, where));
  }
  return texts;
}

Civil civil(LocalSeconds local) {
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date{day};
  const auto second = static_cast<int>((local - day).count());
  const auto last = std::chrono::year_month_day_last{date.year(), date.month() / std::chrono::last};
  return {static_cast<int>(date.year()),
          static_cast<int>(static_cast<unsigned>(date.month())),
          static_cast<int>(static_cast<unsigned>(date.day())),
          static_cast<int>(std::chrono::weekday{day}.c_encoding()),
          second / 3600,
          second / 60 % 60,
          second % 60,
          static_cast<int>(static_cast<unsigned>(last.day()))};
}

Meaning random_day_meaning(Random& random) {
  const DayRule date = either(random, random_date_rule);
  const DayRule weekday = either(random, random_weekday_rule);
  const Field month =
      pick(random, 0, 1) == 0 ? Field{"*", walk(kMonths, 1, 12, 1)} : random_field(random, kMonths);
  const bool both = !is_star(date.text) && !is_star(weekday.text);
  return {"0 0 " + date.text + " " + month.text + " " + weekday.text, true, [=](const Civil& c) {
            const bool by_date = date.matches(c);
            const bool by_weekday = weekday.matches(c);
            return month.values.contains(c.month) &&
                   (both ? by_date || by_weekday : by_date && by_weekday) && c.hour == 0 &&
                   c.minute == 0 && c.second == 0;
          }};
}

Meaning random_meaning(Random& random, bool with_seconds) {
  const Field second = with_seconds ? random_field(random, kSixty) : Field{"", {0}};
  const Field minute = random_field(random, kSixty);
  const Field hour = random_field(random, kHours);
  // Near one change of the clocks most day rules would never match; so most of them match always.
  Meaning day{"0 0 * * *", true, [](const Civil&) { return true; }};
  if (pick(random, 0, 3) == 0) {
    const Meaning rule = random_day_meaning(random);
    day = {rule.text, true, [=](Civil c) {
             c.hour = c.minute = c.second = 0;
             return rule.matches(c);
           }};
  }
  return {
      (with_seconds ? second.text + " " : "") + minute.text + " " + hour.text + day.text.substr(3),
      !is_star(minute.text) && !is_star(hour.text), [=](const Civil& c) {
        return second.values.contains(c.second) && minute.values.contains(c.minute) &&
               hour.values.contains(c.hour) && day.matches(c);
      }};
}

int pick(Random& random, int min, int max) {
  return std::uniform_int_distribution<int>(min, max)(random);
}

std::uint64_t seed() {
  static const std::uint64_t value = [] {
    const char* const given = std::getenv("SNAPSHOTTER_TEST_SEED");
    const std::uint64_t chosen =
        given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
    std::cout << "SNAPSHOTTER_TEST_SEED=" << chosen << std::endl;
    return chosen;
  }();
  return value;
}

const std::vector<ZoneHistory>& zone_histories() {
  static const std::vector<ZoneHistory> histories = [] {
    using Change = std::pair<sys_seconds, std::chrono::seconds>;
    const sys_seconds begin = at("1970-01-01T00:00:00Z");
    const sys_seconds end = at("2038-01-01T00:00:00Z");
    std::set<std::vector<Change>> seen;
    std::vector<ZoneHistory> result;
    for (const std::string& name : zone_names()) {
      const TimeZone where = zone(name);
      std::vector<Change> changes{{begin, where.offset_at(begin)}};
      std::vector<sys_seconds> times;
      for (auto t = where.next_transition(begin); t && *t < end; t = where.next_transition(*t)) {
        changes.emplace_back(*t, where.offset_at(*t));
        times.push_back(*t);
      }
      if (seen.insert(changes).second) result.push_back({where, times});
    }
    return result;
  }();
  return histories;
}

}  // namespace snapshotter::schedule::test
