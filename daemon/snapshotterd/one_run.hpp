// `snapshotterd --run JOB`: one job now, without bus and schedules.
#pragma once

#include "snapshotterd/parts.hpp"

#include <string>

namespace snapshotter::daemon {

// Prints a summary to standard output and returns the process's exit code. Notifiers get 15
// seconds; what they do not take waits for the daemon. SIGINT and SIGTERM cancel.
[[nodiscard]] Task<int> run_one(Parts& parts, std::string job);

}  // namespace snapshotter::daemon
