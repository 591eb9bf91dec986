// Every change of every clock on earth from 1970 to 2037, against an oracle that knows nothing of
// the search: it walks through real time step by step, looks at the wall clock, and applies the
// rules of cron(8) to what it sees.
#include "schedule_support.hpp"

#include <cstdlib>
#include <iostream>
#include <sstream>

namespace snapshotter::schedule::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

struct Step {
  sys_seconds time;
  LocalSeconds clock;
  Civil civil;
};

// A piece of real time around a change, and how fast to walk through it.
struct Window {
  sys_seconds begin;
  sys_seconds end;
  seconds unit;
};

std::vector<Step> walk(const TimeZone& zone, const Window& window) {
  std::vector<Step> steps;
  for (sys_seconds time = window.begin; time < window.end; time += window.unit) {
    const LocalSeconds clock = zone.to_local(time);
    steps.push_back({time, clock, civil(clock)});
  }
  return steps;
}

bool any_match(const Meaning& meaning, LocalSeconds from, LocalSeconds to, seconds unit) {
  for (; from < to; from += unit) {
    if (meaning.matches(civil(from))) return true;
  }
  return false;
}

Firings oracle(const std::vector<Step>& steps, const Meaning& meaning, DstPolicy dst,
               seconds unit) {
  Firings result;
  const bool every_showing = dst == DstPolicy::cron && !meaning.fixed;
  LocalSeconds latest = steps.front().clock - unit;  // the latest time the clock has shown
  for (const Step& step : steps) {
    const bool jumped = step.clock > latest + unit;
    const bool is_new = step.clock > latest;
    bool fires = (every_showing || is_new) && meaning.matches(step.civil);
    if (!every_showing && dst == DstPolicy::cron && jumped) {
      fires = fires || any_match(meaning, latest + unit, step.clock, unit);
    }
    if (fires) result.push_back(step.time);
    latest = std::max(latest, step.clock);
  }
  return result;
}

std::string list(const Firings& firings, const TimeZone& zone) {
  std::ostringstream text;
  for (const sys_seconds time : firings) text << "\n  " << to_rfc3339(time, zone);
  return text.str();
}

// Walks the window with next() from its start, and asks next() again from odd places.
std::string difference(const Meaning& meaning, const TimeZone& zone, const Window& window,
                       const std::vector<Step>& steps, DstPolicy dst, Random& random) {
  const auto expression = CronExpression::parse(meaning.text);
  const Firings expected = oracle(steps, meaning, dst, window.unit);
  Firings found;
  auto time = expression.next(window.begin - seconds{1}, zone, dst);
  while (time && *time < window.end) {
    if (!found.empty() && *time <= found.back()) return "next() does not move on";
    found.push_back(*time);
    time = expression.next(*time, zone, dst);
  }
  if (found != expected) return "oracle:" + list(expected, zone) + "\nnext():" + list(found, zone);
  const auto length = static_cast<int>((window.end - window.begin).count());
  for (int probe = 0; probe < 4; ++probe) {
    const sys_seconds after = window.begin + seconds{pick(random, 0, length - 1)};
    const auto right = std::upper_bound(expected.begin(), expected.end(), after);
    const auto got = expression.next(after, zone, dst);
    const bool good = right == expected.end() ? !got || *got >= window.end : got == *right;
    if (!good)
      return "next() after " + to_rfc3339(after, zone) + ", oracle:" + list(expected, zone);
  }
  return "";
}

bool never_matches(const std::string& text) {
  try {
    (void)CronExpression::parse(text);
    return false;
  } catch (const ScheduleError&) {
    return true;
  }
}

