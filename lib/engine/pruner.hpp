// Retention: from the catalog's backups and a job's policy to deletions.
#pragma once

#include "config/config.hpp"
#include "engine/catalog_access.hpp"
#include "engine/services.hpp"
#include "retention/retention.hpp"

#include <stop_token>
#include <string>
#include <vector>

namespace snapshotter::engine {

// What the job's policy says of each of its backups, newest first. Preview and deed both start
// here, so they agree.
[[nodiscard]] Task<std::vector<retention::Decision>> decide_retention(const Services& services,
                                                                      CatalogAccess& catalog,
                                                                      const config::JobSpec& job);

// Deletes what is not kept, oldest first, and returns the deleted ones' decisions. While a backup
// is being deleted the catalog does not call it good, and forgets it only when the store has: the
// catalog never calls a backup good that is gone. One that can't be deleted is logged and does not
// stop the others; backups in a store that is no longer configured are left alone. Ends between two
// deletions when `stop` is requested.
[[nodiscard]] Task<std::vector<retention::Decision>> apply_retention(
    const Services& services, CatalogAccess& catalog, std::shared_ptr<const config::Config> config,
    std::string job, std::string run, std::stop_token stop = {});

}  // namespace snapshotter::engine
