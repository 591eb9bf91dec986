// From the calendar to real time: what happens to a firing where the clocks change.
//
// Two readings of a clock cover all policies. Following the clock, every moment at which it shows a
// matching time counts: within a stretch of constant offset that is plain arithmetic, so the search
// goes from stretch to stretch. At fixed times, every wall-clock time counts once, at its first
// occurrence, and the skipped ones at the jump: there the search is over wall-clock times, and each
// candidate is mapped to real time, in which order is kept.
#include "schedule/cron.hpp"
#include "schedule/cron_fields.hpp"

#include <algorithm>

namespace snapshotter::schedule {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

std::optional<sys_seconds> next_following_clock(const CronFields& fields, sys_seconds after,
                                                const TimeZone& zone) {
  sys_seconds from = after + seconds{1};
  for (;;) {
    const LocalSeconds clock = zone.to_local(from);
    const auto match = first_match(fields, clock);
    if (!match) return std::nullopt;
    const sys_seconds candidate = from + (*match - clock);
    const auto change = zone.next_transition(from);
    if (!change || candidate < *change) return candidate;
    from = *change;
  }
}

// The first wall-clock time that the clock has not shown up to `time`. In the second pass of a
// repeated hour that is the time at which the clock was set back.
LocalSeconds first_unseen(sys_seconds time, const TimeZone& zone) {
  const LocalSeconds clock = zone.to_local(time);
  const TimeZone::Lookup found = zone.lookup(clock);
  const bool second_pass =
      found.kind == TimeZone::Lookup::Kind::repeated && time >= found.transition;
  return second_pass ? clock + (found.transition - found.before) : clock + seconds{1};
}

std::optional<sys_seconds> next_at_fixed_times(const CronFields& fields, sys_seconds after,
                                               const TimeZone& zone, bool at_jumps) {
  LocalSeconds from = first_unseen(after, zone);
  for (;;) {
    const auto match = first_match(fields, from);
    if (!match) return std::nullopt;
    const TimeZone::Lookup found = zone.lookup(*match);
    if (found.kind != TimeZone::Lookup::Kind::skipped) return found.before;
    if (at_jumps) return found.transition;
    from = *match + (found.transition - found.after);  // where the jump ends
  }
}

}  // namespace

std::optional<sys_seconds> CronExpression::next(sys_seconds after, const TimeZone& zone,
                                                DstPolicy dst) const {
  after = std::max(after, kBegin - seconds{1});
  if (after >= kEnd) return std::nullopt;
  if (fields_->every) {
    const seconds since_epoch = after.time_since_epoch();
    const seconds into = (since_epoch % *fields_->every + *fields_->every) % *fields_->every;
    const sys_seconds found = after - into + *fields_->every;
    if (found >= kEnd) return std::nullopt;
    return found;
  }
  if (dst == DstPolicy::cron && !fields_->fixed_times) {
    return next_following_clock(*fields_, after, zone);
  }
  return next_at_fixed_times(*fields_, after, zone, dst == DstPolicy::cron);
}

}  // namespace snapshotter::schedule