// The hand-made part: expressions aimed at a time that the change skips or repeats.
std::vector<Meaning> aimed_at(const Civil& c) {
  const std::string minute = std::to_string(c.minute);
  const std::string hour = std::to_string(c.hour);
  const std::string at = minute + " " + hour;
  const std::string date = std::to_string(c.day) + " " + std::to_string(c.month);
  const auto hit = [c](const Civil& x) { return x.hour == c.hour && x.minute == c.minute; };
  return {
      {at + " * * *", true, hit},
      {at + " " + date + " *", true,
       [=](const Civil& x) { return hit(x) && x.day == c.day && x.month == c.month; }},
      {at + " ? * " + std::to_string(c.weekday), true,
       [=](const Civil& x) { return hit(x) && x.weekday == c.weekday; }},
      {minute + ",7,53 " + hour + ",0,3 * * *", true,
       [=](const Civil& x) {
         return (x.minute == c.minute || x.minute == 7 || x.minute == 53) &&
                (x.hour == c.hour || x.hour == 0 || x.hour == 3);
       }},
      {"0-59 0-23 * * *", true, [](const Civil&) { return true; }},
      {"@daily", true, [](const Civil& x) { return x.hour == 0 && x.minute == 0; }},
      {"@hourly", false, [](const Civil& x) { return x.minute == 0; }},
      {"*/20 * * * *", false, [](const Civil& x) { return x.minute % 20 == 0; }},
      {minute + " */2 * * *", false,
       [=](const Civil& x) { return x.minute == c.minute && x.hour % 2 == 0; }},
      {"* " + hour + " L * *", false,
       [=](const Civil& x) { return x.hour == c.hour && x.day == x.days_in_month; }},
  };
}

struct Counter {
  long changes = 0;
  long comparisons = 0;
};

void compare(const std::vector<Meaning>& meanings, const TimeZone& zone, const Window& window,
             Random& random, Counter& counter) {
  const std::vector<Step> steps = walk(zone, window);
  ++counter.changes;
  for (const Meaning& meaning : meanings) {
    for (const DstPolicy dst : {DstPolicy::cron, DstPolicy::strict}) {
      ++counter.comparisons;
      const std::string wrong = difference(meaning, zone, window, steps, dst, random);
      if (wrong.empty()) continue;
      FAIL(zone.name() << ", '" << meaning.text << "', "
                       << (dst == DstPolicy::cron ? "cron" : "strict") << ", around "
                       << to_rfc3339(window.begin, zone) << "\n"
                       << wrong);
    }
  }
}

seconds length_of(const TimeZone& zone, sys_seconds change) {
  return std::chrono::abs(zone.offset_at(change) - zone.offset_at(change - seconds{1}));
}

bool in_whole_minutes(const TimeZone& zone, sys_seconds change) {
  return change.time_since_epoch() % minutes{1} == seconds{0} &&
         zone.offset_at(change) % minutes{1} == seconds{0} &&
         zone.offset_at(change - seconds{1}) % minutes{1} == seconds{0};
}

// A time on the clock that the change skips or shows twice.
Civil inside(const TimeZone& zone, sys_seconds change, Random& random) {
  const LocalSeconds before = zone.to_local(change - seconds{1}) + seconds{1};
  const LocalSeconds after = zone.to_local(change);
  const auto length = static_cast<int>(length_of(zone, change).count());
  return civil(std::min(before, after) + seconds{pick(random, 0, length - 1)});
}

void add_random(std::vector<Meaning>& meanings, Random& random, bool with_seconds) {
  const Meaning meaning = random_meaning(random, with_seconds);
  if (!never_matches(meaning.text)) meanings.push_back(meaning);
}

}  // namespace

