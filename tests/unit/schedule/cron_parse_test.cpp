#include "schedule_support.hpp"

namespace snapshotter::schedule::test {
namespace {

using snapshotter::test::ContainsText;

struct Row {
  const char* text;
  std::vector<std::string> says;
};

std::string error_of(std::string_view text) {
  try {
    (void)CronExpression::parse(text);
  } catch (const ScheduleError& error) {
    CHECK(error.kind() == ErrorKind::schedule);
    CHECK_FALSE(error.retryable());
    return error.what();
  }
  return "no error";
}

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const std::string error = error_of(row.text);
    CHECK_THAT(error, ContainsText("cannot parse schedule"));
    for (const std::string& part : row.says) CHECK_THAT(error, ContainsText(part));
  }
}

}  // namespace

TEST_CASE("a parsed expression keeps its text with single blanks") {
  CHECK(CronExpression::parse("  0\t2  * *\n Mon ").text() == "0 2 * * Mon");
  CHECK(CronExpression::parse("@Daily").text() == "@Daily");
  CHECK(CronExpression::parse("@every   1h  30m").text() == "@every 1h 30m");
  const auto original = CronExpression::parse("0 2 * * *");
  const auto copy = original;  // NOLINT(performance-unnecessary-copy-initialization)
  CHECK(copy.text() == original.text());
}

TEST_CASE("an error names field, text, range and what would be right") {
  CHECK_THAT(
      error_of("0 25 * * *"),
      ContainsText("cannot parse schedule '0 25 * * *': hour field '25': 25 is not in 0-23"));
  check({
      {"60 * * * *",
       {"minute field '60': 60 is not in 0-59", "the full hour is 0",
        "minute, hour, day of month"}},
      {"60 * * * * *", {"second field '60': 60 is not in 0-59", "second, minute, hour"}},
      {"0 24 * * *", {"hour field '24': 24 is not in 0-23", "midnight is 0"}},
      {"0 0 0 * *", {"day-of-month field '0': 0 is not in 1-31", "'L'"}},
      {"0 0 32 * *", {"day-of-month field '32': 32 is not in 1-31"}},
      {"0 0 1 13 *", {"month field '13': 13 is not in 1-12"}},
      {"0 0 1 0 *", {"month field '0': 0 is not in 1-12"}},
      {"0 0 * * 8", {"day-of-week field '8': 8 is not in 0-7", "Sunday"}},
      {"0 1,2,30 * * *", {"hour field '1,2,30': 30 is not in 0-23"}},
      {"0 10-99 * * *", {"hour field '10-99': 99 is not in 0-23"}},
      {"99999999999999999999 * * * *", {"minute field", "99999999999999999999 is not in 0-59"}},
  });
}

TEST_CASE("an error of a field that is no number says so") {
  check({
      {"x * * * *", {"minute field 'x': 'x' is not a number"}},
      {"1.5 * * * *", {"'1.5' is not a number"}},
      {"+5 * * * *", {"'+5' is not a number"}},
      {"*5 * * * *", {"'*5' is not a number"}},
      {"1-2-3 * * * *", {"'2-3' is not a number"}},
      {"-5 * * * *", {"minute field '-5': a value is missing in '-5'"}},
      {"5- * * * *", {"a value is missing in '5-'"}},
      {"/5 * * * *", {"a value is missing in '/5'"}},
      {"1,,2 * * * *", {"minute field '1,,2': a list has an empty place"}},
      {"1, * * * *", {"a list has an empty place"}},
      {"0 0 1 janu *",
       {"month field 'janu'", "neither a number nor a name", "did you mean 'jan'?"}},
      {"0 0 1 fbe *", {"did you mean 'feb'?"}},
      {"0 0 * * MONDAY", {"day-of-week field 'MONDAY'", "did you mean 'mon'?"}},
      {"0 0 * * MON-xyz", {"'xyz' is neither a number nor a name like 'sun'"}},
      {"0 MON * * *", {"hour field 'MON': 'MON' is not a number"}},
      {"0 0 \x1b[31m * *", {"\\x1b"}},
  });
}

TEST_CASE("an error of a step says what the step may be") {
  check({
      {"*/0 * * * *", {"minute field '*/0': the step 0 is not in 1-60"}},
      {"*/90 * * * *", {"the step 90 is not in 1-60", "@every 90m"}},
      {"0 */36 * * *", {"hour field '*/36': the step 36 is not in 1-24", "@every 36h"}},
      {"0 0 */45 * *", {"the step 45 is not in 1-31", "@every 45d"}},
      {"*/61 * * * * *", {"second field '*/61'", "@every 61s"}},
      {"0 0 1 */13 *", {"month field '*/13': the step 13 is not in 1-12"}},
      {"*/x * * * *", {"the step 'x' is not a number"}},
      {"*/ * * * *", {"the step '' is not a number"}},
      {"1/2/3 * * * *", {"the step '2/3' is not a number"}},
      {"*/99999999999 * * * *", {"the step 99999999999 is not in 1-60"}},
  });
  CHECK_THAT(error_of("*/0 * * * *"), !ContainsText("@every"));
}

