#include "engine/backup_run.hpp"

#include "async/task_group.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "engine/outcome.hpp"
#include "engine/target_backup.hpp"

#include <algorithm>
#include <exception>

namespace snapshotter::engine {
namespace {

using catalog::RunState;

Task<> cancel_after(const Services& services, Run& run, Duration timeout) {
  co_await services.clock.sleep_for(timeout);
  run.cancel(Run::CancelReason::timeout);
}

// Whether the run's being asked to stop came too late to change anything.
bool went_to_its_end(const Run& run) {
  return std::ranges::all_of(run.record.results, [](const auto& result) {
    return result.state == RunState::succeeded || result.state == RunState::partial;
  });
}

void explain(catalog::RunRecord& record) {
  const auto first = std::ranges::find_if(
      record.results, [](const auto& result) { return result.state != RunState::succeeded; });
  if (first == record.results.end()) return;
  const bool by_reason = first->error.empty() && !first->reasons.empty();
  record.error = first->target + ": " + (by_reason ? first->reasons.front() : first->error);
}

void set_final_state(Run& run) {
  auto& record = run.record;
  record.state = outcome(record.results);
  const auto reason = went_to_its_end(run) ? Run::CancelReason::none : run.cancel_reason;
  switch (reason) {
    case Run::CancelReason::requested:
      record.state = RunState::cancelled;
      record.error = "cancelled on request";
      return;
    case Run::CancelReason::shutdown:
      record.state = RunState::interrupted;
      record.error = "the daemon was stopped";
      return;
    case Run::CancelReason::timeout:
      record.error = "the job's timeout of " + to_string(*run.job()->timeout) + " passed";
      return;
    case Run::CancelReason::none:
      explain(record);
  }
}

}  // namespace

Task<> execute_backup(const Services& services, CatalogAccess& catalog, Run& run,
                      std::function<void()> changed) {
  async::TaskGroup timer(services.loop);
  if (const auto timeout = run.job()->timeout) {
    const auto log = services.log.with({.job = run.record.job, .run = run.id()});
    timer.spawn("timeout", cancel_after(services, run, *timeout), [log](std::exception_ptr error) {
      if (error) log.debug("the timeout is not watched any more");
    });
  }
  std::exception_ptr failure;
  try {
    for (auto& result : run.record.results) {
      co_await back_up_target(services, catalog, run, result, changed);
      changed();
    }
  } catch (...) {
    failure = std::current_exception();
  }
  timer.cancel_all();
  co_await timer.join();
  if (failure) std::rethrow_exception(failure);
  set_final_state(run);
}

}  // namespace snapshotter::engine
