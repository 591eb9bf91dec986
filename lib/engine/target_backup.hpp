// One target of one run: attempts until a verified backup is committed or no attempt is left.
#pragma once

#include "catalog/records.hpp"
#include "engine/catalog_access.hpp"
#include "engine/run.hpp"
#include "engine/services.hpp"

#include <functional>
#include <string>

namespace snapshotter::engine {

// Fills `result` (whose target is set) and `run`'s phase and progress as it goes; `changed` is
// called after each step that people may want to see. Never throws an Error: failure and
// cancellation are states of the result. What it returns from is clean: nothing partial in the
// store. A catalog that fails does not keep a backup from being made.
[[nodiscard]] Task<> back_up_target(const Services& services, CatalogAccess& catalog, Run& run,
                                    catalog::TargetResult& result, std::function<void()> changed);

// A manifest as the catalog remembers it.
[[nodiscard]] catalog::BackupRecord record_of(const store::Manifest& manifest,
                                              const std::string& store);

}  // namespace snapshotter::engine
