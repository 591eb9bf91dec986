#include "schedule/time_zone.hpp"

#include "schedule/zone_database.hpp"
#include "schedule_support.hpp"
#include "support/temp_dir.hpp"

#include <cstdlib>
#include <ctime>
#include <thread>

namespace snapshotter::schedule::test {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Kind = TimeZone::Lookup::Kind;
using Names = std::vector<std::string>;

// TZ for as long as it lives. Nothing else of this program reads the environment meanwhile.
class TzVariable {
 public:
  explicit TzVariable(const char* value) {
    if (const char* const old = std::getenv("TZ")) old_ = old;
    set(value);
  }
  ~TzVariable() { set(old_ ? old_->c_str() : nullptr); }
  TzVariable(const TzVariable&) = delete;
  TzVariable& operator=(const TzVariable&) = delete;

 private:
  static void set(const char* value) {
    if (value != nullptr) {
      ::setenv("TZ", value, 1);
    } else {
      ::unsetenv("TZ");
    }
    ::tzset();
  }
  std::optional<std::string> old_;
};

seconds libc_offset(sys_seconds time) {
  const std::time_t t = time.time_since_epoch().count();
  std::tm local{};
  ::localtime_r(&t, &local);
  return seconds{local.tm_gmtoff};
}

LocalSeconds local(std::string text) {
  text.push_back('Z');
  return LocalSeconds(at(text).time_since_epoch());
}

}  // namespace

TEST_CASE("time zones load by their names") {
  CHECK(TimeZone::load("Europe/Berlin")->name() == "Europe/Berlin");
  CHECK(TimeZone::load("UTC")->name() == "UTC");
  CHECK(TimeZone::utc().name() == "UTC");
  CHECK(TimeZone::load("Etc/GMT+5")->offset_at(at("2026-01-01T00:00:00Z")) == hours{-5});
  for (const char* name :
       {"", "Europe", "Europe/Bern", "europe/berlin", "/etc/localtime", "../zoneinfo/UTC",
        "Europe/../UTC", "Europe//Berlin", "Europe/Berlin/", "/", "zone1970.tab", "Fixed/UTC+01:00",
        "libc:localtime", "CET-1CEST", "Europe/Berlin\n", "posix/../UTC"}) {
    CAPTURE(name);
    CHECK_FALSE(TimeZone::load(name).has_value());
  }
}

TEST_CASE("a misspelt zone gets a suggestion") {
  CHECK(TimeZone::suggestion("Europe/Berlni") == ", did you mean 'Europe/Berlin'?");
  CHECK(TimeZone::suggestion("europe/berlin") == ", did you mean 'Europe/Berlin'?");
  CHECK(TimeZone::suggestion("Berlin") == ", did you mean 'Europe/Berlin'?");
  CHECK(TimeZone::suggestion("Europe/Tokyo") == ", did you mean 'Asia/Tokyo'?");
  CHECK(TimeZone::suggestion("America/NewYork") == ", did you mean 'America/New_York'?");
  CHECK(TimeZone::suggestion("Middle_earth/Minas_Tirith").empty());
  CHECK(TimeZone::suggestion("").empty());
}

TEST_CASE("zone lookup tells unique, skipped and repeated times") {
  const TimeZone berlin = zone("Europe/Berlin");
  const auto unique = berlin.lookup(local("2026-07-01T12:00:00"));
  CHECK(unique.kind == Kind::unique);
  CHECK(unique.before == at("2026-07-01T10:00:00Z"));
  CHECK(unique.after == unique.before);

  const auto skipped = berlin.lookup(local("2026-03-29T02:30:00"));
  CHECK(skipped.kind == Kind::skipped);
  CHECK(skipped.before == at("2026-03-29T02:30:00+01:00"));
  CHECK(skipped.transition == at("2026-03-29T01:00:00Z"));
  CHECK(skipped.after == at("2026-03-29T02:30:00+02:00"));
  CHECK(berlin.lookup(local("2026-03-29T01:59:59")).kind == Kind::unique);
  CHECK(berlin.lookup(local("2026-03-29T03:00:00")).kind == Kind::unique);

  const auto repeated = berlin.lookup(local("2026-10-25T02:30:00"));
  CHECK(repeated.kind == Kind::repeated);
  CHECK(repeated.before == at("2026-10-25T02:30:00+02:00"));
  CHECK(repeated.transition == at("2026-10-25T01:00:00Z"));
  CHECK(repeated.after == at("2026-10-25T02:30:00+01:00"));
  CHECK(berlin.lookup(local("2026-10-25T01:59:59")).kind == Kind::unique);
  CHECK(berlin.lookup(local("2026-10-25T03:00:00")).kind == Kind::unique);
}

