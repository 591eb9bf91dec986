// The questions whose plans matter: each must find its rows through an index, at a million runs
// too. Internal to this module; a test asks SQLite for the plans.
#pragma once

#include "catalog/catalog.hpp"

#include <string>
#include <string_view>

namespace snapshotter::catalog {

// ?1 job, ?2 since, ?3 limit (-1: all).
[[nodiscard]] std::string runs_sql(const RunFilter& filter);
// ?1 where to begin, ?2 limit.
[[nodiscard]] std::string_view run_ids_sql();
[[nodiscard]] std::string_view unfinished_runs_sql();
// The first job that is not before ?1.
[[nodiscard]] std::string_view next_job_sql();
// ?1 job.
[[nodiscard]] std::string_view last_run_sql();
// The queueing time and id of the run of job ?1 that has ?2 newer ones.
[[nodiscard]] std::string_view nth_newest_sql();
// ?1 job, queued before ?2, or at ?2 with an id before ?3.
[[nodiscard]] std::string_view trim_sql();
// ?1 job, ?2 target, ?3 limit (-1: all).
[[nodiscard]] std::string backups_sql(bool of_job, bool of_target);
// ?1 notifier.
[[nodiscard]] std::string_view first_pending_sql();
[[nodiscard]] std::string_view pending_sql();
[[nodiscard]] std::string_view deliveries_sql();

}  // namespace snapshotter::catalog
