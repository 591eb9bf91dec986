#include "engine/events.hpp"

#include "base/text.hpp"

#include <algorithm>

namespace snapshotter::engine {

using catalog::RunState;
using notify::EventKind;

std::optional<EventKind> kind_of_end(RunState state) {
  switch (state) {
    case RunState::succeeded:
      return EventKind::succeeded;
    case RunState::partial:
      return EventKind::partial;
    case RunState::failed:
      return EventKind::failed;
    case RunState::cancelled:
      return EventKind::cancelled;
    case RunState::interrupted:
      return EventKind::interrupted;
    case RunState::queued:
    case RunState::running:
      break;
  }
  return std::nullopt;
}

bool opens_alert(RunState state) {
  return state == RunState::failed || state == RunState::partial || state == RunState::interrupted;
}

namespace {

notify::TargetFacts target_facts(const catalog::TargetResult& result) {
  notify::TargetFacts facts;
  facts.target = result.target;
  facts.state = name(result.state);
  facts.error = result.error;
  facts.reasons = result.reasons;
  facts.attempts = result.attempts;
  facts.started = result.started;
  facts.finished = result.finished;
  facts.bytes_source = result.bytes_source;
  facts.bytes_stored = result.bytes_stored;
  facts.entries = result.entries;
  facts.warnings = result.warnings;
  facts.backup = result.backup;
  return facts;
}

}  // namespace

notify::RunFacts run_facts(const catalog::RunRecord& run) {
  notify::RunFacts facts;
  facts.id = run.id;
  facts.kind = name(run.kind);
  facts.trigger = name(run.trigger);
  facts.state = name(run.state);
  facts.scheduled = run.scheduled;
  facts.queued = run.queued;
  facts.started = run.started;
  facts.finished = run.finished;
  facts.error = run.error;
  for (const auto& result : run.results) facts.results.push_back(target_facts(result));
  return facts;
}

std::vector<notify::PrunedFacts> pruned_facts(const std::vector<retention::Decision>& removed) {
  std::vector<notify::PrunedFacts> facts;
  for (const auto& decision : removed) {
    facts.push_back({decision.id, join(decision.reasons, ", ")});
  }
  return facts;
}

std::vector<catalog::OutboxEntry> address(const notify::EventFacts& facts,
                                          const config::Config& config) {
  const auto job = config.jobs.find(facts.job);
  if (job == config.jobs.end()) return {};
  std::vector<catalog::OutboxEntry> entries;
  for (const auto& name : job->second.notify) {
    const auto& notifier = config.notifiers.at(name);
    if (std::ranges::count(notifier.events, facts.kind) == 0) continue;
    entries.emplace_back().notifier = name;
  }
  if (entries.empty()) return entries;
  const auto event = notify::make_event(facts);
  for (auto& entry : entries) {
    entry.event_id = event.id;
    entry.kind = notify::name(event.kind);
    entry.job = event.job;
    entry.at = event.at;
    entry.document = event.document;
  }
  return entries;
}

notify::Event event_of(const catalog::OutboxEntry& entry) {
  const auto kind = notify::parse_event(entry.kind).value_or(EventKind::test);
  return {entry.event_id, kind, entry.job, entry.at, entry.document};
}

}  // namespace snapshotter::engine
