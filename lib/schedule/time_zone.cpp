#include "schedule/time_zone.hpp"

#include "base/text.hpp"
#include "schedule/zone_database.hpp"

#include <cctz/time_zone.h>
#include <strings.h>

#include <array>
#include <cstdio>
#include <cstdlib>

namespace snapshotter::schedule {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

// cctz counts in its own widths; these are the only crossings.
cctz::time_point<cctz::seconds> to_cctz(sys_seconds time) {
  return cctz::time_point<cctz::seconds>(cctz::seconds(time.time_since_epoch().count()));
}
sys_seconds from_cctz(const cctz::time_point<cctz::seconds>& time) {
  return sys_seconds(seconds(time.time_since_epoch().count()));
}
cctz::civil_second to_cctz(LocalSeconds local) {
  return cctz::civil_second() + local.time_since_epoch().count();
}
LocalSeconds from_cctz(const cctz::civil_second& civil) {
  return LocalSeconds(seconds(civil - cctz::civil_second()));
}

// "Europe/Berlin" → "Berlin".
std::string last_part(std::string_view name) {
  return std::string(name.substr(name.rfind('/') + 1));
}

}  // namespace

struct TimeZone::Impl {
  std::string name;
  cctz::time_zone zone;
};

TimeZone::TimeZone(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

std::optional<TimeZone> TimeZone::load(std::string_view name) {
  if (name == "local") return system();
  auto impl = std::make_shared<Impl>();
  impl->name = name;
  if (!is_zone_name(name) || !cctz::load_time_zone(impl->name, &impl->zone)) return std::nullopt;
  return TimeZone(std::move(impl));
}

TimeZone TimeZone::utc() {
  static const auto impl = std::make_shared<const Impl>(Impl{"UTC", cctz::utc_time_zone()});
  return TimeZone(impl);
}

TimeZone TimeZone::system() {
  const char* const variable = std::getenv("TZ");
  const auto tz = variable != nullptr ? std::optional<std::string>(variable) : std::nullopt;
  for (const std::string& candidate : system_zone_candidates(tz, "/etc/localtime")) {
    if (auto zone = load(candidate)) return *zone;
    auto impl = std::make_shared<Impl>();
    impl->name = "local";
    if (candidate.starts_with('/') && cctz::load_time_zone(candidate, &impl->zone)) {
      return TimeZone(std::move(impl));
    }
  }
  return utc();
}

TimeZone::Lookup TimeZone::lookup(LocalSeconds local) const {
  using Civil = cctz::time_zone::civil_lookup;
  const Civil found = impl_->zone.lookup(to_cctz(local));
  const auto kind = found.kind == Civil::UNIQUE    ? Lookup::Kind::unique
                    : found.kind == Civil::SKIPPED ? Lookup::Kind::skipped
                                                   : Lookup::Kind::repeated;
  return {kind, from_cctz(found.pre), from_cctz(found.trans), from_cctz(found.post)};
}

LocalSeconds TimeZone::to_local(sys_seconds time) const {
  return LocalSeconds(time.time_since_epoch() + offset_at(time));
}

seconds TimeZone::offset_at(sys_seconds time) const {
  return seconds(impl_->zone.lookup(to_cctz(time)).offset);
}

std::optional<sys_seconds> TimeZone::next_transition(sys_seconds time) const {
  cctz::time_zone::civil_transition change;
  while (impl_->zone.next_transition(to_cctz(time), &change)) {
    // Up to the change the offset is the one at `time`.
    time = sys_seconds(from_cctz(change.from).time_since_epoch() - offset_at(time));
    // A change of the abbreviation or of "is DST" alone is not one of the clock.
    if (change.from != change.to) return time;
  }
  return std::nullopt;
}

const std::string& TimeZone::name() const noexcept { return impl_->name; }

std::string TimeZone::suggestion(std::string_view name) {
  const std::vector<std::string> names = zone_names();
  // "berlin", "Europe/Tokyo": the city is right, and the continent is missing or another.
  const std::string city = last_part(name);
  for (const std::string& known : names) {
    if (::strcasecmp(last_part(known).c_str(), city.c_str()) == 0)
      return ", did you mean '" + known + "'?";
  }
  return snapshotter::suggestion(name, names);
}

std::string to_rfc3339(sys_seconds time, const TimeZone& zone) {
  const auto offset = std::chrono::duration_cast<std::chrono::minutes>(zone.offset_at(time));
  const LocalSeconds local(time.time_since_epoch() + offset);
  const auto day = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss<seconds> clock{local - day};
  const auto magnitude = static_cast<int>(std::chrono::abs(offset).count());
  std::array<char, 80> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d%c%02d:%02d",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), offset.count() < 0 ? '-' : '+',
                magnitude / 60, magnitude % 60);
  return text.data();
}

}  // namespace snapshotter::schedule
