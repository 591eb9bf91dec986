#include "engine/backup_run.hpp"

#include "async/task_group.hpp"
#include "base/error.hpp"
#include "base/units.hpp"
#include "engine/outcome.hpp"
#include "engine/pruner.hpp"
#include "engine/target_backup.hpp"

#include <algorithm>

namespace snapshotter::engine {
namespace {

using catalog::RunState;

Task<> cancel_after(const Services& services, Run& run, Duration timeout) {
  co_await services.clock.sleep_for(timeout);
  run.cancel(Run::CancelReason::timeout);
}

void set_final_state(Run& run) {
  switch (run.cancel_reason) {
    case Run::CancelReason::requested:
      run.record.state = RunState::cancelled;
      run.record.error = "cancelled on request";
      return;
    case Run::CancelReason::shutdown:
      run.record.state = RunState::interrupted;
      run.record.error = "the daemon was stopped";
      return;
    case Run::CancelReason::timeout:
      run.record.error = "the job's timeout of " + to_string(*run.job()->timeout) + " passed";
      break;
    case Run::CancelReason::none:
      break;
  }
  run.record.state = outcome(run.record.results);
  if (!run.record.error.empty()) return;
  const auto first = std::ranges::find_if(
      run.record.results, [](const auto& result) { return result.state != RunState::succeeded; });
  if (first == run.record.results.end()) return;
  run.record.error =
      first->target + ": " +
      (first->error.empty() && !first->reasons.empty() ? first->reasons.front() : first->error);
}

Task<> retain(const Services& services, CatalogAccess& catalog, Run& run) {
  try {
    co_await apply_retention(services, catalog, run.config, run.record.job, run.id());
  } catch (const Error& error) {
    services.log.with({.job = run.record.job, .run = run.id()}).error(error.what());
  }
}

}  // namespace

Task<> execute_backup(const Services& services, CatalogAccess& catalog, Run& run,
                      std::function<void()> changed) {
  async::TaskGroup timer(services.loop);
  if (const auto timeout = run.job()->timeout) {
    timer.spawn("timeout", cancel_after(services, run, *timeout));
  }
  for (auto& result : run.record.results) {
    co_await back_up_target(services, catalog, run, result, changed);
    changed();
  }
  timer.cancel_all();
  co_await timer.join();

  set_final_state(run);
  if (run.record.state != RunState::succeeded || run.job()->retention.keeps_everything()) co_return;
  run.phase = Phase::pruning;
  changed();
  co_await retain(services, catalog, run);
}

}  // namespace snapshotter::engine
