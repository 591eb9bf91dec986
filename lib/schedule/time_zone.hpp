// A zone of the system's tz database, by value and cheap to copy.
//
// Threads: any. The database is read once per zone and process; a changed tzdata takes effect with
// the next start.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace snapshotter::schedule {

// Wall-clock time without a zone, to the second.
using LocalSeconds = std::chrono::local_seconds;

class TimeZone {
 public:
  // "Europe/Berlin", "UTC"; "local" is the system's (/etc/localtime, TZ). nullopt: no such zone.
  [[nodiscard]] static std::optional<TimeZone> load(std::string_view name);
  [[nodiscard]] static TimeZone utc();
  // The system's own zone under its real name where /etc/localtime or TZ tells it, else "UTC".
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
  // Names like a misspelt one, for "did you mean".
  [[nodiscard]] static std::string suggestion(std::string_view name);

 private:
  struct Impl;
  explicit TimeZone(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

// "2026-03-29T03:00:00+02:00".
[[nodiscard]] std::string to_rfc3339(std::chrono::sys_seconds time, const TimeZone& zone);

}  // namespace snapshotter::schedule
