// Retention: from the catalog's backups and a job's policy to deletions.
#pragma once

#include "config/config.hpp"
#include "engine/catalog_access.hpp"
#include "engine/services.hpp"
#include "retention/retention.hpp"

#include <string>
#include <vector>

namespace snapshotter::engine {

// What the job's policy says of each of its backups, newest first. Preview and deed both start
// here, so they agree.
[[nodiscard]] Task<std::vector<retention::Decision>> decide_retention(const Services& services,
                                                                      CatalogAccess& catalog,
                                                                      const config::JobSpec& job);

// Deletes what is not kept, oldest first: out of the catalog, then out of the store, so that the
// catalog never names a backup that is gone. Returns the deleted ones' decisions. A backup that
// can't be deleted is put back, logged, and does not stop the others; backups in a store that is no
// longer configured are left alone.
[[nodiscard]] Task<std::vector<retention::Decision>> apply_retention(
    const Services& services, CatalogAccess& catalog, std::shared_ptr<const config::Config> config,
    std::string job, std::string run);

}  // namespace snapshotter::engine
