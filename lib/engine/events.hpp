// From what the engine records to what notifiers are told. Pure.
#pragma once

#include "catalog/records.hpp"
#include "config/config.hpp"
#include "notify/event_document.hpp"
#include "retention/retention.hpp"

#include <optional>
#include <string>
#include <vector>

namespace snapshotter::engine {

// What the end of a run in this state is called; nullopt: it has not ended.
[[nodiscard]] std::optional<notify::EventKind> kind_of_end(catalog::RunState state);
// Whether a run that ended so leaves an alert open, which a later success has to resolve.
[[nodiscard]] bool opens_alert(catalog::RunState state);

[[nodiscard]] notify::RunFacts run_facts(const catalog::RunRecord& run);
[[nodiscard]] std::vector<notify::PrunedFacts> pruned_facts(
    const std::vector<retention::Decision>& removed);

// The event as it goes into the outbox: once for each notifier of facts.job that wants its kind,
// under one id. Empty when none does, or when the configuration has no such job.
[[nodiscard]] std::vector<catalog::OutboxEntry> address(const notify::EventFacts& facts,
                                                        const config::Config& config);
// And back.
[[nodiscard]] notify::Event event_of(const catalog::OutboxEntry& entry);

}  // namespace snapshotter::engine
