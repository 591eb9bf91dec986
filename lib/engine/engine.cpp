#include "engine/engine.hpp"

#include "async/offload.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "engine/engine_impl.hpp"
#include "engine/pruner.hpp"
#include "engine/recovery.hpp"
#include "telemetry/message_ids.hpp"

#include <algorithm>
#include <utility>

namespace snapshotter::engine {

using catalog::RunState;

Engine::Impl::Impl(Services given, std::shared_ptr<const config::Config> first_config,
                   std::unique_ptr<catalog::Catalog> opened)
    : services(std::move(given)),
      config(std::move(first_config)),
      catalog(services.catalog, std::move(opened)),
      scheduler(services, [this](const Due& due) { on_due(due); }),
      notifications(services, catalog),
      writes(catalog, services.log,
             [this](const std::vector<std::string>& notifiers) { notifications.wake(notifiers); }),
      overdue(
          services, [this](const std::string& job) { return overdue_facts(job); },
          [this](const std::string& job, std::optional<Time> since, Time expected_by) {
            tell_overdue(job, since, expected_by);
          },
          [this](PendingWrites::Change change) { write_soon(std::move(change)); }),
      tasks(services.loop) {
  services.bandwidths.set(*config);
}

Engine::Engine(Services services, std::shared_ptr<const config::Config> config,
               std::unique_ptr<catalog::Catalog> catalog)
    : impl_(std::make_unique<Impl>(std::move(services), std::move(config), std::move(catalog))) {}

Engine::~Engine() = default;

void Engine::add_listener(Listener& listener) { impl_->listeners.push_back(&listener); }

void Engine::remove_listener(Listener& listener) { std::erase(impl_->listeners, &listener); }

Task<> Engine::start(bool schedules) {
  auto& impl = *impl_;
  co_await impl.refresh_last_good("");
  co_await impl.overdue.load(impl.catalog, impl.config);
  if (schedules) {
    impl.scheduler.restore(co_await impl.catalog.call(
        [](catalog::Catalog& records) { return records.last_firings(); }));
    impl.scheduler.set_jobs(*impl.config);
  }
  const EventsOf events_of = [&impl](const catalog::RunRecord& run) {
    return impl.events_of_death(run);
  };
  co_await mark_interrupted(impl.services, impl.catalog, events_of);
  impl.last_runs =
      co_await impl.catalog.call([](catalog::Catalog& records) { return records.last_runs(); });
  co_await impl.recall_outcomes();
  impl.recover_stores(true);
  impl.recover_targets();
  impl.notifications.start(*impl.config);
  if (!schedules) co_return;

  co_await impl.remember_new_jobs();
  for (const auto& run : co_await runs_to_catch_up(impl.services, impl.catalog, impl.config)) {
    // A firing that was missed meanwhile makes up for both.
    const auto next = impl.scheduler.next(run.job);
    if (impl.stopping || (next && *next <= impl.services.clock.now())) continue;
    impl.services.log.with({.job = run.job}).info("makes up for interrupted run " + run.id);
    trigger(run.job, {.trigger = catalog::Trigger::catch_up});
  }
  if (impl.stopping) co_return;
  impl.scheduler.start();
  impl.overdue.set_jobs(impl.config);
  impl.overdue.start();
}

void Engine::Impl::recover_stores(bool sweep) {
  const auto recover = [](Impl& impl, config::StoreSpec store, bool sweep_first) -> Task<> {
    co_await recover_store(impl.services, impl.catalog, store, sweep_first);
    impl.queue.set_ready(store.name);
    co_await impl.refresh_last_good("");
    impl.start_what_may();
  };
  for (const auto& [name, store] : config->stores) {
    if (queue.is_ready(name)) continue;
    recoveries.push_back(spawn("recover store " + name, recover(*this, store, sweep)));
  }
}

void Engine::Impl::recover_targets() {
  const auto recover = [](Impl& impl, std::string name,
                          std::shared_ptr<target::BackupTarget> target) -> Task<> {
    co_await recover_target(impl.services, impl.catalog, name, target);
    impl.queue.set_target_ready(name);
    impl.start_what_may();
  };
  for (const auto& [name, spec] : config->targets) {
    if (!known_targets.insert(name).second) continue;
    recoveries.push_back(spawn("recover target " + name, recover(*this, name, spec.target)));
  }
}

// One run may wait behind the one that runs, never more: they would pile up behind one that hangs.
bool Engine::Impl::is_full(const config::JobSpec& job) const {
  const std::size_t allowed = job.overlap == config::Overlap::queue ? 2 : 1;
  return queue.active_of(job.name) >= allowed;
}

void Engine::Impl::on_due(const Due& due) {
  const auto& job = config->jobs.at(due.job);
  const auto log = services.log.with({.job = due.job});
  const auto when = to_rfc3339(due.scheduled);
  if (due.missed && !job.catch_up) {
    log.warning("the firing of " + when + " was missed; catch_up is off",
                {.message_id = std::string(telemetry::kFiringMissed)});
    return answer_without_run(due,
                              "the daemon did not run or the machine slept, and catch_up is off");
  }
  if (is_full(job)) {
    log.warning("the firing of " + when + " was skipped: the job's last run is still going",
                {.message_id = std::string(telemetry::kFiringMissed)});
    return answer_without_run(due, "the job's last run was still going");
  }
  auto record = new_record(catalog::RunKind::backup, due.job);
  record.trigger = due.missed ? catalog::Trigger::catch_up : catalog::Trigger::schedule;
  record.scheduled = due.scheduled;
  for (const auto& target : job.targets) record.results.emplace_back().target = target;
  if (due.missed) log.info("catching up: the firing of " + when + " was missed");
  admit(std::move(record), due.answered);
}

void Engine::Impl::answer_without_run(const Due& due, const std::string& why) {
  auto missed = facts(notify::EventKind::missed, due.job);
  missed.missed = notify::MissedFacts{due.scheduled, why};
  const auto events = address(missed, *config);
  write_soon([due, events](
                 catalog::Catalog& records) { records.put_firing(due.job, due.answered, events); },
             events);
  for (auto* listener : listeners) listener->jobs_changed();
}

// A job's schedule counts from when it was first seen, also over a restart before its first firing.
Task<> Engine::Impl::remember_new_jobs() {
  const auto answered = scheduler.answered();  // a reload may come meanwhile
  co_await catalog.call([&](catalog::Catalog& records) { records.put_first_firings(answered); });
}

Task<> Engine::stop() {
  impl_->stopping = true;
  co_await impl_->scheduler.stop();
  co_await impl_->overdue.stop();
  for (const auto recovery : impl_->recoveries) impl_->tasks.cancel(recovery);
  for (const auto& run : impl_->queue.active_runs()) {
    run->cancel(Run::CancelReason::shutdown);
    static_cast<LiveRun&>(*run).turn.set();
  }
  co_await impl_->tasks.join();
  if (!co_await impl_->writes.flush()) {
    impl_->services.log.error(std::to_string(impl_->writes.size()) +
                              " changes to the catalog are lost, with their events");
  }
  co_await impl_->notifications.stop();
}

bool Engine::stopping() const noexcept { return impl_->stopping; }

void Engine::reload(std::shared_ptr<const config::Config> config) {
  impl_->config = std::move(config);
  impl_->services.bandwidths.set(*impl_->config);
  impl_->scheduler.set_jobs(*impl_->config);
  impl_->spawn("remember new jobs", impl_->remember_new_jobs());
  impl_->overdue.set_jobs(impl_->config);
  impl_->notifications.reload(*impl_->config);
  impl_->recover_stores(false);
  impl_->recover_targets();
  for (auto* listener : impl_->listeners) listener->jobs_changed();
  impl_->start_what_may();
}

const config::Config& Engine::config() const noexcept { return *impl_->config; }

boost::asio::any_io_executor Engine::loop() const { return impl_->services.loop; }

namespace {

[[noreturn]] void no_such(ErrorKind kind, std::string doing, const std::string& name,
                          std::string_view what, const std::vector<std::string>& candidates) {
  throw RequestError({std::move(doing), name,
                      "there is no such " + std::string(what) + suggestion(name, candidates)},
                     kind);
}

std::vector<std::string> names_of(const std::map<std::string, config::JobSpec>& jobs) {
  std::vector<std::string> names;
  for (const auto& [name, job] : jobs) names.push_back(name);
  return names;
}

void require_job(const config::Config& config, std::string doing, const std::string& name) {
  if (config.jobs.contains(name)) return;
  no_such(ErrorKind::no_such_job, std::move(doing), name, "job", names_of(config.jobs));
}

void refuse_when_stopping(bool stopping, const std::string& doing, const std::string& subject) {
  if (!stopping) return;
  throw RequestError({doing, subject, "the daemon is shutting down"}, ErrorKind::shutting_down);
}

}  // namespace

std::string Engine::trigger(const std::string& job_name, const TriggerOptions& options) {
  refuse_when_stopping(impl_->stopping, "run job", job_name);
  require_job(*impl_->config, "run job", job_name);
  const auto& job = impl_->config->jobs.at(job_name);
  if (impl_->is_full(job)) {
    throw RequestError({"run job", job_name, "its last run is still going",
                        "wait for it, cancel it, or set the job's overlap to queue"},
                       ErrorKind::already_running);
  }
  auto record = impl_->new_record(catalog::RunKind::backup, job_name);
  record.trigger = options.trigger;
  for (const auto& target : job.targets) {
    if (options.targets.empty() || std::ranges::count(options.targets, target) > 0) {
      record.results.emplace_back().target = target;
    }
  }
  for (const auto& target : options.targets) {
    if (std::ranges::count(job.targets, target) > 0) continue;
    no_such(ErrorKind::invalid_argument, "run job '" + job_name + "' for target", target,
            "target in this job", job.targets);
  }
  return impl_->admit(std::move(record), std::nullopt);
}

Task<std::string> Engine::verify(std::vector<std::string> ids) {
  refuse_when_stopping(impl_->stopping, "verify", "");
  const auto known = co_await impl_->catalog.call(
      [](catalog::Catalog& records) { return records.backups("", ""); });
  std::vector<std::string> known_ids;
  for (const auto& backup : known) known_ids.push_back(backup.id);
  for (const auto& id : ids) {
    if (std::ranges::count(known_ids, id) == 0) {
      no_such(ErrorKind::no_such_backup, "verify backup", id, "backup", known_ids);
    }
  }
  if (ids.empty()) ids = known_ids;
  refuse_when_stopping(impl_->stopping, "verify", "");
  auto record = impl_->new_record(catalog::RunKind::verify, "");
  for (auto& id : ids) record.results.emplace_back().target = std::move(id);
  co_return impl_->admit(std::move(record), std::nullopt);
}

void Engine::cancel(const std::string& id) {
  const auto run = impl_->queue.find(id);
  if (!run) {
    throw RequestError(
        {"cancel run", id, "there is no such run under way", "`snapshotctl runs` lists them"},
        ErrorKind::no_such_run);
  }
  if (run->finished()) {
    throw RequestError(
        {"cancel run", id, "it has ended already: " + std::string(name(run->record.state))},
        ErrorKind::not_running);
  }
  run->cancel(Run::CancelReason::requested);
  static_cast<LiveRun&>(*run).turn.set();
}

Task<std::vector<retention::Decision>> Engine::prune(std::string job, bool dry_run) {
  const auto config = impl_->config;
  if (!job.empty()) require_job(*config, "prune job", job);
  const auto jobs = job.empty() ? names_of(config->jobs) : std::vector{job};
  std::vector<retention::Decision> removed;
  for (const auto& name : jobs) {
    std::vector<retention::Decision> decisions;
    if (dry_run) {
      decisions = co_await decide_retention(impl_->services, impl_->catalog, config->jobs.at(name));
    } else {
      decisions = co_await apply_retention(impl_->services, impl_->catalog, config, name, "");
      impl_->tell_pruned(name, decisions);
    }
    std::erase_if(decisions, [](const auto& decision) { return decision.keep; });
    std::ranges::move(decisions, std::back_inserter(removed));
    if (!dry_run) co_await impl_->refresh_last_good(name);
  }
  std::ranges::sort(removed, {}, &retention::Decision::id);
  co_return removed;
}

Task<catalog::Catalog::Changes> Engine::rescan() {
  const auto changes = co_await rescan_stores(impl_->services, impl_->catalog, impl_->config);
  co_await impl_->refresh_last_good("");
  for (auto* listener : impl_->listeners) listener->jobs_changed();
  co_return changes;
}

Task<catalog::RunRecord> Engine::wait(std::string id) {
  const auto run = impl_->queue.find(id);
  if (!run) co_return (co_await this->run(id)).record;
  if (!run->finished()) {
    const auto ended = std::make_shared<async::Event>(impl_->services.loop);
    static_cast<LiveRun&>(*run).waiting.push_back(ended);
    co_await ended->wait();
  }
  co_return run->record;
}

}  // namespace snapshotter::engine