TEST_CASE("zone transitions are changes of the offset only") {
  const TimeZone berlin = zone("Europe/Berlin");
  CHECK(berlin.next_transition(at("2026-01-01T00:00:00Z")) == at("2026-03-29T01:00:00Z"));
  CHECK(berlin.next_transition(at("2026-03-29T00:59:59Z")) == at("2026-03-29T01:00:00Z"));
  CHECK(berlin.next_transition(at("2026-03-29T01:00:00Z")) == at("2026-10-25T01:00:00Z"));
  CHECK(berlin.next_transition(at("2150-01-01T00:00:00Z")) == at("2150-03-29T01:00:00Z"));
  // 27 October 1968: British Summer Time became British Standard Time, the clocks stayed.
  CHECK(zone("Europe/London").next_transition(at("1968-06-01T00:00:00Z")) ==
        at("1971-10-31T02:00:00Z"));
  CHECK_FALSE(zone("Asia/Tokyo").next_transition(at("2026-01-01T00:00:00Z")).has_value());
  CHECK_FALSE(TimeZone::utc().next_transition(at("1900-01-01T00:00:00Z")).has_value());
}

// libc reads the same files with other code. This also notices a database that cctz misreads
// (https://github.com/google/cctz/issues/309).
TEST_CASE("every zone agrees with libc from 1901 to 2100") {
  const sys_seconds begin = at("1902-01-01T00:00:00Z");
  const sys_seconds end = at("2100-01-01T00:00:00Z");
  long compared = 0;
  for (const ZoneHistory& history : zone_histories()) {
    const TzVariable variable((":" + history.zone.name()).c_str());
    const auto check = [&](sys_seconds time) {
      ++compared;
      if (history.zone.offset_at(time) == libc_offset(time)) return;
      FAIL(history.zone.name() << " differs from libc at " << to_rfc3339(time, TimeZone::utc()));
    };
    for (auto change = history.zone.next_transition(begin); change && *change < end;
         change = history.zone.next_transition(*change)) {
      check(*change - seconds{1});
      check(*change);
    }
    // A change that next_transition does not know shows here.
    for (sys_seconds time = begin; time < end; time += hours{24 * 20}) check(time);
  }
  CHECK(compared > 1'000'000);
}

TEST_CASE("zone lookup agrees with the moments that show a wall-clock time") {
  Random random(seed());
  for (const ZoneHistory& history : zone_histories()) {
    for (const sys_seconds change : history.changes) {
      const LocalSeconds around = history.zone.to_local(change) + minutes{pick(random, -150, 150)};
      std::vector<sys_seconds> shown;
      for (const seconds offset :
           {history.zone.offset_at(change - hours{4}), history.zone.offset_at(change + hours{4})}) {
        const sys_seconds time(around.time_since_epoch() - offset);
        if (history.zone.to_local(time) == around) shown.push_back(time);
      }
      std::sort(shown.begin(), shown.end());
      const auto found = history.zone.lookup(around);
      const bool good =
          shown.size() == 2 ? found.kind == Kind::repeated && found.before == shown[0] &&
                                  found.after == shown[1] && found.transition == change
          : shown.size() == 1 ? found.kind == Kind::unique && found.before == shown[0]
                              : found.kind == Kind::skipped && found.transition == change;
      if (!good) FAIL(history.zone.name() << " around " << to_rfc3339(change, history.zone));
    }
  }
}

TEST_CASE("rfc 3339 in a zone denotes the moment") {
  const auto text = [](std::string_view time, std::string_view name) {
    return to_rfc3339(at(time), zone(name));
  };
  CHECK(text("2026-03-29T01:00:00Z", "Europe/Berlin") == "2026-03-29T03:00:00+02:00");
  CHECK(text("2026-01-01T00:00:00Z", "America/St_Johns") == "2025-12-31T20:30:00-03:30");
  CHECK(text("2026-01-01T00:00:00Z", "UTC") == "2026-01-01T00:00:00+00:00");
  CHECK(text("1970-01-01T00:00:00Z", "Africa/Monrovia") == "1969-12-31T23:16:00-00:44");
  // Guyana's -03:52:39 of 1910 is cut, not rounded.
  CHECK(text("1910-01-01T00:00:00Z", "America/Guyana") == "1909-12-31T20:08:00-03:52");
  for (const ZoneHistory& history : zone_histories()) {
    for (const sys_seconds change : history.changes) {
      const std::string printed = to_rfc3339(change, history.zone);
      if (at(printed) != change) FAIL(history.zone.name() << " " << printed);
    }
  }
}

