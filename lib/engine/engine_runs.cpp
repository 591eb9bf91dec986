// The life of a run: admitted, saved, waiting for its turn, executed, saved, remembered.
#include "base/error.hpp"
#include "base/units.hpp"
#include "engine/backup_run.hpp"
#include "engine/engine_impl.hpp"
#include "engine/pruner.hpp"
#include "engine/verify_run.hpp"
#include "telemetry/message_ids.hpp"

#include <algorithm>

namespace snapshotter::engine {

using catalog::RunState;

catalog::RunRecord Engine::Impl::new_record(catalog::RunKind kind, const std::string& job) {
  catalog::RunRecord record;
  record.queued = services.clock.now();
  do {
    record.id = to_compact(record.queued) + "-" + platform::random_hex(services.random, 4);
  } while (queue.find(record.id));
  record.kind = kind;
  record.job = job;
  return record;
}

std::string Engine::Impl::admit(catalog::RunRecord record, std::optional<Time> firing) {
  auto run = std::make_shared<LiveRun>(services.loop, std::move(record), config);
  services.run_log.expect(run->id());
  queue.add(run);
  for (auto* listener : listeners) listener->run_added(*run);
  spawn("run " + run->id(), drive(run, firing));
  return run->id();
}

async::TaskGroup::Id Engine::Impl::spawn(std::string name, Task<> task) {
  return tasks.spawn(name, std::move(task), [this, name](std::exception_ptr error) {
    if (!error) return;
    try {
      std::rethrow_exception(error);
    } catch (const CancelledError&) {
      // Asked for.
    } catch (const std::exception& failure) {
      services.log.error(name + ": " + failure.what());
    }
  });
}

Task<> Engine::Impl::drive(std::shared_ptr<LiveRun> run, std::optional<Time> firing) {
  std::exception_ptr failure;
  try {
    co_await work(*run, firing);
  } catch (...) {
    failure = std::current_exception();
  }
  if (!run->finished()) run->record.state = RunState::failed;
  // Whatever happened, nobody waits for it any more.
  for (auto* listener : listeners) listener->run_finished(*run);
  for (const auto& waiting : run->waiting) waiting->set();
  services.run_log.forget(run->id());
  for (const auto& forgotten : queue.finish(run)) {
    for (auto* listener : listeners) listener->run_forgotten(forgotten->id());
  }
  overdue.look_at(run->record.job);
  for (auto* listener : listeners) listener->jobs_changed();
  start_what_may();
  if (failure) std::rethrow_exception(failure);
}

Task<> Engine::Impl::work(LiveRun& run, std::optional<Time> firing) {
  bool saved = co_await save(run, firing);
  start_what_may();
  co_await run.turn.wait();
  if (run.scope.cancelled()) {
    run.record.state = run.cancelled_state();
    run.record.error = "cancelled before it began";
    for (auto& result : run.record.results) result.state = run.record.state;
  } else {
    begin(run);
    // Until one of them is on disk, each save carries the firing.
    if (saved) firing.reset();
    saved = co_await save(run, firing, events_of_start(run));
    co_await execute(run);
  }
  run.record.finished = services.clock.now();
  run.current.clear();
  const bool was_overdue = overdue.is_told(run.record.job);
  co_await refresh_last_good(run.record.job);
  auto events = events_of_end(run, was_overdue);
  end(run);
  if (saved) firing.reset();
  co_await save_end(run, firing, std::move(events));
  co_await trim_history();
}

Task<> Engine::Impl::execute(LiveRun& run) {
  std::string error;
  try {
    if (run.job() != nullptr) {
      co_await execute_backup(services, catalog, run, [this, &run] { changed(run); });
      if (run.record.state == RunState::succeeded) co_await retain(run);
    } else {
      co_await execute_verification(services, catalog, run, [this, &run] { changed(run); });
    }
  } catch (const std::exception& failure) {
    error = failure.what();
  }
  if (error.empty()) co_return;
  services.log.with({.job = run.record.job, .run = run.id()}).error(error);
  // Retention failed: the backups are there.
  if (run.record.state == RunState::succeeded) co_return;
  // What no part knew how to handle: the catalog, or a bug. The run is over all the same.
  run.record.state = RunState::failed;
  run.record.error = error;
  for (auto& result : run.record.results) {
    if (!catalog::is_final(result.state)) result.state = RunState::failed;
  }
}

// A machine that boots with its clock years ahead would find every backup too old at once. Who has
// really not backed up for so long prunes by hand.
Task<bool> Engine::Impl::clock_is_implausible(const LiveRun& run) {
  const auto backups = co_await catalog.call(
      [&](catalog::Catalog& records) { return records.backups(run.record.job, ""); });
  const auto before =
      std::ranges::find_if(backups, [&](const auto& backup) { return backup.run != run.id(); });
  if (before == backups.end()) co_return false;
  if (services.clock.now() - before->taken <= kLongestSilence) co_return false;
  services.log.with({.job = run.record.job, .run = run.id()})
      .warning("retention was left out: the backup before this one is of " +
               to_rfc3339(before->taken) + "; if the clock is right, run `snapshotctl prune " +
               run.record.job + "`");
  co_return true;
}

// By the policy that is in force now, which may have been reloaded since the run began. Not after a
// run of some targets only: the others may be failing, and what is spared for them must stay.
Task<> Engine::Impl::retain(LiveRun& run) {
  const auto current = config;
  const auto job = current->jobs.find(run.record.job);
  if (job == current->jobs.end() || job->second.retention.keeps_everything() ||
      run.record.results.size() < job->second.targets.size()) {
    co_return;
  }
  run.phase = Phase::pruning;
  changed(run);
  if (co_await clock_is_implausible(run)) co_return;
  const auto removed = co_await apply_retention(services, catalog, current, run.record.job,
                                                run.id(), run.scope.token());
  tell_pruned(run.record.job, removed);
}

// False: the catalog can't be written. That does not stop a backup; the journal has what it misses,
// and events are kept.
Task<bool> Engine::Impl::save(const LiveRun& run, std::optional<Time> firing, Entries events) {
  const auto lines = services.run_log.take(run.id());
  const auto record = run.record;
  std::vector<std::string> notifiers;
  for (const auto& event : events) notifiers.push_back(event.notifier);
  (void)co_await writes.flush();
  bool put = false;
  try {
    co_await catalog.call([&](catalog::Catalog& records) {
      records.put_run(record, firing, events);
      put = true;
      if (!lines.empty()) records.append_log(record.id, lines);
    });
  } catch (const Error& error) {
    services.log.with({.job = record.job, .run = record.id}).error(error.what());
  }
  if (put) {
    notifications.wake(notifiers);
  } else if (!events.empty()) {
    writes.add([events](catalog::Catalog& records) { records.put_events(events); }, events);
  }
  co_return put;
}

// The run's end and what tells of it are one transaction, which is kept until it can be made.
Task<> Engine::Impl::save_end(const LiveRun& run, std::optional<Time> firing, Entries events) {
  PendingWrites::Change put = [record = run.record, firing, events](catalog::Catalog& records) {
    records.put_run(record, firing, events);
  };
  PendingWrites::Change append = [id = run.id(), lines = services.run_log.take(run.id())](
                                     catalog::Catalog& records) { records.append_log(id, lines); };
  writes.add(std::move(put), events);
  (void)co_await writes.write(std::move(append));
}

// After each run, so that there is never much to remove at a time.
Task<> Engine::Impl::trim_history() {
  const auto before = services.clock.now() - config->daemon.history;
  try {
    co_await catalog.call(
        [&](catalog::Catalog& records) { return records.trim_runs(before, kRecentRuns); });
  } catch (const Error& error) {
    services.log.error(error.what());
  }
}

void Engine::Impl::begin(LiveRun& run) {
  run.record.state = RunState::running;
  run.record.started = services.clock.now();
  const auto what = run.record.kind == catalog::RunKind::verify
                        ? "verifying " + std::to_string(run.record.results.size()) + " backups"
                        : "started by " + std::string(name(run.record.trigger));
  services.log
      .with({.job = run.record.job,
             .run = run.id(),
             .message_id = std::string(telemetry::kRunStarted)})
      .info("run " + run.id() + " " + what);
  changed(run);
}

namespace {

std::string_view message_id(RunState state) {
  switch (state) {
    case RunState::succeeded:
      return telemetry::kRunSucceeded;
    case RunState::partial:
      return telemetry::kRunPartial;
    case RunState::cancelled:
      return telemetry::kRunCancelled;
    case RunState::interrupted:
      return telemetry::kRunInterrupted;
    default:
      return telemetry::kRunFailed;
  }
}

telemetry::LogLevel level_of(RunState state) {
  switch (state) {
    case RunState::succeeded:
    case RunState::cancelled:
      return telemetry::LogLevel::info;
    case RunState::partial:
    case RunState::interrupted:
      return telemetry::LogLevel::warning;
    default:
      return telemetry::LogLevel::error;
  }
}

}  // namespace

void Engine::Impl::end(const LiveRun& run) {
  const auto& record = run.record;
  auto line = "run " + record.id + " " + std::string(name(record.state));
  if (record.started) line += " after " + to_string(*record.finished - *record.started);
  if (!record.error.empty()) line += ": " + record.error;
  services.log.log(
      level_of(record.state), line,
      {.job = record.job, .run = record.id, .message_id = std::string(message_id(record.state))});
  if (record.kind == catalog::RunKind::backup) last_runs[record.job] = record;
  note_outcome(record);
  if (!record.error.empty() && record.state != RunState::cancelled) {
    last_error = (record.job.empty() ? record.id : record.job) + ": " + record.error;
  }
}

// No more runs than there are threads for, also when a reload asks for more: each keeps one for
// hours, and some are left for everything else.
std::size_t Engine::Impl::places() const {
  const std::size_t wanted = config->daemon.max_concurrent_runs;
  const auto threads = services.blocking.size();
  return threads > kSpareThreads ? std::min(wanted, threads - kSpareThreads) : wanted;
}

void Engine::Impl::start_what_may() {
  for (const auto& run : queue.take_startable(places())) {
    static_cast<LiveRun&>(*run).turn.set();
  }
}

void Engine::Impl::changed(const Run& run) {
  for (auto* listener : listeners) listener->run_changed(run);
}

Task<> Engine::Impl::refresh_last_good(std::string job) {
  try {
    const auto backups =
        co_await catalog.call([&](catalog::Catalog& records) { return records.backups(job, ""); });
    if (job.empty()) {
      last_good.clear();
    } else {
      last_good.erase(job);
    }
    for (const auto& backup : backups) {  // newest first
      if (backup.good()) last_good[backup.job].try_emplace(backup.target, backup);
    }
  } catch (const Error& error) {
    services.log.error(error.what());
  }
}

}  // namespace snapshotter::engine
