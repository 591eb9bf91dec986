// Records as JSON documents: the one place that decides how `--json` and the Describe… methods of
// the D-Bus interface look. Keys are snake_case, times RFC 3339 in UTC, sizes bytes, durations
// seconds; an absent value is null. Documented in snapshotctl(1).
#pragma once

#include "engine/engine.hpp"

#include <string>
#include <vector>

namespace snapshotter::engine {

// An object; of the notifiers those that something waits for, or was given up.
[[nodiscard]] std::string describe_status(const Engine& engine,
                                          const std::vector<NotifierStatus>& notifiers);
[[nodiscard]] std::string describe_jobs(const std::vector<JobStatus>& jobs);  // an array
[[nodiscard]] std::string describe_job(const JobStatus& job);
[[nodiscard]] std::string describe_runs(const std::vector<catalog::RunRecord>& runs);
// `live`: the run in memory, for phase and progress; may be null.
[[nodiscard]] std::string describe_run(const RunDetails& run, const Run* live);
[[nodiscard]] std::string describe_progress(const Run& run);  // one line of --follow --json
[[nodiscard]] std::string describe_notifiers(const std::vector<NotifierStatus>& notifiers);
// What came of a test.
[[nodiscard]] std::string describe_delivery(const std::string& notifier,
                                            const notify::NotificationResult& result);
[[nodiscard]] std::string describe_backups(const std::vector<BackupStatus>& backups);

}  // namespace snapshotter::engine
