// Cron expressions: parsing, and "when next".
//
// Five fields (minute hour day-of-month month day-of-week) or six (seconds first). Each field takes
// `*`, numbers, ranges `a-b`, steps `*/n` and `a-b/n` and `a/n` (from a to the field's end), and
// lists of these. Months and days have names of three letters (jan, MON); day of week runs 0–7 with
// Sunday 0 and 7; ranges may wrap (FRI-MON, 22-2). Day of month also takes `L` (last), `L-3` (third
// before last), `15W` (weekday nearest the 15th, within the month) and `LW` (last weekday); day of
// week takes `5L` (last Friday) and `MON#2` (second Monday). `?` is `*` in the two day fields.
// Names: @yearly @annually @monthly @weekly @daily @midnight @hourly; `@every 15m` (whole seconds,
// at most 366 days) counts from the epoch, so restarts do not move it. All of it without regard to
// case.
//
// A month that has no such day (31, 31W, L-30, MON#5) has no firing. A step longer than its field
// (`*/90` minutes) is refused, because no cron does with it what its author meant.
//
// When both day fields are restricted, a day that either names is taken, as in every cron. As in
// Vixie cron, a field that begins with `*` is not a restriction in that rule: `*/2` and MON
// together are the Mondays with an odd date.
//
// Daylight saving (DstPolicy::cron) follows cron(8): an expression whose minute and hour fields
// both do not start with `*` is at fixed times: in the skipped hour it fires once, right at the end
// of the jump, however many of its times were skipped; in the repeated hour only the first time.
// Other expressions (`0 */6 * * *` and @hourly are such) follow the clock: in the skipped hour
// there is nothing to match, in the repeated hour they match twice. DstPolicy::strict, whatever the
// expression: times that do not exist are left out; repeated ones fire the first time. "Hour"
// stands for any length: half an hour on Lord Howe, the whole day that Samoa left out in 2011.
// `@every` counts real time and knows no zone.
//
// Everything here is pure and may be called from any thread.
#pragma once

#include "base/error.hpp"
#include "base/time.hpp"
#include "schedule/time_zone.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::schedule {

struct CronFields;
struct Firing;

enum class DstPolicy { cron, strict };

class CronExpression {
 public:
  // Throws ScheduleError that names the field, the offending text and what would be right. An
  // expression that can never match (`0 0 30 2 *`) is refused here, and so is @reboot.
  [[nodiscard]] static CronExpression parse(std::string_view text);

  // The first firing strictly after `after` (a time before 1900 counts as 1900). Cost: bounded by
  // the number of months and clock changes to the answer, not seconds. nullopt only past the year
  // 2200.
  [[nodiscard]] std::optional<std::chrono::sys_seconds> next(std::chrono::sys_seconds after,
                                                             const TimeZone& zone,
                                                             DstPolicy dst = DstPolicy::cron) const;

  // The shortest time from one firing of the coming year to the next: what "overdue" and estimates
  // of an interval build on. It is measured on the clock face: a daily job has 24 h also in the
  // night in which the clocks change. Sampled: 400 firings are looked at and no more; if the first
  // is more than a year away, the time from that to its next. A century when there is no second
  // firing before 2201. Costs about as much as 400 calls of next(), at most.
  [[nodiscard]] std::chrono::seconds typical_interval(std::chrono::sys_seconds from,
                                                      const TimeZone& zone) const;

  [[nodiscard]] const std::string& text() const noexcept;  // as written, blanks made single

 private:
  CronExpression(std::string text, std::shared_ptr<const CronFields> fields);
  friend std::vector<Firing> upcoming(const CronExpression&, const TimeZone&,
                                      std::chrono::sys_seconds, std::size_t, DstPolicy);
  std::string text_;
  std::shared_ptr<const CronFields> fields_;
};

// One line of `snapshotctl next`: a firing and what the clocks do to it.
struct Firing {
  std::chrono::sys_seconds time;
  // "clocks go forward: 02:30 does not exist" where the firing stands for skipped times (the first
  // of them is named, with its date if that is another), "first of two" or "second of two" where
  // its local time comes twice, else "".
  std::string note;
};
// The next `count` firings; fewer only past the year 2200.
[[nodiscard]] std::vector<Firing> upcoming(const CronExpression& expression, const TimeZone& zone,
                                           std::chrono::sys_seconds after, std::size_t count,
                                           DstPolicy dst = DstPolicy::cron);

// The delay that jitter adds to a job's firings: uniform in [0, jitter), the same at every call for
// the same host (machine-id) and job, so that firings keep their distance and hosts spread out. A
// hash of the two names, the same in every version. Zero when `jitter` is not positive.
[[nodiscard]] Duration stable_jitter(std::string_view host_id, std::string_view job,
                                     Duration jitter);

}  // namespace snapshotter::schedule
