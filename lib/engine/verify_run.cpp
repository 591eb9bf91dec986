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

// What is wrong with the index; empty: nothing, or there is none to be.
std::string index_problem(const store::Manifest& manifest, const archive::VerifySummary& found) {
  if (!manifest.index) return "";
  if (!found.index) return "it is missing";
  if (!found.index->problem.empty()) return found.index->problem;
  return crypto::to_hex(found.index->sha256) == manifest.index->sha256
             ? ""
             : "its SHA-256 is not the manifest's";
}

// Without an index a backup can be restored; but somebody should look at a disk that damages files.
void tell_of_index(const std::string& id, const std::string& problem, Run& run,
                   catalog::TargetResult& result, const Services& services) {
  if (problem.empty()) return;
  const std::string line =
      "the backup is good, but its index is of no use, so single files are restored slowly: " +
      problem;
  result.warnings = 1;
  result.reasons.push_back(line);
  run.attentions.push_back(id + ": " + line);
  services.log.with({.run = run.id(), .target = id}).warning(line);
}

struct Verified {
  std::uint64_t stored_bytes = 0;
  std::string index_problem;
};

// Blocking. Throws what is wrong with the backup.
Verified verify_backup(store::Store& store, platform::RateLimiter& limit, const std::string& id,
                       Run& run, async::WorkerPool& cpu, std::stop_token stop) {
  const auto key = *store::BackupKey::parse(id);
  const auto manifest = store.manifest(key);
  const auto source = store.open(key);
  const auto index = manifest.index ? store.open_index(key) : nullptr;
  const LimitedSource limited(*source, limit, stop);
  const auto found = archive::verify(
      limited, cpu, std::move(stop), [&](std::uint64_t bytes) { run.progress->bytes_read = bytes; },
      index.get());
  if (crypto::to_hex(found.sha256) != manifest.sha256) {
    differ(id, "its SHA-256 is not the manifest's");
  }
  if (found.entries != manifest.entries || found.tar_bytes != manifest.bytes_tar) {
    differ(id, "it has other entries than its manifest says");
  }
  return {found.stored_bytes, index_problem(manifest, found)};
}

// What a failed verification says of the backup itself; a store that can't be read says nothing.
bool speaks_of_the_backup(const Error& error) {
  return error.kind() == ErrorKind::corrupt_archive || error.kind() == ErrorKind::no_such_backup;
}

// False: there is nothing to be verified any more.
Task<bool> read_again(const Services& services, CatalogAccess& catalog, Run& run,
                      catalog::TargetResult& result) {
  const auto record = co_await catalog.call(
      [&](catalog::Catalog& records) { return records.backup(result.target); });
  if (!record) {
    result.reasons = {"retention removed it meanwhile"};
    co_return false;
  }
  const auto store = run.config->stores.find(record->store);
  if (store == run.config->stores.end()) {
    throw StoreError({"verify", result.target, "its store is not configured any more"});
  }
  run.progress->bytes_total = record->bytes_stored;
  auto& limit = services.bandwidths.of_store(record->store);
  const auto verified =
      co_await run.scope.run(async::offload(services.blocking, [&](std::stop_token stop) {
        return verify_backup(*store->second.store, limit, result.target, run, services.cpu, stop);
      }));
  tell_of_index(result.target, verified.index_problem, run, result, services);
  result.bytes_stored = verified.stored_bytes;
  result.bytes_source = record->bytes_source;
  result.entries = record->entries;
  co_return true;
}

Task<> verify_one(const Services& services, CatalogAccess& catalog, Run& run,
                  catalog::TargetResult& result) {
  bool tell = true;
  try {
    tell = co_await read_again(services, catalog, run, result);
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
  if (!tell) co_return;
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
