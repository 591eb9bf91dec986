// Each feature of the grammar, as the firings it gives in UTC.
#include "schedule_support.hpp"

#include <array>

namespace snapshotter::schedule::test {
namespace {

using Texts = std::vector<std::string>;

// "2026-01-02T03:04:05" of each of the next firings in UTC.
Texts in_utc(std::string_view expression, std::string_view after, std::size_t count) {
  Texts texts = next_texts(expression, "UTC", after, count);
  for (std::string& text : texts) text.resize(19);
  return texts;
}

// "01-02 Fri" …: the days of the firings of one year.
std::string days_of(std::string_view expression, std::string_view year, std::size_t count) {
  static constexpr std::array kNames{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  const auto parsed = CronExpression::parse(expression);
  auto time = std::optional(at(std::string(year) + "-01-01T00:00:00Z") - std::chrono::seconds{1});
  std::string days;
  for (std::size_t n = 0; n < count; ++n) {
    time = parsed.next(*time, TimeZone::utc());
    const Civil day = civil(TimeZone::utc().to_local(*time));
    const std::string text = to_rfc3339(*time, TimeZone::utc());
    days += (n == 0 ? "" : ", ") + text.substr(5, 5) + " " +
            kNames[static_cast<std::size_t>(day.weekday)];
  }
  return days;
}

}  // namespace

TEST_CASE("cron fields of time") {
  struct Row {
    const char* expression;
    const char* after;
    Texts next;
  };
  const std::vector<Row> rows{
      {"* * * * *", "2026-11-24T06:16:57Z", {"2026-11-24T06:17:00", "2026-11-24T06:18:00"}},
      {"* * * * *", "2026-11-24T06:17:00Z", {"2026-11-24T06:18:00"}},
      {"* * * * * *", "2026-12-31T23:59:58Z", {"2026-12-31T23:59:59", "2027-01-01T00:00:00"}},
      {"0 2 * * *", "2026-11-24T01:59:59Z", {"2026-11-24T02:00:00", "2026-11-25T02:00:00"}},
      {"0 2 * * *", "2026-11-24T02:00:00Z", {"2026-11-25T02:00:00"}},
      {"15,45 2 * * *", "2026-11-24T02:15:00Z", {"2026-11-24T02:45:00", "2026-11-25T02:15:00"}},
      {"30 0 2 * * *", "2026-11-24T00:00:00Z", {"2026-11-24T02:00:30", "2026-11-25T02:00:30"}},
      {"*/20 59 23 * * *", "2026-11-24T23:59:20Z", {"2026-11-24T23:59:40", "2026-11-25T23:59:00"}},
      {"*/25 * * * *",
       "2026-11-24T06:00:00Z",
       {"2026-11-24T06:25:00", "2026-11-24T06:50:00", "2026-11-24T07:00:00"}},
      {"10-12 * * * *", "2026-11-24T06:11:00Z", {"2026-11-24T06:12:00", "2026-11-24T07:10:00"}},
      {"10-40/15 * * * *",
       "2026-11-24T06:10:00Z",
       {"2026-11-24T06:25:00", "2026-11-24T06:40:00", "2026-11-24T07:10:00"}},
      {"50/4 * * * *",
       "2026-11-24T06:50:00Z",
       {"2026-11-24T06:54:00", "2026-11-24T06:58:00", "2026-11-24T07:50:00"}},
      {"0 22-2 * * *",
       "2026-11-24T22:00:00Z",
       {"2026-11-24T23:00:00", "2026-11-25T00:00:00", "2026-11-25T01:00:00", "2026-11-25T02:00:00",
        "2026-11-25T22:00:00"}},
      {"0 20-2/3 * * *",
       "2026-11-24T03:00:00Z",
       {"2026-11-24T20:00:00", "2026-11-24T23:00:00", "2026-11-25T02:00:00"}},
      {"0 */6 * * *",
       "2026-11-24T06:00:00Z",
       {"2026-11-24T12:00:00", "2026-11-24T18:00:00", "2026-11-25T00:00:00"}},
      {"1,*/30 9-10 * * *",
       "2026-11-24T09:00:00Z",
       {"2026-11-24T09:01:00", "2026-11-24T09:30:00", "2026-11-24T10:00:00"}},
      {"08 09 * * *", "2026-11-24T00:00:00Z", {"2026-11-24T09:08:00"}},
      {"*/60 */24 * * *", "2026-11-24T00:00:00Z", {"2026-11-25T00:00:00", "2026-11-26T00:00:00"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.expression, row.after);
    CHECK(in_utc(row.expression, row.after, row.next.size()) == row.next);
  }
}

TEST_CASE("cron fields of days") {
  struct Row {
    const char* expression;
    const char* year;
    std::size_t count;
    const char* days;
  };
  // 2026 begins on a Thursday; 2028 is a leap year.
  const std::vector<Row> rows{
      {"0 0 1,15 * *", "2026", 4, "01-01 Thu, 01-15 Thu, 02-01 Sun, 02-15 Sun"},
      {"0 0 31 * *", "2026", 4, "01-31 Sat, 03-31 Tue, 05-31 Sun, 07-31 Fri"},
      {"0 0 29 2 *", "2026", 2, "02-29 Tue, 02-29 Sun"},
      {"0 0 30-2 * *", "2026", 6,
       "01-01 Thu, 01-02 Fri, 01-30 Fri, 01-31 Sat, 02-01 Sun, 02-02 Mon"},
      {"0 0 28/2 * *", "2026", 4, "01-28 Wed, 01-30 Fri, 02-28 Sat, 03-28 Sat"},
      {"0 0 1 jan,JUL *", "2026", 3, "01-01 Thu, 07-01 Wed, 01-01 Fri"},
      {"0 0 1 NOV-feb *", "2026", 5, "01-01 Thu, 02-01 Sun, 11-01 Sun, 12-01 Tue, 01-01 Fri"},
      {"0 0 1 */5 *", "2026", 4, "01-01 Thu, 06-01 Mon, 11-01 Sun, 01-01 Fri"},
      // Day of week: 0 and 7, names, wrapping.
      {"0 0 * * 0", "2026", 2, "01-04 Sun, 01-11 Sun"},
      {"0 0 * * 7", "2026", 2, "01-04 Sun, 01-11 Sun"},
      {"0 0 * * sUn", "2026", 1, "01-04 Sun"},
      {"0 0 * * 5-7", "2026", 4, "01-02 Fri, 01-03 Sat, 01-04 Sun, 01-09 Fri"},
      {"0 0 * * 0-7", "2026", 3, "01-01 Thu, 01-02 Fri, 01-03 Sat"},
      {"0 0 * * 7-1", "2026", 3, "01-04 Sun, 01-05 Mon, 01-11 Sun"},
      {"0 0 * * FRI-MON", "2026", 5, "01-02 Fri, 01-03 Sat, 01-04 Sun, 01-05 Mon, 01-09 Fri"},
      {"0 0 * * sat-sun", "2026", 3, "01-03 Sat, 01-04 Sun, 01-10 Sat"},
      {"0 0 * * MON/2", "2026", 4, "01-02 Fri, 01-05 Mon, 01-07 Wed, 01-09 Fri"},
      {"0 0 * * MON-FRI", "2026", 3, "01-01 Thu, 01-02 Fri, 01-05 Mon"},
      // From the end of the month.
      {"0 0 L * *", "2028", 3, "01-31 Mon, 02-29 Tue, 03-31 Fri"},
      {"0 0 l-1 * *", "2026", 3, "01-30 Fri, 02-27 Fri, 03-30 Mon"},
      {"0 0 L-30 * *", "2026", 3, "01-01 Thu, 03-01 Sun, 05-01 Fri"},
      {"0 0 L,L-1,3 2 *", "2026", 4, "02-03 Tue, 02-27 Fri, 02-28 Sat, 02-03 Wed"},
      // The nearest weekday, within the month.
      {"0 0 15W * *", "2026", 4, "01-15 Thu, 02-16 Mon, 03-16 Mon, 04-15 Wed"},
      {"0 0 1W 8,11 *", "2026", 2, "08-03 Mon, 11-02 Mon"},
      {"0 0 31W 1,5 *", "2026", 2, "01-30 Fri, 05-29 Fri"},
      {"0 0 31w * *", "2026", 3, "01-30 Fri, 03-31 Tue, 05-29 Fri"},
      {"0 0 LW * *", "2026", 5, "01-30 Fri, 02-27 Fri, 03-31 Tue, 04-30 Thu, 05-29 Fri"},
      {"0 0 15W,lw 2 *", "2026", 2, "02-16 Mon, 02-27 Fri"},
      // The last and the nth day of the week.
      {"0 0 * * 5L", "2026", 3, "01-30 Fri, 02-27 Fri, 03-27 Fri"},
      {"0 0 * * 7L", "2026", 2, "01-25 Sun, 02-22 Sun"},
      {"0 0 * * satL", "2026", 2, "01-31 Sat, 02-28 Sat"},
      {"0 0 * * MON#2", "2026", 3, "01-12 Mon, 02-09 Mon, 03-09 Mon"},
      {"0 0 ? * 7#1", "2026", 2, "01-04 Sun, 02-01 Sun"},
      {"0 0 * * thu#5", "2026", 3, "01-29 Thu, 04-30 Thu, 07-30 Thu"},
      {"0 0 * * MON#1,MON#3", "2026", 3, "01-05 Mon, 01-19 Mon, 02-02 Mon"},
      // Both day fields: either, unless one begins with a star.
      {"0 0 13 * FRI", "2026", 4, "01-02 Fri, 01-09 Fri, 01-13 Tue, 01-16 Fri"},
      {"0 0 L * 1#1", "2026", 3, "01-05 Mon, 01-31 Sat, 02-02 Mon"},
      {"0 0 */2 * MON", "2026", 3, "01-05 Mon, 01-19 Mon, 02-09 Mon"},
      {"0 0 13 * */5", "2026", 3, "02-13 Fri, 03-13 Fri, 09-13 Sun"},
      {"0 0 ? * TUE", "2026", 2, "01-06 Tue, 01-13 Tue"},
      {"0 0 6 * ?", "2026", 2, "01-06 Tue, 02-06 Fri"},
      {"0 0 ? * ?", "2026", 2, "01-01 Thu, 01-02 Fri"},
      {"0 0 1-31 * MON", "2026", 2, "01-01 Thu, 01-02 Fri"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.expression);
    CHECK(days_of(row.expression, row.year, row.count) == row.days);
  }
}

TEST_CASE("cron names of whole expressions") {
  const auto first = [](std::string_view name) { return in_utc(name, "2026-11-24T06:16:57Z", 2); };
  CHECK(first("@yearly") == Texts{"2027-01-01T00:00:00", "2028-01-01T00:00:00"});
  CHECK(first("@annually") == first("@yearly"));
  CHECK(first("@monthly") == Texts{"2026-12-01T00:00:00", "2027-01-01T00:00:00"});
  CHECK(first("@weekly") == Texts{"2026-11-29T00:00:00", "2026-12-06T00:00:00"});
  CHECK(first("@daily") == Texts{"2026-11-25T00:00:00", "2026-11-26T00:00:00"});
  CHECK(first("@Midnight") == first("@daily"));
  CHECK(first("@HOURLY") == Texts{"2026-11-24T07:00:00", "2026-11-24T08:00:00"});
}

TEST_CASE("cron every counts from the epoch") {
  CHECK(in_utc("@every 15m", "2026-11-24T06:16:57Z", 2) ==
        Texts{"2026-11-24T06:30:00", "2026-11-24T06:45:00"});
  CHECK(in_utc("@every 90m", "1970-01-01T00:00:00Z", 2) ==
        Texts{"1970-01-01T01:30:00", "1970-01-01T03:00:00"});
  CHECK(in_utc("@Every 1h 30m", "1970-01-01T01:30:00Z", 1) == Texts{"1970-01-01T03:00:00"});
  CHECK(in_utc("@every 7s", "1969-12-31T23:59:52Z", 2) ==
        Texts{"1969-12-31T23:59:53", "1970-01-01T00:00:00"});
  CHECK(in_utc("@every 366d", "1970-01-01T00:00:00Z", 1) == Texts{"1971-01-02T00:00:00"});
  // The zone and the policy are nothing to it.
  CHECK(next_texts("@every 1h", "Europe/Berlin", "2026-10-25T00:00:00Z", 2, DstPolicy::strict) ==
        Texts{"2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"});
}

TEST_CASE("next ends with the year 2200 and begins with 1900") {
  const auto daily = CronExpression::parse("@daily");
  CHECK(in_utc("@daily", "2200-12-30T12:00:00Z", 5) == Texts{"2200-12-31T00:00:00"});
  CHECK(in_utc("@every 1d", "2200-12-30T12:00:00Z", 5) == Texts{"2200-12-31T00:00:00"});
  CHECK(in_utc("0 0 29 2 *", "2196-02-29T00:00:00Z", 1).empty());  // 2200 is no leap year
  CHECK(in_utc("* * 29 2 *", "2196-02-29T23:59:00Z", 1).empty());
  // West of Greenwich the year 2200 goes on, but nothing is asked from 2201 UTC on.
  CHECK_FALSE(CronExpression::parse("@hourly")
                  .next(at("2201-01-01T00:00:00Z"), zone("America/New_York"))
                  .has_value());
  for (const char* text : {"@daily", "@hourly", "@every 1h"}) {
    const auto expression = CronExpression::parse(text);
    CHECK(expression.next(sys_seconds::min(), TimeZone::utc()) == at("1900-01-01T00:00:00Z"));
    CHECK_FALSE(expression.next(sys_seconds::max(), TimeZone::utc()).has_value());
  }
}

}  // namespace snapshotter::schedule::test
