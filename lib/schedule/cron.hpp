// Cron expressions: parsing, and "when next".
//
// Five fields (minute hour day-of-month month day-of-week) or six (seconds first). Each field takes
// `*`, numbers, ranges `a-b`, steps `*/n` and `a-b/n` and `a/n`, and lists of these. Months and days
// have names (jan, MON); day of week runs 0–7 with Sunday 0 and 7; ranges may wrap (FRI-MON,
// 22-2). Day of month also takes `L` (last), `L-3` (third before last), `15W` (weekday nearest the
// 15th, within the month) and `LW` (last weekday); day of week takes `5L` (last Friday) and `MON#2`
// (second Monday). `?` is `*` in the two day fields. Names: @yearly @annually @monthly @weekly
// @daily @midnight @hourly; `@every 15m` counts from the epoch, so restarts do not move it.
//
// When both day fields are restricted, a day that either names is taken, as in every cron. As in
// Vixie cron, a field that begins with `*` is not a restriction in that rule.
//
// Daylight saving (DstPolicy::cron) follows cron(8): an expression whose minute and hour fields both
// do not start with `*` is at fixed times: in the skipped hour it fires once, right at the end of
// the jump; in the repeated hour only the first time. Other expressions follow the clock: in
// the skipped hour there is nothing to match, in the repeated hour they match twice.
// DstPolicy::strict: times that do not exist are left out; repeated ones fire the first time.
//
// Everything here is pure and may be called from any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "schedule/time_zone.hpp"

namespace snapshotter::schedule {

enum class DstPolicy { cron, strict };

class CronExpression {
 public:
  // Throws ScheduleError that names the field, the offending text and what would be right. An
  // expression that can never match (`0 0 30 2 *`) is refused here.
  [[nodiscard]] static CronExpression parse(std::string_view text);

  // The first firing strictly after `after`. Cost: bounded by the number of years to the answer, not
  // seconds. nullopt only past the year 2200.
  [[nodiscard]] std::optional<std::chrono::sys_seconds> next(std::chrono::sys_seconds after,
                                                             const TimeZone& zone,
                                                             DstPolicy dst = DstPolicy::cron) const;

  // The shortest time between two firings over the coming year, sampled: what "overdue" and
  // estimates of an interval build on.
  [[nodiscard]] std::chrono::seconds typical_interval(std::chrono::sys_seconds from,
                                                      const TimeZone& zone) const;

  [[nodiscard]] const std::string& text() const noexcept;  // as written, blanks made single

 private:
  struct Fields;
  CronExpression(std::string text, std::shared_ptr<const Fields> fields);
  std::string text_;
  std::shared_ptr<const Fields> fields_;
};

// One line of `snapshotctl next`: a firing and what the clocks do to it.
struct Firing {
  std::chrono::sys_seconds time;
  std::string note;  // "clocks go forward: 02:30 does not exist", "first of two", or ""
};
[[nodiscard]] std::vector<Firing> upcoming(const CronExpression& expression, const TimeZone& zone,
                                           std::chrono::sys_seconds after, std::size_t count,
                                           DstPolicy dst = DstPolicy::cron);

// The delay that jitter adds to a job's firings: uniform in [0, jitter), the same at every call for
// the same host (machine-id) and job, so that firings keep their distance and hosts spread out.
[[nodiscard]] Duration stable_jitter(std::string_view host_id, std::string_view job,
                                     Duration jitter);

}  // namespace snapshotter::schedule