TEST_CASE("the system zone follows TZ as libc does") {
  const auto name_under = [](const char* tz) {
    const TzVariable variable(tz);
    return TimeZone::system().name();
  };
  CHECK(name_under("Asia/Tokyo") == "Asia/Tokyo");
  CHECK(name_under(":Asia/Tokyo") == "Asia/Tokyo");
  CHECK(name_under("/usr/share/zoneinfo/Asia/Tokyo") == "Asia/Tokyo");
  CHECK(name_under("") == "UTC");
  CHECK(name_under("Nowhere/Land") == "UTC");
  CHECK(name_under("CET-1CEST,M3.5.0,M10.5.0/3") == "UTC");
  CHECK(name_under("/nowhere/at/all") == "UTC");
  const TzVariable variable("Asia/Tokyo");
  CHECK(TimeZone::load("local")->name() == "Asia/Tokyo");
}

TEST_CASE("a plain file is the system zone under the name local") {
  const snapshotter::test::TempDir folder;
  const auto file = folder.path() / "localtime";
  std::filesystem::copy_file(zone_folder() / "Asia/Tokyo", file);
  const TzVariable variable((":" + file.string()).c_str());
  const TimeZone found = TimeZone::system();
  CHECK(found.name() == "local");
  CHECK(found.offset_at(at("2026-01-01T00:00:00Z")) == hours{9});
}

TEST_CASE("the system zone is looked for where localtime points") {
  const snapshotter::test::TempDir folder;
  const auto base = folder.path();
  const auto zones = base / "usr/share/zoneinfo";
  std::filesystem::create_directories(zones / "Europe");
  snapshotter::test::write_file(zones / "Europe/Berlin", "TZif");
  std::filesystem::create_symlink("Berlin", zones / "Europe/Alias");
  const auto link = base / "localtime";

  std::filesystem::create_symlink("usr/share/zoneinfo/Europe/Alias", link);
  CHECK(system_zone_candidates(std::nullopt, link) ==
        Names{"Europe/Alias", "Europe/Berlin", link.string()});
  // TZ=:/etc/localtime, as people set it to spare libc a stat, is the same.
  CHECK(system_zone_candidates(":" + link.string(), "/etc/localtime") ==
        Names{"Europe/Alias", "Europe/Berlin", link.string()});
  CHECK(system_zone_candidates("Asia/Tokyo", link) == Names{"Asia/Tokyo"});

  std::filesystem::remove(link);
  CHECK(system_zone_candidates(std::nullopt, link) == Names{link.string()});
  snapshotter::test::write_file(link, "TZif");
  CHECK(system_zone_candidates(std::nullopt, link) == Names{link.string()});

  const auto chained = base / "chained";
  std::filesystem::remove(link);
  std::filesystem::create_symlink(chained, link);
  std::filesystem::create_symlink(zones / "Europe/Berlin", chained);
  CHECK(system_zone_candidates(std::nullopt, link) == Names{"Europe/Berlin", link.string()});
}

TEST_CASE("zone names are those of the database") {
  const Names names = zone_names();
  CHECK(names.size() > 300);
  CHECK(std::is_sorted(names.begin(), names.end()));
  CHECK(std::binary_search(names.begin(), names.end(), "America/Argentina/Buenos_Aires"));
  for (const std::string& name : names) {
    if (name.starts_with("posix") || name.starts_with("right") || name == "localtime") FAIL(name);
    if (!TimeZone::load(name)) FAIL(name << " does not load");
  }
}

TEST_CASE("zones and expressions can be used by several threads") {
  const auto expression = CronExpression::parse("*/7 * * * *");
  const sys_seconds after = at("2026-03-28T12:00:00Z");
  const auto walk = [&](std::string_view name) {
    const TimeZone where = zone(name);
    auto time = std::optional(after);
    for (int n = 0; n < 2000; ++n) time = expression.next(*time, where);
    return *time;
  };
  const sys_seconds expected = walk("Europe/Paris");
  std::vector<sys_seconds> found(4);
  std::vector<std::jthread> threads;
  for (sys_seconds& result : found) {
    threads.emplace_back([&] { result = walk("Europe/Paris"); });
  }
  threads.clear();
  for (const sys_seconds result : found) CHECK(result == expected);
}

}  // namespace snapshotter::schedule::test