TEST_CASE("next agrees with a walk through real time around every change of every zone") {
  Random random(seed());
  Counter counter;
  for (const ZoneHistory& history : zone_histories()) {
    sys_seconds previous{};
    for (const sys_seconds change : history.changes) {
      const seconds margin = length_of(history.zone, change) + hours{2};
      Window window{change - margin, change + margin, minutes{1}};
      // The oracle has to have seen the clock before the last change too, if that was just now.
      if (previous + hours{26} > window.begin) window.begin = previous - hours{26};
      previous = change;
      if (!in_whole_minutes(history.zone, change)) continue;  // walked by seconds below
      auto meanings = aimed_at(inside(history.zone, change, random));
      add_random(meanings, random, false);
      compare(meanings, history.zone, window, random, counter);
    }
  }
  CHECK(counter.changes > 10'000);
  std::cout << counter.changes << " changes, " << counter.comparisons << " comparisons\n";
}

TEST_CASE("next agrees with a walk by seconds where offsets have seconds") {
  Random random(seed());
  Counter counter;
  for (const ZoneHistory& history : zone_histories()) {
    auto change = history.zone.next_transition(at("1900-01-02T00:00:00Z"));
    for (; change && *change < at("1973-01-01T00:00:00Z");
         change = history.zone.next_transition(*change)) {
      if (in_whole_minutes(history.zone, *change)) continue;
      const seconds margin =
          std::min<seconds>(length_of(history.zone, *change), hours{25}) + minutes{5};
      std::vector<Meaning> meanings;
      for (int n = 0; n < 4; ++n) add_random(meanings, random, n % 2 == 0);
      meanings.push_back({"* 0-59 0-23 * * *", true, [](const Civil&) { return true; }});
      compare(meanings, history.zone, {*change - margin, *change + margin, seconds{1}}, random,
              counter);
    }
  }
  CHECK(counter.changes > 100);
}

TEST_CASE("next agrees with a walk by seconds for expressions with seconds") {
  Random random(seed());
  Counter counter;
  const auto& histories = zone_histories();
  while (counter.changes < 60) {
    const auto index = pick(random, 0, static_cast<int>(histories.size()) - 1);
    const ZoneHistory& history = histories[static_cast<std::size_t>(index)];
    if (history.changes.empty()) continue;
    const auto which = pick(random, 0, static_cast<int>(history.changes.size()) - 1);
    const sys_seconds change = history.changes[static_cast<std::size_t>(which)];
    const seconds margin = length_of(history.zone, change) + minutes{2};
    std::vector<Meaning> meanings;
    for (int n = 0; n < 3; ++n) add_random(meanings, random, true);
    compare(meanings, history.zone, {change - margin, change + margin, seconds{1}}, random,
            counter);
  }
}

TEST_CASE("next agrees with a walk through days without a change") {
  Random random(seed());
  Counter counter;
  const auto& histories = zone_histories();
  for (int n = 0; n < 200; ++n) {
    const auto index = pick(random, 0, static_cast<int>(histories.size()) - 1);
    const sys_seconds begin = at("1975-01-01T00:00:00Z") + hours{pick(random, 0, 60 * 365 * 24)};
    std::vector<Meaning> meanings;
    for (int more = 0; more < 5; ++more) add_random(meanings, random, false);
    compare(meanings, histories[static_cast<std::size_t>(index)].zone,
            {begin, begin + hours{100}, minutes{1}}, random, counter);
  }
}

TEST_CASE("next takes exactly the days that a look at each day takes") {
  Random random(seed());
  const TimeZone utc = TimeZone::utc();
  int impossible = 0;
  for (int n = 0; n < 2000; ++n) {
    const Meaning meaning = random_day_meaning(random);
    const bool refused = never_matches(meaning.text);
    // A refused expression is looked for through a whole cycle of the calendar's weekdays.
    const sys_seconds begin =
        refused ? at("2000-01-01T00:00:00Z")
                : at("1950-01-01T00:00:00Z") + std::chrono::days{pick(random, 0, 80'000)};
    const sys_seconds end = begin + std::chrono::days{refused ? 41 * 366 : 1500};
    Firings expected;
    for (sys_seconds day = begin; day < end; day += std::chrono::days{1}) {
      if (meaning.matches(civil(utc.to_local(day)))) expected.push_back(day);
    }
    CAPTURE(meaning.text);
    if (refused) {
      ++impossible;
      REQUIRE(expected.empty());
      continue;
    }
    const auto expression = CronExpression::parse(meaning.text);
    Firings found;
    auto day = expression.next(begin - seconds{1}, utc);
    for (; day && *day < end; day = expression.next(*day, utc)) found.push_back(*day);
    REQUIRE(found == expected);
  }
  CHECK(impossible < 1000);
}

}  // namespace snapshotter::schedule::test
