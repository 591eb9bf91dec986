#include "snapshotctl/parts/times.hpp"

#include "base/units.hpp"

#include <array>
#include <cstdint>

namespace snapshotter::ctl {
namespace {

namespace chrono = std::chrono;

chrono::local_seconds to_local(Time time, const View& view) {
  return view.zone.to_local(chrono::floor<chrono::seconds>(time));
}

// "2026-11-24 02:00:07"
std::string local_text(Time time, const View& view) {
  const auto local = to_local(time, view);
  const auto as_utc = chrono::sys_seconds{local.time_since_epoch()};
  auto text = to_rfc3339(as_utc);
  text[10] = ' ';
  text.pop_back();
  return text;
}

Time at_local(chrono::local_seconds local, const schedule::TimeZone& zone) {
  const auto found = zone.lookup(local);
  return found.kind == schedule::TimeZone::Lookup::Kind::skipped ? found.transition : found.before;
}

Time midnight(Time now, int days_before, const schedule::TimeZone& zone) {
  const auto local = zone.to_local(chrono::floor<chrono::seconds>(now));
  return at_local(chrono::floor<chrono::days>(local) - chrono::days(days_before), zone);
}

}  // namespace

std::string rough(Duration span) {
  struct Unit {
    std::int64_t seconds;
    std::int64_t until;  // this unit is used below so many seconds
    std::string_view name;
  };
  constexpr std::int64_t kMinute = 60, kHour = 3600, kDay = 86400;
  constexpr std::int64_t kMonth = 2'629'746, kYear = 12 * kMonth;  // of the Gregorian calendar
  static constexpr std::array<Unit, 5> kUnits{{{1, kMinute, "s"},
                                               {kMinute, kHour, "min"},
                                               {kHour, 2 * kDay, "h"},
                                               {kDay, 2 * kMonth, "days"},
                                               {kMonth, 2 * kYear, "months"}}};
  const auto seconds =
      std::max<std::int64_t>(0, chrono::duration_cast<chrono::seconds>(span).count());
  for (const auto& unit : kUnits) {
    if (seconds < unit.until) {
      return std::to_string(seconds / unit.seconds) + ' ' + std::string(unit.name);
    }
  }
  return std::to_string(seconds / kYear) + " years";
}

std::string age(Time time, Time now) {
  constexpr chrono::seconds kNow{1};
  if (time > now) return "in " + rough(time - now);
  return now - time < kNow ? "just now" : rough(now - time) + " ago";
}

std::string local_minute(Time time, const View& view) {
  return local_text(time, view).substr(0, 16);
}

std::string local_clock(Time time, const View& view) {
  return local_text(time, view).substr(11, 8);
}

std::string date_and_age(Time time, const View& view) {
  return local_minute(time, view) + " (" + age(time, view.now) + ")";
}

std::string when(Time time, const View& view) {
  return view.narrow() ? age(time, view.now) : date_and_age(time, view);
}

std::optional<Time> parse_local(std::string_view text, const schedule::TimeZone& zone) {
  // The forms differ in how much of a day they name; RFC 3339 has the rest.
  std::string full(text);
  if (full.size() == 10) full += "T00:00";
  if (full.size() == 16) full += ":00";
  if (full.size() != 19) return std::nullopt;
  const auto as_utc = parse_rfc3339(full + 'Z');
  if (!as_utc) return std::nullopt;
  return at_local(chrono::local_seconds{chrono::floor<chrono::seconds>(as_utc->time_since_epoch())},
                  zone);
}

std::optional<Time> parse_when(std::string_view text, Time now, const schedule::TimeZone& zone) {
  if (text == "now") return now;
  if (text == "today") return midnight(now, 0, zone);
  if (text == "yesterday") return midnight(now, 1, zone);
  if (const auto time = parse_rfc3339(text)) return time;
  if (const auto time = parse_local(text, zone)) return time;
  constexpr std::string_view kAgo = " ago";
  if (text.ends_with(kAgo)) text.remove_suffix(kAgo.size());
  const auto span = parse_duration(text);
  if (!span || now.time_since_epoch() < *span) return std::nullopt;
  return now - *span;
}

}  // namespace snapshotter::ctl
