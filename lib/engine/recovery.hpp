// Putting things right after a crash, and rebuilding the catalog from what the stores hold.
#pragma once

#include "config/config.hpp"
#include "engine/catalog_access.hpp"
#include "engine/services.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace snapshotter::engine {

// Marks the runs of a daemon that died as interrupted, each together with the events that tell of
// it.
using EventsOf = std::function<std::vector<catalog::OutboxEntry>(const catalog::RunRecord& run)>;
[[nodiscard]] Task<> mark_interrupted(const Services& services, CatalogAccess& catalog,
                                      EventsOf events_of);

// The interrupted runs that are to be made up for now: the last run of a job whose schedule asked
// for it and whose policy is catch_up. A job that was interrupted kMaxInterruptions times in a row
// is not tried again before its next firing: whatever kills the daemon may be that run.
inline constexpr std::size_t kMaxInterruptions = 3;
[[nodiscard]] Task<std::vector<catalog::RunRecord>> runs_to_catch_up(
    const Services& services, CatalogAccess& catalog, std::shared_ptr<const config::Config> config);

// Sweeps a store (when `sweep`: no writer of this process may be open in it) and takes the backups
// into the catalog that it does not know: those committed right before a crash. What the catalog
// knows and the store does not show is left alone – the store may just not be mounted. Logs instead
// of throwing.
[[nodiscard]] Task<> recover_store(const Services& services, CatalogAccess& catalog,
                                   config::StoreSpec store, bool sweep);

// Lets a target remove what a killed daemon left at its source, for at most kRecoveryTime: a peer
// that hangs does not keep its target from being backed up for ever. Logs instead of throwing.
inline constexpr Duration kRecoveryTime = std::chrono::seconds{60};
[[nodiscard]] Task<> recover_target(const Services& services, CatalogAccess& catalog,
                                    std::string name, std::shared_ptr<target::BackupTarget> target);

// Replaces what the catalog knows of each store by what the store holds. Throws the first store's
// error, after all were tried.
[[nodiscard]] Task<catalog::Catalog::Changes> rescan_stores(
    const Services& services, CatalogAccess& catalog, std::shared_ptr<const config::Config> config);

}  // namespace snapshotter::engine
