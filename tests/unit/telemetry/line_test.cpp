#include "telemetry/line.hpp"

#include "support/catch.hpp"

#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace snapshotter::telemetry {
namespace {

constexpr Time kNight{std::chrono::sys_days{std::chrono::November / 24 / 2026} +
                      std::chrono::hours{2} + Duration{123456}};

// The zone of this process for as long as it lives.
class Zone {
 public:
  explicit Zone(const char* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~Zone() {
    ::unsetenv("TZ");
    ::tzset();
  }
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;
};

Line line_with(const LogFields& fields) {
  return {kNight, LogLevel::warning, "disk is slow", fields};
}

}  // namespace

TEST_CASE("a line on the console says when in local time, how bad, and about what") {
  const Zone zone("UTC-2");  // POSIX: two hours ahead of UTC
  const ConsoleLine line = console_line(line_with({.job = "nightly", .run = "r", .target = "db"}));
  CHECK(line.text == "2026-11-24 04:00:00 warning nightly/db: disk is slow");
  CHECK(line.text.substr(line.level_begin, line.level_end - line.level_begin) == "warning");
  CHECK(console_line(line_with({.job = "nightly"})).text ==
        "2026-11-24 04:00:00 warning nightly: disk is slow");
  CHECK(console_line(line_with({})).text == "2026-11-24 04:00:00 warning disk is slow");
}

TEST_CASE("a line in the file says the time in UTC and names the run") {
  CHECK(file_line(line_with({.job = "nightly", .run = "20261124T020000Z-3f9c", .target = "db"})) ==
        "2026-11-24T02:00:00.123456Z warning nightly/db 20261124T020000Z-3f9c: disk is slow");
  CHECK(file_line(line_with({.run = "r"})) ==
        "2026-11-24T02:00:00.123456Z warning r: disk is slow");
  CHECK(file_line(line_with({.target = "db"})) ==
        "2026-11-24T02:00:00.123456Z warning db: disk is slow");
  CHECK(file_line(line_with({})) == "2026-11-24T02:00:00.123456Z warning disk is slow");
}

TEST_CASE("a line for syslog has no time and level, which syslog adds itself") {
  CHECK(syslog_line(line_with({.job = "nightly", .target = "db"})) == "nightly/db: disk is slow");
  CHECK(syslog_line(line_with({})) == "disk is slow");
}

TEST_CASE("the journal gets every field that has a value") {
  using Fields = std::vector<std::string>;
  CHECK(journal_fields(
            line_with({.job = "nightly", .run = "r1", .target = "db", .message_id = "00ff"})) ==
        Fields{"MESSAGE=disk is slow", "PRIORITY=4", "SYSLOG_IDENTIFIER=snapshotterd",
               "MESSAGE_ID=00ff", "SNAPSHOTTER_JOB=nightly", "SNAPSHOTTER_RUN=r1",
               "SNAPSHOTTER_TARGET=db"});
  CHECK(
      journal_fields({kNight, LogLevel::error, "text", {.run = "r1"}}) ==
      Fields{"MESSAGE=text", "PRIORITY=3", "SYSLOG_IDENTIFIER=snapshotterd", "SNAPSHOTTER_RUN=r1"});
}

TEST_CASE("levels have the priorities of syslog") {
  CHECK(syslog_priority(LogLevel::trace) == LOG_DEBUG);
  CHECK(syslog_priority(LogLevel::debug) == LOG_DEBUG);
  CHECK(syslog_priority(LogLevel::info) == LOG_INFO);
  CHECK(syslog_priority(LogLevel::warning) == LOG_WARNING);
  CHECK(syslog_priority(LogLevel::error) == LOG_ERR);
}

TEST_CASE("facilities go by their names") {
  CHECK(syslog_facility("daemon") == LOG_DAEMON);
  CHECK(syslog_facility("local7") == LOG_LOCAL7);
  CHECK(syslog_facility("cron") == LOG_CRON);
  CHECK(syslog_facility("nonsense") == LOG_DAEMON);
  const auto names = syslog_facilities();
  CHECK(std::ranges::count(names, "local0") == 1);
  CHECK(std::ranges::count(names, "daemon") == 1);
}

TEST_CASE("levels are parsed by the names they print") {
  for (const auto level :
       {LogLevel::trace, LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
    CHECK(parse_log_level(name(level)) == level);
  }
  CHECK(name(LogLevel::warning) == "warning");
  CHECK_FALSE(parse_log_level("warn").has_value());
  CHECK_FALSE(parse_log_level("INFO").has_value());
}

TEST_CASE("any bytes become one line of UTF-8, and what is escaped is not escaped again") {
  CHECK(safe("plain, \xc3\xa4") == "plain, \xc3\xa4");
  CHECK(safe("a\nb\x1b[2J\xff") == "a\\nb\\x1b[2J\\xff");
  CHECK(safe(safe("a\nb\xff")) == safe("a\nb\xff"));
  CHECK(safe("\\") == "\\");
  CHECK(safe("\\\\n\\") == "\\\\n\\");
  CHECK(safe("").empty());
  CHECK(safe(std::string_view("a\0b", 3)) == "a\\x00b");
}

TEST_CASE("a text that is too long is cut between characters") {
  const std::string longest(kMaxText, 'x');
  CHECK(safe(longest) == longest);
  CHECK(safe(longest + "y") == longest + "…");
  std::string odd(kMaxText - 1, 'x');
  std::string expected = odd;
  odd += "\xc3\xa4";
  expected += "…";
  CHECK(safe(odd) == expected);
}

TEST_CASE("fields on top of others win where they say something") {
  const LogFields merged = merge({.job = "a", .run = "r"}, {.job = "b", .target = "t"});
  CHECK(merged.job == "b");
  CHECK(merged.run == "r");
  CHECK(merged.target == "t");
  CHECK(merged.message_id.empty());
}

TEST_CASE("the journal's stream is known by its device and inode") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  struct stat info {};
  REQUIRE(::fstat(ends[1], &info) == 0);
  const std::string name = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
  CHECK(is_journal_stream(name, ends[1]));
  CHECK_FALSE(is_journal_stream(name + "0", ends[1]));
  CHECK_FALSE(is_journal_stream("", ends[1]));
  ::close(ends[0]);
  ::close(ends[1]);
  CHECK_FALSE(is_journal_stream(name, ends[1]));
}

}  // namespace snapshotter::telemetry
