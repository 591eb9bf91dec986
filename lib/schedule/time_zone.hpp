// A zone of the system's tz database, by value and cheap to copy.
//
// Threads: any. The database ($TZDIR or /usr/share/zoneinfo) is read once per zone and process; a
// changed tzdata takes effect with the next start. Its files must be of zic's "fat" kind, as
// Debian, Ubuntu and Fedora ship them: cctz before 2.4 misreads some zones in "slim" ones. The
// tests compare every zone with libc.
#pragma once

#include "base/time.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace snapshotter::schedule {

// Wall-clock time without a zone, to the second.
using LocalSeconds = std::chrono::local_seconds;

class TimeZone {
 public:
  // "Europe/Berlin", "UTC"; "local" is system(). Names are those of the database, in their case;
  // nullopt: no such zone.
  [[nodiscard]] static std::optional<TimeZone> load(std::string_view name);
  [[nodiscard]] static TimeZone utc();
  // The system's own zone, as libc finds it: from TZ where that is set, else from /etc/localtime.
  // Under its real name where either tells it; "local" where /etc/localtime is a plain file (as in
  // containers that mount the host's). "UTC" where there is neither, and for a TZ that is no name
  // or file of a zone: a POSIX rule like "CET-1CEST" is not understood.
  [[nodiscard]] static TimeZone system();

  // How a wall-clock time maps to real time. unique: `before` == `after`. skipped (the clock jumped
  // over it): `before` and `after` are what it would have been under the offset before and after
  // the jump, and `transition` the moment of the jump. repeated: `before` is its first occurrence,
  // `after` its second, and `transition` the moment the clock was set back.
  struct Lookup {
    enum class Kind { unique, skipped, repeated } kind;
    std::chrono::sys_seconds before;
    std::chrono::sys_seconds transition;
    std::chrono::sys_seconds after;
  };
  [[nodiscard]] Lookup lookup(LocalSeconds local) const;
  [[nodiscard]] LocalSeconds to_local(std::chrono::sys_seconds time) const;
  [[nodiscard]] std::chrono::seconds offset_at(std::chrono::sys_seconds time) const;
  // The next moment after `time` at which the offset changes; nullopt: never again.
  [[nodiscard]] std::optional<std::chrono::sys_seconds> next_transition(
      std::chrono::sys_seconds time) const;

  [[nodiscard]] const std::string& name() const noexcept;
  // ", did you mean 'Europe/Berlin'?" for a misspelt name or the city alone, else "". Reads the
  // whole database's folder: for messages only.
  [[nodiscard]] static std::string suggestion(std::string_view name);

 private:
  struct Impl;
  explicit TimeZone(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

// "2026-03-29T03:00:00+02:00", in UTC "+00:00". Offsets with seconds (Liberia until 1972 was the
// last) have no place in RFC 3339: they are cut to minutes, and the clock with them, so that the
// text still denotes the same moment.
[[nodiscard]] std::string to_rfc3339(std::chrono::sys_seconds time, const TimeZone& zone);

}  // namespace snapshotter::schedule