TEST_CASE("an error of a day rule shows the right form") {
  check({
      {"* * * * MON#6",
       {"day-of-week field 'MON#6': 6 is not in 1-5", "'MON#2' is the second Monday"}},
      {"* * * * MON#0", {"0 is not in 1-5"}},
      {"* * * * MON#", {"'' is not a number"}},
      {"* * * * #2", {"a value is missing"}},
      {"* * * * 9#2", {"9 is not in 0-7"}},
      {"* * * * 9L", {"9 is not in 0-7"}},
      {"* * * * L", {"'L' needs a day of the week", "'5L'"}},
      {"* * * * xL", {"'x' is neither a number nor a name"}},
      {"* * L-31 * *", {"day-of-month field 'L-31': 31 is not in 1-30"}},
      {"* * L-0 * *", {"0 is not in 1-30"}},
      {"* * L- * *", {"'' is not a number", "'L-3' is the third day before the last"}},
      {"* * 32W * *", {"32 is not in 1-31"}},
      {"* * W * *", {"'W' is not a number"}},
      {"* * 1-5W * *", {"'1-5' is not a number"}},
      {"* * * * 15W", {"'15W' is neither a number nor a name"}},
      {"L * * * *", {"minute field 'L': 'L' is not a number"}},
      {"? * * * *", {"minute field '?': '?' stands alone, and only in the two day fields"}},
      {"* * ?,5 * *", {"day-of-month field '?,5': '?' stands alone"}},
      {"* * ?/2 * *", {"'?' stands alone"}},
      {"* * * ? *", {"month field '?': '?' stands alone, and only in the two day fields"}},
  });
}

TEST_CASE("an error of the number of fields lists them") {
  check({
      {"", {"it is empty", "'0 2 * * *'"}},
      {" \t ", {"it is empty"}},
      {"5", {"'5': it has 1 field and needs 5 or 6"}},
      {"0 2 * *",
       {"it has 4 fields and needs 5 or 6", "minute, hour, day of month, month, day of week"}},
      {"0 0 2 * * ? 2026", {"it has 7 fields", "a year can't be given"}},
  });
}

TEST_CASE("an expression that never fires is refused") {
  check({
      {"0 0 30 2 *", {"'0 0 30 2 *': it never fires: no day-of-month '30' in month '2'", "'L'"}},
      {"0 0 31 2,4,6 *", {"no day-of-month '31' in month '2,4,6'"}},
      {"0 0 0 31 feb ?", {"no day-of-month '31' in month 'feb'"}},
      {"0 0 31W apr *", {"no day-of-month '31W' in month 'apr'"}},
      {"0 0 L-30 jun *", {"no day-of-month 'L-30' in month 'jun'"}},
      {"0 0 */30 * MON#2", {"no day-of-month '*/30' in month '*' is a day-of-week 'MON#2'"}},
  });
  // Rare is not never.
  CHECK(error_of("0 0 29 2 *") == "no error");
  CHECK(error_of("0 0 */28 2 MON#5") == "no error");  // a leap day on a Monday
  CHECK(error_of("0 0 30 2 MON") == "no error");      // or a Monday
}

TEST_CASE("an error of a name says what there is") {
  check({
      {"@reboot", {"'@reboot'", "not a time", "catch_up: true"}},
      {"@REBOOT", {"catch_up"}},
      {"@dayly", {"there is no '@dayly', did you mean '@daily'?"}},
      {"@often", {"there is no '@often'", "@hourly, @daily"}},
      {"@", {"there is no '@'"}},
      {"@daily 5", {"'@daily' stands alone", "0 0 * * *"}},
      {"@every", {"'@every' needs a duration", "@every 15m"}},
      {"@every soon", {"'soon' is not a duration"}},
      {"@every -5m", {"'-5m' is not a duration"}},
      {"@every 0s", {"takes whole seconds, from 1s to 366d"}},
      {"@every 1500ms", {"takes whole seconds"}},
      {"@every 367d", {"from 1s to 366d"}},
  });
}

// A bad schedule must be an error, never a crash and never silently something else: whatever parses
// has a next firing after now, and its printed form means the same.
TEST_CASE("random text either parses to something that fires or throws ScheduleError") {
  Random random(seed());
  constexpr std::string_view kLetters = "0123456789**,,--//##LWlw?@  \tMONjansuevry\xff";
  int parsed = 0;
  for (int n = 0; n < 20'000; ++n) {
    std::string text;
    const int fields = pick(random, 4, 6);
    for (int field = 0; field < fields; ++field) {
      const int length = pick(random, 1, 4);
      for (int i = 0; i < length && pick(random, 0, 2) != 0; ++i) {
        text += kLetters[static_cast<std::size_t>(
            pick(random, 0, static_cast<int>(kLetters.size()) - 1))];
      }
      text += field % 2 == 0 ? " * " : " 1 ";
    }
    try {
      const auto expression = CronExpression::parse(text);
      ++parsed;
      CAPTURE(text);
      const sys_seconds now = at("2026-11-24T06:16:57Z");
      const auto next = expression.next(now, TimeZone::utc());
      REQUIRE(next.has_value());
      REQUIRE(CronExpression::parse(expression.text()).next(now, TimeZone::utc()) == next);
    } catch (const ScheduleError&) {
    }
  }
  CHECK(parsed > 100);
}

}  // namespace snapshotter::schedule::test
