#include "base/text.hpp"
#include "base/units.hpp"
#include "schedule/cron.hpp"
#include "schedule/cron_fields.hpp"
#include "schedule/field_parser.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace snapshotter::schedule {
namespace {

using Words = std::vector<std::string>;

const Words kMonthNames{"jan", "feb", "mar", "apr", "may", "jun",
                        "jul", "aug", "sep", "oct", "nov", "dec"};
const Words kDayNames{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

const FieldKind kSecond{"second", 0, 59, 60, {}, "s", "the full minute is 0"};
const FieldKind kMinute{"minute", 0, 59, 60, {}, "m", "the full hour is 0"};
const FieldKind kHour{"hour", 0, 23, 24, {}, "h", "midnight is 0"};
const FieldKind kDayOfMonth{"day-of-month", 1, 31, 31, {}, "d", "the last day is 'L'", true};
const FieldKind kMonth{"month", 1, 12, 12, kMonthNames, "", "January is 1 or 'jan'"};
const FieldKind kDayOfWeek{"day-of-week", 0, 7, 7, kDayNames, "", "Sunday is 0, 7 or 'sun'", true};

constexpr std::string_view kFiveFields = "minute, hour, day of month, month, day of week";
constexpr std::string_view kSixFields = "second, minute, hour, day of month, month, day of week";

constexpr std::string_view kBlanks = " \t\r\n";

constexpr std::chrono::days kLongestEvery{366};
constexpr std::string_view kEveryExample = "write for example '@every 15m' or '@every 6h'";

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kNamed{{
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
    {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},
}};

[[noreturn]] void fail(std::string_view schedule, std::string why, std::string advice = {}) {
  throw ScheduleError({.doing = "parse schedule",
                       .subject = printable(schedule),
                       .why = std::move(why),
                       .advice = std::move(advice)});
}

Words words_of(std::string_view text) {
  Words words;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
    if (text.empty()) return words;
    const std::size_t end = std::min(text.find_first_of(kBlanks), text.size());
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

constexpr std::uint32_t bit(int n) { return std::uint32_t{1} << n; }

void add_day_of_month(const FieldParser& parser, const std::string& item, DayOfMonth& field) {
  const std::string form = lower(item);
  if (form == "l") {
    field.before_last |= bit(0);
  } else if (form == "lw") {
    field.last_weekday = true;
  } else if (form.starts_with("l-")) {
    field.before_last |= bit(parser.number(std::string_view(item).substr(2), 1, 30,
                                           "'L-3' is the third day before the last"));
  } else if (form.size() > 1 && form.ends_with('w')) {
    field.nearest_weekday |= bit(parser.value(std::string_view(item).substr(0, item.size() - 1)));
  } else {
    field.days |= static_cast<std::uint32_t>(parser.mask(item));
  }
}

void add_day_of_week(const FieldParser& parser, const std::string& item, DayOfWeek& field) {
  const std::string form = lower(item);
  const std::size_t hash = form.find('#');
  if (form == "l") {
    parser.fail(
        "'L' needs a day of the week before it",
        "the last Friday of a month is '5L', the last day of a month is 'L' as day of month");
  } else if (hash != std::string::npos) {
    const int n = parser.number(std::string_view(item).substr(hash + 1), 1, 5,
                                "'MON#2' is the second Monday of the month, 'MONL' the last");
    field.nth[static_cast<std::size_t>(n)] |=
        bit(parser.value(std::string_view(item).substr(0, hash)));
  } else if (form.ends_with('l')) {
    field.last |= bit(parser.value(std::string_view(item).substr(0, item.size() - 1)));
  } else {
    field.days |= static_cast<std::uint32_t>(parser.mask(item));
  }
}

template <class Field, class Add>
Field parse_days(const FieldParser& parser, Add add) {
  Field field;
  field.star = parser.begins_with_star();
  for (const std::string& item : parser.items()) add(parser, item == "?" ? "*" : item, field);
  return field;
}

// "0 0 30 2 *" is well written and would never fire: whoever wrote it believes to have a backup.
void refuse_impossible(const CronFields& fields, std::string_view schedule, const Words& words) {
  if (first_match(fields, std::chrono::local_days{std::chrono::year{2000} / 1 / 1})) return;
  const std::string& weekday = words[words.size() - 1];
  const std::string& month = words[words.size() - 2];
  const std::string& day = words[words.size() - 3];
  std::string why = "it never fires: no day-of-month '" + printable(day) + "' in month '" +
                    printable(month) + "'";
  if (weekday != "*" && weekday != "?") why += " is a day-of-week '" + printable(weekday) + "'";
  fail(schedule, std::move(why), "the last day of a month is 'L'");
}

CronFields parse_fields(std::string_view schedule, const Words& words) {
  const bool with_seconds = words.size() == 6;
  if (words.size() != 5 && !with_seconds) {
    fail(schedule,
         "it has " + std::to_string(words.size()) + (words.size() == 1 ? " field" : " fields") +
             " and needs 5 or 6",
         "the fields are " + std::string(kFiveFields) + "; seconds may stand before them" +
             (words.size() == 7 ? "; a year can't be given" : ""));
  }
  const std::string_view order = with_seconds ? kSixFields : kFiveFields;
  const std::size_t first = with_seconds ? 1 : 0;
  const auto parser = [&](const FieldKind& kind, std::size_t index) {
    return FieldParser(kind, words[index], schedule, order);
  };
  CronFields fields;
  fields.seconds = with_seconds ? parser(kSecond, 0).mask() : 1;
  const FieldParser minute = parser(kMinute, first);
  const FieldParser hour = parser(kHour, first + 1);
  fields.minutes = minute.mask();
  fields.hours = hour.mask();
  fields.fixed_times = !minute.begins_with_star() && !hour.begins_with_star();
  fields.day_of_month = parse_days<DayOfMonth>(parser(kDayOfMonth, first + 2), add_day_of_month);
  fields.months = parser(kMonth, first + 3).mask();
  fields.day_of_week = parse_days<DayOfWeek>(parser(kDayOfWeek, first + 4), add_day_of_week);
  refuse_impossible(fields, schedule, words);
  return fields;
}

CronFields parse_every(std::string_view schedule) {
  const std::string_view text = schedule.substr(std::min(schedule.find(' '), schedule.size()));
  if (text.empty()) fail(schedule, "'@every' needs a duration", std::string(kEveryExample));
  const auto interval = parse_duration(text.substr(1));
  if (!interval) {
    fail(schedule, "'" + printable(text.substr(1)) + "' is not a duration",
         std::string(kEveryExample));
  }
  const auto seconds = std::chrono::floor<std::chrono::seconds>(*interval);
  if (seconds != *interval || seconds.count() == 0 || seconds > kLongestEvery) {
    fail(schedule, "'@every' takes whole seconds, from 1s to 366d", std::string(kEveryExample));
  }
  CronFields fields;
  fields.every = seconds;
  return fields;
}

CronFields parse_named(std::string_view schedule, const Words& words) {
  const std::string name = lower(words[0]);
  if (name == "@every") return parse_every(schedule);
  if (name == "@reboot") {
    fail(schedule, "a start of the machine is not a time",
         "give the job a schedule and 'catch_up: true': what was missed while the machine was off "
         "is made up for after the start");
  }
  Words known{"@every"};
  for (const auto& [named, meaning] : kNamed) {
    if (name != named) {
      known.emplace_back(named);
    } else if (words.size() > 1) {
      fail(schedule, "'" + name + "' stands alone",
           "write '" + std::string(meaning) + "' and change that");
    } else {
      return parse_fields(schedule, words_of(meaning));
    }
  }
  fail(
      schedule, "there is no '" + printable(words[0]) + "'" + suggestion(name, known),
      "the names are @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually and @every");
}

}  // namespace

CronExpression::CronExpression(std::string text, std::shared_ptr<const CronFields> fields)
    : text_(std::move(text)), fields_(std::move(fields)) {}

CronExpression CronExpression::parse(std::string_view text) {
  const Words words = words_of(text);
  std::string schedule = join(words, " ");
  if (words.empty()) {
    fail(schedule, "it is empty", "write for example '0 2 * * *' for every night at two");
  }
  const bool named = words[0].starts_with('@');
  const CronFields fields = named ? parse_named(schedule, words) : parse_fields(schedule, words);
  return {std::move(schedule), std::make_shared<const CronFields>(fields)};
}

const std::string& CronExpression::text() const noexcept { return text_; }

}  // namespace snapshotter::schedule
