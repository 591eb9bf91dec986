// "Next after T in zone Z" where clocks change: tables of known nights, by hand. The expected times
// are what cron(8) promises; clock_change_property_test.cpp covers every other night.
#include "schedule_support.hpp"

namespace snapshotter::schedule::test {
namespace {

using Texts = std::vector<std::string>;

struct Row {
  const char* zone;
  const char* expression;
  const char* after;
  Texts next;
};

void check(const std::vector<Row>& rows, DstPolicy dst = DstPolicy::cron) {
  for (const Row& row : rows) {
    CAPTURE(row.zone, row.expression, row.after);
    CHECK(next_texts(row.expression, row.zone, row.after, row.next.size(), dst) == row.next);
  }
}

}  // namespace

TEST_CASE("a fixed time in the skipped hour fires once right after the jump") {
  check({
      {"Europe/Berlin",
       "30 2 * * *",
       "2026-03-28T12:00:00Z",
       {"2026-03-29T03:00:00+02:00", "2026-03-30T02:30:00+02:00"}},
      {"Europe/Berlin",
       "0 2 * * *",
       "2026-03-28T00:00:00+01:00",
       {"2026-03-28T02:00:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"}},
      // Several skipped times are one firing, and a regular one at the moment of the jump is the
      // same.
      {"Europe/Berlin",
       "0,15,30,45 2 * * *",
       "2026-03-28T12:00:00Z",
       {"2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"}},
      {"Europe/Berlin",
       "30 2,3 * * *",
       "2026-03-28T12:00:00Z",
       {"2026-03-29T03:00:00+02:00", "2026-03-29T03:30:00+02:00", "2026-03-30T02:30:00+02:00"}},
      {"Europe/Berlin",
       "0 1-4 * * *",
       "2026-03-28T12:00:00Z",
       {"2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00"}},
      {"Europe/Berlin",
       "* 15 2 * * *",
       "2026-03-28T12:00:00Z",
       {"2026-03-29T03:00:00+02:00", "2026-03-30T02:15:00+02:00"}},
      {"Europe/Berlin",
       "30 2 29 3 *",
       "2026-03-01T00:00:00Z",
       {"2026-03-29T03:00:00+02:00", "2027-03-29T02:30:00+02:00"}},
      {"Europe/Berlin",
       "30 2 L 3 0L",
       "2026-03-01T00:00:00Z",
       {"2026-03-29T03:00:00+02:00", "2026-03-31T02:30:00+02:00"}},
      {"America/New_York",
       "30 2 * * SUN",
       "2026-03-07T00:00:00Z",
       {"2026-03-08T03:00:00-04:00", "2026-03-15T02:30:00-04:00"}},
      // Asked in the last second before the jump, and at the jump itself.
      {"Europe/Berlin", "30 2 * * *", "2026-03-29T00:59:59Z", {"2026-03-29T03:00:00+02:00"}},
      {"Europe/Berlin", "30 2 * * *", "2026-03-29T01:00:00Z", {"2026-03-30T02:30:00+02:00"}},
  });
}

TEST_CASE("a fixed time in the repeated hour fires the first time only") {
  check({
      {"Europe/Berlin",
       "30 2 * * *",
       "2026-10-24T12:00:00Z",
       {"2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"}},
      {"Europe/Berlin",
       "0,30 2,3 * * *",
       "2026-10-24T12:00:00Z",
       {"2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-25T03:00:00+01:00",
        "2026-10-25T03:30:00+01:00"}},
      {"America/New_York", "30 1 1 11 *", "2026-10-01T00:00:00Z", {"2026-11-01T01:30:00-04:00"}},
      // Asked between the two passes and within the second.
      {"Europe/Berlin", "30 2 * * *", "2026-10-25T02:45:00+02:00", {"2026-10-26T02:30:00+01:00"}},
      {"Europe/Berlin", "30 2 * * *", "2026-10-25T02:10:00+01:00", {"2026-10-26T02:30:00+01:00"}},
      {"Europe/Berlin", "10 2 * * *", "2026-10-25T02:05:00+01:00", {"2026-10-26T02:10:00+01:00"}},
      {"Europe/Berlin", "0 3 * * *", "2026-10-25T02:59:59+01:00", {"2026-10-25T03:00:00+01:00"}},
  });
}

TEST_CASE("an expression with a star in minute or hour follows the clock") {
  check({
      {"Europe/Berlin",
       "0 * * * *",
       "2026-03-29T00:00:00Z",
       {"2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00"}},
      {"Europe/Berlin",
       "@hourly",
       "2026-10-25T00:00:00Z",
       {"2026-10-25T02:00:00+01:00", "2026-10-25T03:00:00+01:00"}},
      {"Europe/Berlin", "30 * * * *", "2026-03-29T00:30:00Z", {"2026-03-29T03:30:00+02:00"}},
      {"Europe/Berlin",
       "30 * * * *",
       "2026-10-25T02:30:00+02:00",
       {"2026-10-25T02:30:00+01:00", "2026-10-25T03:30:00+01:00"}},
      {"Europe/Berlin", "30 * * * *", "2026-10-25T02:50:00+02:00", {"2026-10-25T02:30:00+01:00"}},
      {"Europe/Berlin",
       "*/30 2 * * *",
       "2026-03-28T12:00:00Z",
       {"2026-03-30T02:00:00+02:00", "2026-03-30T02:30:00+02:00"}},
      {"Europe/Berlin",
       "*/30 2 * * *",
       "2026-10-24T12:00:00Z",
       {"2026-10-25T02:00:00+02:00", "2026-10-25T02:30:00+02:00", "2026-10-25T02:00:00+01:00",
        "2026-10-25T02:30:00+01:00", "2026-10-26T02:00:00+01:00"}},
      {"Europe/Berlin",
       "0 */2 * * *",
       "2026-03-28T23:30:00Z",
       {"2026-03-29T04:00:00+02:00", "2026-03-29T06:00:00+02:00"}},
      {"Europe/Berlin",
       "0 */6 * * *",
       "2026-10-24T22:30:00Z",
       {"2026-10-25T06:00:00+01:00", "2026-10-25T12:00:00+01:00"}},
      // A star among the seconds, or later in the field, does not count.
      {"Europe/Berlin",
       "0 1,*/2 * * *",
       "2026-03-28T23:30:00Z",
       {"2026-03-29T01:00:00+01:00", "2026-03-29T03:00:00+02:00", "2026-03-29T04:00:00+02:00"}},
  });
}

TEST_CASE("strict leaves out times that do not exist") {
  check(
      {
          {"Europe/Berlin", "30 2 * * *", "2026-03-28T12:00:00Z", {"2026-03-30T02:30:00+02:00"}},
          {"Europe/Berlin", "30 2 29 3 *", "2026-03-01T00:00:00Z", {"2027-03-29T02:30:00+02:00"}},
          {"Europe/Berlin",
           "0 2,3 * * *",
           "2026-03-28T12:00:00Z",
           {"2026-03-29T03:00:00+02:00", "2026-03-30T02:00:00+02:00"}},
          {"Europe/Berlin",
           "30 2 * * *",
           "2026-10-24T12:00:00Z",
           {"2026-10-25T02:30:00+02:00", "2026-10-26T02:30:00+01:00"}},
          {"Europe/Berlin",
           "30 * * * *",
           "2026-10-25T02:30:00+02:00",
           {"2026-10-25T03:30:00+01:00"}},
          {"America/Havana", "@daily", "2026-03-07T12:00:00Z", {"2026-03-09T00:00:00-04:00"}},
      },
      DstPolicy::strict);
}

TEST_CASE("clocks that jump at midnight keep the daily job") {
  check({
      // Chile goes from 23:59:59 on Saturday to 01:00 on Sunday, Cuba at 00:00.
      {"America/Santiago",
       "@daily",
       "2026-09-05T12:00:00Z",
       {"2026-09-06T01:00:00-03:00", "2026-09-07T00:00:00-03:00"}},
      {"America/Havana",
       "0 0 * * *",
       "2026-03-07T12:00:00Z",
       {"2026-03-08T01:00:00-04:00", "2026-03-09T00:00:00-04:00"}},
      {"America/Havana",
       "@weekly",
       "2026-03-07T12:00:00Z",
       {"2026-03-08T01:00:00-04:00", "2026-03-15T00:00:00-04:00"}},
      // Back over midnight: the day begins twice, the job runs once.
      {"America/Havana",
       "@daily",
       "2026-10-31T12:00:00Z",
       {"2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00"}},
      {"America/Santiago",
       "30 23 * * *",
       "2026-04-04T12:00:00Z",
       {"2026-04-04T23:30:00-03:00", "2026-04-05T23:30:00-04:00"}},
      {"America/Santiago",
       "30 23 * * SAT",
       "2026-04-04T23:10:00-04:00",
       {"2026-04-11T23:30:00-04:00"}},
  });
}

TEST_CASE("jumps of other lengths than an hour") {
  check({
      // Lord Howe: half an hour, at 02:00.
      {"Australia/Lord_Howe",
       "15 2 * * *",
       "2026-10-03T00:00:00Z",
       {"2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"}},
      {"Australia/Lord_Howe", "30 2 * * *", "2026-10-03T00:00:00Z", {"2026-10-04T02:30:00+11:00"}},
      {"Australia/Lord_Howe",
       "45 1 * * *",
       "2026-04-04T00:00:00Z",
       {"2026-04-05T01:45:00+11:00", "2026-04-06T01:45:00+10:30"}},
      {"Australia/Lord_Howe",
       "*/15 * * * *",
       "2026-04-05T01:45:00+11:00",
       {"2026-04-05T01:30:00+10:30", "2026-04-05T01:45:00+10:30", "2026-04-05T02:00:00+10:30"}},
      // Troll: two hours. Samoa had no 30 December 2011.
      {"Antarctica/Troll",
       "30 1,2 * * *",
       "2026-03-28T12:00:00Z",
       {"2026-03-29T03:00:00+02:00", "2026-03-30T01:30:00+02:00"}},
      {"Pacific/Apia",
       "@daily",
       "2011-12-29T00:00:00-10:00",
       {"2011-12-31T00:00:00+14:00", "2012-01-01T00:00:00+14:00"}},
      {"Pacific/Apia",
       "0 3,9,15 * * *",
       "2011-12-29T15:00:00-10:00",
       {"2011-12-31T00:00:00+14:00", "2011-12-31T03:00:00+14:00"}},
      {"Pacific/Apia",
       "0 12 * * FRI",
       "2011-12-29T15:00:00-10:00",
       {"2011-12-31T00:00:00+14:00", "2012-01-06T12:00:00+14:00"}},
      {"Pacific/Apia",
       "*/30 12 * * FRI",
       "2011-12-29T15:00:00-10:00",
       {"2012-01-06T12:00:00+14:00", "2012-01-06T12:30:00+14:00"}},
      // Kwajalein had almost all of 30 September 1969 twice.
      {"Pacific/Kwajalein",
       "0 12 * * *",
       "1969-09-30T00:00:00+11:00",
       {"1969-09-30T12:00:00+11:00", "1969-10-01T12:00:00-12:00"}},
      {"Pacific/Kwajalein",
       "*/30 12 * * *",
       "1969-09-30T12:15:00+11:00",
       {"1969-09-30T12:30:00+11:00", "1969-09-30T12:00:00-12:00"}},
      // Kwajalein lost 21 August 1993; Pyongyang's half hour of 2018.
      {"Pacific/Kwajalein",
       "0 6 * * *",
       "1993-08-20T12:00:00-12:00",
       {"1993-08-22T00:00:00+12:00", "1993-08-22T06:00:00+12:00"}},
      {"Asia/Pyongyang",
       "40 23 * * *",
       "2018-05-04T00:00:00+08:30",
       {"2018-05-05T00:00:00+09:00", "2018-05-05T23:40:00+09:00"}},
      // Liberia, 7 January 1972: from -00:44:30 to 0, to the second. RFC 3339 shows -00:44.
      {"Africa/Monrovia",
       "10 0 * * *",
       "1972-01-06T12:00:00Z",
       {"1972-01-07T00:44:30+00:00", "1972-01-08T00:10:00+00:00"}},
  });
}

TEST_CASE("zones whose offset never changes or changes only by name") {
  check({
      {"Asia/Tokyo",
       "30 2 * * *",
       "2026-03-28T12:00:00Z",
       {"2026-03-29T02:30:00+09:00", "2026-03-30T02:30:00+09:00"}},
      // British Standard Time 1968: BST by another name.
      {"Europe/London",
       "30 2 * * *",
       "1968-10-26T12:00:00+01:00",
       {"1968-10-27T02:30:00+01:00", "1968-10-28T02:30:00+01:00"}},
      {"Europe/London",
       "30 * * * *",
       "1968-10-26T23:45:00Z",
       {"1968-10-27T01:30:00+01:00", "1968-10-27T02:30:00+01:00"}},
  });
}

TEST_CASE("clock changes after 2037 come from the zone's rule") {
  check({
      {"Europe/Berlin",
       "30 2 * * *",
       "2150-03-28T12:00:00Z",
       {"2150-03-29T03:00:00+02:00", "2150-03-30T02:30:00+02:00"}},
      {"Europe/Berlin",
       "*/30 2 25 10 *",
       "2150-01-01T00:00:00Z",
       {"2150-10-25T02:00:00+02:00", "2150-10-25T02:30:00+02:00", "2150-10-25T02:00:00+01:00"}},
  });
}

}  // namespace snapshotter::schedule::test
