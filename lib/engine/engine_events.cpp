// What happens, for those who are told of it: into the outbox, and from there to the notifiers.
#include "base/error.hpp"
#include "base/units.hpp"
#include "engine/engine_impl.hpp"
#include "telemetry/message_ids.hpp"

#include <algorithm>

namespace snapshotter::engine {

using catalog::RunState;
using notify::EventKind;

namespace {

// Whether the run speaks of the whole job.
bool is_of_all_targets(const catalog::RunRecord& run, const config::JobSpec& job) {
  return run.results.size() >= job.targets.size();
}

}  // namespace

notify::EventFacts Engine::Impl::facts(EventKind kind, const std::string& job) const {
  notify::EventFacts facts;
  facts.id = notify::new_event_id(services.random);
  facts.kind = kind;
  facts.at = services.clock.now();
  facts.host = services.host;
  facts.job = job;
  facts.next_run = scheduler.next(job);
  if (const auto good = last_good_of(job)) facts.last_good = good->taken;
  return facts;
}

// The oldest of the targets' last good backups: the job is as good as its worst target.
std::optional<catalog::BackupRecord> Engine::Impl::last_good_of(const std::string& name) const {
  const auto job = config->jobs.find(name);
  const auto of_job = last_good.find(name);
  if (job == config->jobs.end() || of_job == last_good.end()) return std::nullopt;
  std::optional<catalog::BackupRecord> oldest;
  for (const auto& target : job->second.targets) {
    const auto found = of_job->second.find(target);
    if (found == of_job->second.end()) return std::nullopt;
    if (!oldest || found->second.taken < oldest->taken) oldest = found->second;
  }
  return oldest;
}

void Engine::Impl::write_soon(PendingWrites::Change change, const Entries& events) {
  const auto flush = [](Impl& impl) -> Task<> { (void)co_await impl.writes.flush(); };
  writes.add(std::move(change), events);
  spawn("write to catalog", flush(*this));
}

Entries Engine::Impl::events_of_start(const LiveRun& run) const {
  if (run.record.kind != catalog::RunKind::backup) return {};
  auto started = facts(EventKind::started, run.record.job);
  started.run = run_facts(run.record);
  return address(started, *config);
}

Entries Engine::Impl::events_of_end(const LiveRun& run, bool was_overdue) const {
  const auto& record = run.record;
  if (record.kind == catalog::RunKind::verify) return events_of_verification(record);
  const auto kind = kind_of_end(record.state);
  if (!kind) return {};
  auto ended = facts(*kind, record.job);
  ended.run = run_facts(record);
  ended.warnings = run.attentions;
  auto events = address(ended, *config);
  const auto job = config->jobs.find(record.job);
  if (record.state != RunState::succeeded || job == config->jobs.end() ||
      !is_of_all_targets(record, job->second) || !(was_overdue || troubled.contains(record.job))) {
    return events;
  }
  auto recovered = ended;
  recovered.id = notify::new_event_id(services.random);
  recovered.kind = EventKind::recovered;
  std::ranges::move(address(recovered, *config), std::back_inserter(events));
  return events;
}

// A verification has no job. Each job that has a backup among the bad ones is told of its own.
Entries Engine::Impl::events_of_verification(const catalog::RunRecord& record) const {
  std::map<std::string, catalog::RunRecord> by_job;
  for (const auto& result : record.results) {
    const auto key = store::BackupKey::parse(result.target);
    if (result.state != RunState::failed || !key) continue;
    auto& part = by_job.try_emplace(key->job, record).first->second;
    if (part.results.size() == record.results.size()) part.results.clear();
    part.results.push_back(result);
  }
  Entries events;
  for (const auto& [job, part] : by_job) {
    auto failed = facts(EventKind::failed, job);
    failed.run = run_facts(part);
    std::ranges::move(address(failed, *config), std::back_inserter(events));
  }
  return events;
}

Entries Engine::Impl::events_of_death(const catalog::RunRecord& record) const {
  if (record.kind != catalog::RunKind::backup) return {};
  auto interrupted = facts(EventKind::interrupted, record.job);
  interrupted.run = run_facts(record);
  return address(interrupted, *config);
}

void Engine::Impl::tell_pruned(const std::string& job,
                               const std::vector<retention::Decision>& removed) {
  if (removed.empty()) return;
  auto pruned = facts(EventKind::pruned, job);
  pruned.pruned = pruned_facts(removed);
  const auto events = address(pruned, *config);
  if (events.empty()) return;
  write_soon([events](catalog::Catalog& records) { records.put_events(events); }, events);
}

void Engine::Impl::tell_overdue(const std::string& job, std::optional<Time> since,
                                Time expected_by) {
  auto event = facts(EventKind::overdue, job);
  event.overdue = notify::OverdueFacts{since, expected_by};
  services.log.warning(
      "no good backup " +
          (since ? "is newer than " + to_rfc3339(*since) : std::string("was ever made")) +
          "; one was expected by " + to_rfc3339(expected_by),
      {.job = job, .message_id = std::string(telemetry::kJobOverdue)});
  const auto events = address(event, *config);
  const auto scope = OverdueWatch::scope_of(job);
  const auto now = to_rfc3339(event.at);
  write_soon(
      [=](catalog::Catalog& records) { records.remember(scope, OverdueWatch::kKey, now, events); },
      events);
}

OverdueWatch::Facts Engine::Impl::overdue_facts(const std::string& job) const {
  OverdueWatch::Facts facts;
  if (const auto good = last_good_of(job)) facts.last_good = good->taken;
  for (const auto& run : queue.active_runs()) {
    if (run->record.job != job || run->record.kind != catalog::RunKind::backup) continue;
    if (!facts.queued || run->record.queued < *facts.queued) facts.queued = run->record.queued;
  }
  return facts;
}

// After the run's events were made, which ask how it was before. False: it says nothing about the
// job. A run that was cancelled does not; nor does a success of some targets for the others.
bool Engine::Impl::note_outcome(const catalog::RunRecord& record) {
  const auto job = config->jobs.find(record.job);
  if (record.kind != catalog::RunKind::backup || job == config->jobs.end()) return false;
  if (opens_alert(record.state)) {
    troubled.insert(record.job);
    return true;
  }
  if (record.state != RunState::succeeded || !is_of_all_targets(record, job->second)) return false;
  troubled.erase(record.job);
  return true;
}

// The newest run that says something counts. Mostly that is the job's last one, which is known
// already: a start does not read the history of ten thousand jobs.
Task<> Engine::Impl::recall_outcomes() {
  std::vector<catalog::RunRecord> runs;
  for (const auto& [name, last] : last_runs) {
    if (!config->jobs.contains(name) || note_outcome(last)) continue;
    co_await catalog.call([&](catalog::Catalog& records) {
      runs = records.runs({.job = name, .limit = kRecentRuns});
    });
    for (const auto& run : runs) {
      if (note_outcome(run)) break;
    }
  }
}

Task<std::vector<NotifierStatus>> Engine::notifiers() {
  const auto config = impl_->config;
  const auto deliveries =
      co_await impl_->catalog.call([](catalog::Catalog& records) { return records.deliveries(); });
  std::vector<NotifierStatus> all;
  for (const auto& [name, spec] : config->notifiers) {
    auto& status = all.emplace_back();
    status.name = name;
    status.type = spec.type;
    status.where = spec.notifier->describe();
    status.events = spec.events;
    const auto known = std::ranges::find(deliveries, name, &catalog::DeliveryStatus::notifier);
    if (known != deliveries.end()) status.deliveries = *known;
  }
  co_return all;
}

Task<notify::NotificationResult> Engine::test_notifier(std::string name) {
  auto facts = notify::test_event(name, impl_->services.host);
  facts.id = notify::new_event_id(impl_->services.random);
  facts.at = impl_->services.clock.now();
  co_return co_await impl_->notifications.deliver_now(name, notify::make_event(facts));
}

Task<> Engine::deliver_pending(Duration most) { co_await impl_->notifications.drain(most); }

}  // namespace snapshotter::engine
