#include "engine/verify_run.hpp"

#include "archive/reader.hpp"
#include "async/offload.hpp"
#include "base/error.hpp"
#include "crypto/sha256.hpp"
#include "engine/outcome.hpp"

namespace snapshotter::engine {
namespace {

using catalog::RunState;

[[noreturn]] void differ(const std::string& backup, const std::string& what) {
  throw CorruptArchiveError(
      {"verify", backup, what,
       "do not rely on it; find out what happened to the disk and make a new one"});
}

// Blocking. Throws what is wrong with the backup.
std::uint64_t verify_backup(store::Store& store, platform::RateLimiter& limit,
                            const std::string& id, Run& run, async::WorkerPool& cpu,
                            std::stop_token stop) {
  const auto key = *store::BackupKey::parse(id);
  const auto manifest = store.manifest(key);
  const auto source = store.open(key);
  const LimitedSource limited(*source, limit, stop);
  const auto found = archive::verify(limited, cpu, std::move(stop), [&](std::uint64_t bytes) {
    run.progress->bytes_read = bytes;
  });
  if (crypto::to_hex(found.sha256) != manifest.sha256) {
    differ(id, "its SHA-256 is not the manifest's");
  }
  if (found.entries != manifest.entries || found.tar_bytes != manifest.bytes_tar) {
    differ(id, "it has other entries than its manifest says");
  }
  return found.stored_bytes;
}

// What a failed verification says of the backup itself; a store that can't be read says nothing.
bool speaks_of_the_backup(const Error& error) {
  return error.kind() == ErrorKind::corrupt_archive || error.kind() == ErrorKind::no_such_backup;
}

Task<> read_again(const Services& services, CatalogAccess& catalog, Run& run,
                  catalog::TargetResult& result) {
  const auto record = co_await catalog.call(
      [&](catalog::Catalog& records) { return records.backup(result.target); });
  if (!record) {
    result.reasons = {"retention removed it meanwhile"};
    co_return;
  }
  const auto store = run.config->stores.find(record->store);
  if (store == run.config->stores.end()) {
    throw StoreError({"verify", result.target, "its store is not configured any more"});
  }
  run.progress->bytes_total = record->bytes_stored;
  auto& limit = services.bandwidths.of_store(record->store);
  result.bytes_stored =
      co_await run.scope.run(async::offload(services.blocking, [&](std::stop_token stop) {
        return verify_backup(*store->second.store, limit, result.target, run, services.cpu, stop);
      }));
  result.bytes_source = record->bytes_source;
  result.entries = record->entries;
}

Task<> verify_one(const Services& services, CatalogAccess& catalog, Run& run,
                  catalog::TargetResult& result) {
  bool tell = true;
  try {
    co_await read_again(services, catalog, run, result);
    result.state = RunState::succeeded;
  } catch (const CancelledError&) {
    result.state = RunState::cancelled;
    co_return;
  } catch (const Error& error) {
    result.state = RunState::failed;
    result.error = error.what();
    tell = speaks_of_the_backup(error);
    services.log.with({.run = run.id(), .target = result.target}).error(error.what());
  }
  if (!tell || !result.reasons.empty()) co_return;
  const auto now = services.clock.now();
  co_await catalog.call(
      [&](catalog::Catalog& records) { records.mark_verified(result.target, now, result.error); });
}

}  // namespace

Task<> execute_verification(const Services& services, CatalogAccess& catalog, Run& run,
                            std::function<void()> changed) {
  run.phase = Phase::verifying;
  for (auto& result : run.record.results) {
    if (run.scope.cancelled()) {
      result.state = RunState::cancelled;
      continue;
    }
    result.state = RunState::running;
    result.started = services.clock.now();
    result.attempts = 1;
    run.current = result.target;
    run.progress = std::make_shared<target::Progress>();
    changed();
    co_await verify_one(services, catalog, run, result);
    result.finished = services.clock.now();
    run.current.clear();
  }
  if (run.scope.cancelled()) {
    run.record.state = run.cancelled_state();
  } else {
    run.record.state = outcome(run.record.results);
  }
}

}  // namespace snapshotter::engine
