// Which backups a policy keeps, and why. A pure function: no clock, no disk. Any thread.
//
// Rules add up: a backup is kept when any rule keeps it. Without a rule everything is kept; a rule
// of zero or less is no rule. All rules but max_size look at each target by itself.
//
// Whatever the policy says, these are always kept:
//   * the newest good backup of each target ("last-good") and every backup newer than it. A target
//     without any good backup keeps all it has;
//   * what is pinned;
//   * what is dated after `now`, because a clock was wrong. Such a backup counts for nothing else.
//     Were it the last good one or in a place, one wrong date would outlive all right ones.
//
// max_size removes the oldest of what the other rules keep until the rest fits, but none of those
// that are always kept, whose sizes count all the same: where they alone exceed it, only they stay.
//
// Good is a backup that succeeded and was verified. Others (a run that was partial, a backup that
// failed a later verification) never fill a place of keep_last, hourly, daily, … ; they are kept
// while `days` or "newer than last-good" keeps them.
//
// Periods (hour, day, week from Monday, month, year) are those of the job's time zone, handed in as
// a function so that this module needs no tz database. The hour that a change of the clocks repeats
// is two. A period's representative is its newest good backup; `daily: 7` keeps the representatives
// of the seven most recent days that have one.
#pragma once

#include "base/time.hpp"
#include "base/units.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace snapshotter::retention {

struct Policy {
  std::optional<std::int64_t> days;       // not older than this many times 24 h
  std::optional<std::int64_t> keep_last;  // the newest N good ones of each target
  std::optional<std::int64_t> hourly, daily, weekly, monthly, yearly;
  std::optional<ByteSize> max_size;  // of all backups of the job together
  // No rule at all, max_size included: nothing would ever be deleted.
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
  // Keeping: everything that does, never empty: "keep_last (2 of 3)",
  // "hourly (2026-11-24 02:00 +01:00)", "daily (2026-11-24)", "weekly (2026-W48)",
  // "monthly (2026-11)", "yearly (2026)", "days (30)", "last-good", "newer than last-good",
  // "no good backup yet", "pinned", "dated in the future", "no rule" or, where that is the only
  // rule, "max_size (500 GiB)".
  // Deleting: one sentence, "older than 30 days and in no daily or weekly place".
  std::vector<std::string> reasons;
};

using ToLocal = std::function<std::chrono::local_seconds(std::chrono::sys_seconds)>;

// The backups of one job, in any order; the answer is newest first. Of backups taken at the same
// instant the one with the smaller id counts as newer. Throws nothing of its own.
[[nodiscard]] std::vector<Decision> decide(const Policy& policy, std::vector<Candidate> backups,
                                           Time now, const ToLocal& to_local);

}  // namespace snapshotter::retention
