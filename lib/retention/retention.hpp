// Which backups a policy keeps, and why. A pure function: no clock, no disk. Any thread.
//
// Rules add up: a backup is kept when any rule keeps it. Without a rule everything is kept.
// Whatever the policy says, the newest good backup of each target is kept ("last-good"), and so is
// every backup newer than it. max_size removes the oldest of what the other rules keep until the
// rest fits, never the last good ones.
//
// Good is a backup that succeeded and was verified. Others (a run that was partial, a backup that
// failed a later verification) never fill a place of keep_last, hourly, daily, … ; they are kept
// while `days` or "newer than the last good" keeps them.
//
// Periods (day, week from Monday, month, year) are those of the job's time zone, handed in as a function
// so that this module needs no tz database. A period's representative is its newest good backup;
// `daily: 7` keeps the representatives of the seven most recent days that have one.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "base/units.hpp"

namespace snapshotter::retention {

struct Policy {
  std::optional<std::int64_t> days;       // younger than this many days before `now`
  std::optional<std::int64_t> keep_last;  // the newest N good ones of each target
  std::optional<std::int64_t> hourly, daily, weekly, monthly, yearly;
  std::optional<ByteSize> max_size;       // of all backups of the job together
  [[nodiscard]] bool keeps_everything() const noexcept;
  friend bool operator==(const Policy&, const Policy&) = default;
};

struct Candidate {
  std::string id;
  std::string target;
  Time taken;
  ByteSize stored;
  bool good = false;
  bool pinned = false;  // kept by hand
};

struct Decision {
  std::string id;
  bool keep = true;
  // Keeping: every rule that does, "daily (2026-11-24)", "last-good"; deleting: one sentence.
  std::vector<std::string> reasons;
};

using ToLocal = std::function<std::chrono::local_seconds(std::chrono::sys_seconds)>;

// The backups of one job, in any order; the answer is newest first (ties by id). Backups dated after
// `now` (a clock was wrong) are kept.
[[nodiscard]] std::vector<Decision> decide(const Policy& policy, std::vector<Candidate> backups,
                                           Time now, const ToLocal& to_local);

}  // namespace snapshotter::retention
