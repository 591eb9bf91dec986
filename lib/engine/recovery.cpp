#include "engine/recovery.hpp"

#include "async/deadline.hpp"
#include "async/offload.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "base/units.hpp"
#include "engine/target_backup.hpp"
#include "engine/target_memory.hpp"
#include "telemetry/message_ids.hpp"

#include <algorithm>
#include <set>

namespace snapshotter::engine {

using catalog::RunState;

Task<> mark_interrupted(const Services& services, CatalogAccess& catalog, EventsOf events_of) {
  auto runs =
      co_await catalog.call([](catalog::Catalog& records) { return records.unfinished_runs(); });
  for (auto& run : runs) {
    run.state = RunState::interrupted;
    run.error = "the daemon ended while it was running";
    run.finished = services.clock.now();
    for (auto& result : run.results) {
      if (!catalog::is_final(result.state)) result.state = RunState::interrupted;
    }
    const auto events = events_of(run);
    co_await catalog.call([&](catalog::Catalog& records) { records.put_run(run, {}, events); });
    services.log
        .with(
            {.job = run.job, .run = run.id, .message_id = std::string(telemetry::kRunInterrupted)})
        .warning("run " + run.id + " was interrupted: " + run.error);
  }
}

Task<std::vector<catalog::RunRecord>> runs_to_catch_up(
    const Services& services, CatalogAccess& catalog,
    std::shared_ptr<const config::Config> config) {
  const auto last_runs =
      co_await catalog.call([](catalog::Catalog& records) { return records.last_runs(); });
  std::vector<catalog::RunRecord> due;
  for (const auto& [name, run] : last_runs) {
    const auto job = config->jobs.find(name);
    if (job == config->jobs.end() || !job->second.catch_up || run.state != RunState::interrupted ||
        run.trigger == catalog::Trigger::manual) {
      continue;
    }
    const auto latest = co_await catalog.call([&](catalog::Catalog& records) {
      return records.runs({.job = name, .limit = kMaxInterruptions});
    });
    const auto interrupted =
        std::ranges::count(latest, RunState::interrupted, &catalog::RunRecord::state);
    if (interrupted == std::ssize(latest) && latest.size() == kMaxInterruptions) {
      services.log.with({.job = name})
          .error("interrupted " + std::to_string(kMaxInterruptions) +
                 " times in a row; not tried again before its next firing");
      continue;
    }
    due.push_back(run);
  }
  co_return due;
}

namespace {

bool has(store::Store& store, const std::string& id) {
  const auto key = store::BackupKey::parse(id);
  if (!key) return false;
  try {
    (void)store.manifest(*key);
    return true;
  } catch (const RequestError&) {
    return false;
  }
}

// The catalog and a listing of the store, made to agree. Both move while they are compared – a run
// commits, retention removes –, so each difference is looked at once more in the store itself.
// Blocking. Returns the ids that are gone; takes out of `found` what went meanwhile.
std::vector<std::string> compare(store::Store& store, const std::string& name,
                                 const std::vector<catalog::BackupRecord>& known,
                                 std::vector<catalog::BackupRecord>& found) {
  std::set<std::string> listed;
  for (const auto& backup : found) listed.insert(backup.id);
  std::set<std::string> recorded;
  std::vector<std::string> missing;
  for (const auto& backup : known) {
    if (backup.store != name) continue;
    recorded.insert(backup.id);
    if (!listed.contains(backup.id) && !has(store, backup.id)) missing.push_back(backup.id);
  }
  std::erase_if(found, [&](const auto& backup) {
    return !recorded.contains(backup.id) && !has(store, backup.id);
  });
  return missing;
}

Task<catalog::Catalog::Changes> rescan_store(const Services& services, CatalogAccess& catalog,
                                             const config::StoreSpec& store, bool forget_missing) {
  const auto listing = co_await async::offload(
      services.blocking, [&](std::stop_token stop) { return store.store->list(stop); });
  for (const auto& problem : listing.problems) {
    services.log.warning(printable(problem.subject) + ": " + problem.why);
  }
  std::vector<catalog::BackupRecord> found;
  for (const auto& manifest : listing.backups) found.push_back(record_of(manifest, store.name));
  const auto known =
      co_await catalog.call([](catalog::Catalog& records) { return records.backups("", ""); });
  auto missing = co_await async::offload(services.blocking, [&](std::stop_token) {
    return compare(*store.store, store.name, known, found);
  });
  if (!forget_missing) missing.clear();
  co_return co_await catalog.call(
      [&](catalog::Catalog& records) { return records.merge_backups(found, missing); });
}

}  // namespace

Task<> recover_store(const Services& services, CatalogAccess& catalog, config::StoreSpec store,
                     bool sweep) {
  try {
    if (sweep) {
      const auto swept = co_await async::offload(
          services.blocking, [&](std::stop_token) { return store.store->sweep(); });
      for (const auto& name : swept) services.log.info("removed unfinished " + printable(name));
    }
    const auto changes = co_await rescan_store(services, catalog, store, false);
    if (changes.added > 0) {
      services.log.info("took " + std::to_string(changes.added) + " backups of store '" +
                        store.name + "' into the catalog");
    }
  } catch (const CancelledError&) {
    throw;
  } catch (const Error& error) {
    services.log.error(error.what());
  }
}

Task<> recover_target(const Services& services, CatalogAccess& catalog, std::string name,
                      std::shared_ptr<target::BackupTarget> target) {
  TargetMemory memory(catalog, name);
  target::Surroundings surroundings{services.loop, services.blocking, services.clock,
                                    services.random, memory};
  const Error::Parts too_long{"recover target", name,
                              "it took longer than " + to_string(kRecoveryTime),
                              "look at its source for what an interrupted run has left there"};
  std::string error;
  try {
    co_await async::with_deadline(target->recover(surroundings),
                                  services.clock.sleep_for(kRecoveryTime), too_long);
  } catch (const CancelledError&) {
    throw;
  } catch (const TimeoutError& timeout) {
    error = timeout.what();
  } catch (const std::exception& failure) {
    error = "cannot recover target '" + name + "': " + failure.what();
  }
  if (!error.empty()) services.log.with({.target = name}).error(error);
}

Task<catalog::Catalog::Changes> rescan_stores(const Services& services, CatalogAccess& catalog,
                                              std::shared_ptr<const config::Config> config) {
  catalog::Catalog::Changes all;
  std::exception_ptr failure;
  for (const auto& [name, store] : config->stores) {
    try {
      const auto changes = co_await rescan_store(services, catalog, store, true);
      all.added += changes.added;
      all.removed += changes.removed;
      all.kept += changes.kept;
    } catch (const CancelledError&) {
      throw;
    } catch (const Error&) {
      if (!failure) failure = std::current_exception();
    }
  }
  if (failure) std::rethrow_exception(failure);
  services.log.info("rescan: " + std::to_string(all.added) + " backups added, " +
                    std::to_string(all.removed) + " removed, " + std::to_string(all.kept) +
                    " kept");
  co_return all;
}

}  // namespace snapshotter::engine
