// A backup run, from its first target to its last.
#pragma once

#include "engine/catalog_access.hpp"
#include "engine/run.hpp"
#include "engine/services.hpp"

#include <functional>

namespace snapshotter::engine {

// Backs up each target in turn – one that fails does not stop the others – and sets the run's final
// state and error. The record is the caller's to save. `changed` is called after each step.
[[nodiscard]] Task<> execute_backup(const Services& services, CatalogAccess& catalog, Run& run,
                                    std::function<void()> changed);

}  // namespace snapshotter::engine
