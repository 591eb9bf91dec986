#include "engine/pruner.hpp"

#include "async/offload.hpp"
#include "base/error.hpp"
#include "telemetry/message_ids.hpp"

#include <algorithm>
#include <map>

namespace snapshotter::engine {

Task<std::vector<retention::Decision>> decide_retention(const Services& services,
                                                        CatalogAccess& catalog,
                                                        const config::JobSpec& job) {
  const auto backups = co_await catalog.call(
      [&](catalog::Catalog& records) { return records.backups(job.name, ""); });
  std::vector<retention::Candidate> candidates;
  for (const auto& backup : backups) {
    candidates.push_back(
        {backup.id, backup.target, backup.taken, {backup.bytes_stored}, backup.good()});
  }
  co_return retention::decide(
      job.retention, std::move(candidates), services.clock.now(),
      [&](std::chrono::sys_seconds time) { return job.timezone.to_local(time); });
}

namespace {

constexpr auto kBeingRemoved = "retention was removing it";

// False: it is still there. While it goes, the catalog does not call it good: whatever happens in
// between, no backup that is gone is ever taken for one.
Task<bool> remove(const Services& services, CatalogAccess& catalog, const config::Config& config,
                  const catalog::BackupRecord& backup, const telemetry::Logger& log) {
  const auto store = config.stores.find(backup.store);
  const auto key = store::BackupKey::parse(backup.id);
  if (store == config.stores.end() || !key) co_return false;
  const auto now = services.clock.now();
  co_await catalog.call(
      [&](catalog::Catalog& records) { records.mark_verified(backup.id, now, kBeingRemoved); });
  bool removed = false;
  try {
    co_await async::offload(services.blocking,
                            [&](std::stop_token) { store->second.store->remove(*key); });
    removed = true;
  } catch (const CancelledError&) {
    throw;
  } catch (const Error& error) {
    log.error(error.what());
  }
  co_await catalog.call([&](catalog::Catalog& records) {
    if (removed) {
      records.remove_backup(backup.id);
    } else {
      records.mark_verified(backup.id, backup.verified.value_or(now), backup.verify_error);
    }
  });
  co_return removed;
}

}  // namespace

Task<std::vector<retention::Decision>> apply_retention(const Services& services,
                                                       CatalogAccess& catalog,
                                                       std::shared_ptr<const config::Config> config,
                                                       std::string job, std::string run,
                                                       std::stop_token stop) {
  const auto log = services.log.with({.job = job, .run = run});
  auto decisions = co_await decide_retention(services, catalog, config->jobs.at(job));
  std::ranges::reverse(decisions);
  std::vector<retention::Decision> deleted;
  std::uint64_t bytes = 0;
  for (auto& decision : decisions) {
    if (decision.keep) continue;
    if (stop.stop_requested()) break;
    const auto backup = co_await catalog.call(
        [&](catalog::Catalog& records) { return records.backup(decision.id); });
    if (!backup) continue;
    if (co_await remove(services, catalog, *config, *backup, log)) {
      bytes += backup->bytes_stored;
      deleted.push_back(std::move(decision));
    }
  }
  if (!deleted.empty()) {
    log.with({.message_id = std::string(telemetry::kPruned)})
        .info("retention removed " + std::to_string(deleted.size()) + " backups, " +
              to_string(ByteSize{bytes}) + " freed");
  }
  co_return deleted;
}

}  // namespace snapshotter::engine
