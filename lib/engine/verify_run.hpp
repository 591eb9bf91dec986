// A run that reads backups again and compares them with their manifests.
#pragma once

#include "engine/catalog_access.hpp"
#include "engine/run.hpp"
#include "engine/services.hpp"

#include <functional>

namespace snapshotter::engine {

// run.record.results has one entry per backup id. Sets each result, the run's final state and the
// catalog's `verified` of each backup.
[[nodiscard]] Task<> execute_verification(const Services& services, CatalogAccess& catalog,
                                          Run& run, std::function<void()> changed);

}  // namespace snapshotter::engine
