// `snapshotctl next`: when schedules fire.
#pragma once

#include "schedule/cron.hpp"
#include "snapshotctl/parts/view.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::ctl {

struct JobFiring {
  std::string job;  // empty: of an expression given by hand
  schedule::Firing firing;
  schedule::TimeZone zone;
};

// The next `count` of one expression, the first at `from` or later.
[[nodiscard]] std::vector<JobFiring> firings_of(const schedule::CronExpression& expression,
                                                const schedule::TimeZone& zone, Time from,
                                                std::size_t count,
                                                schedule::DstPolicy dst = schedule::DstPolicy::cron,
                                                const std::string& job = {});
// The next `count` of all the jobs in a DescribeJobs document together, in the order of time. Jobs
// without a schedule have none. Throws Error where this machine's time zones or this program do not
// know what the daemon knows.
[[nodiscard]] std::vector<JobFiring> firings_of_jobs(std::string_view jobs, Time from,
                                                     std::size_t count);

// [{"local", "utc", "note"}…], with "job" in front where `with_job`.
[[nodiscard]] std::string firings_to_json(const std::vector<JobFiring>& firings, bool with_job);
[[nodiscard]] std::string render_firings(const std::vector<JobFiring>& firings, const View& view);

}  // namespace snapshotter::ctl
