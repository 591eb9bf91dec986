// What can be asked of an engine.
#include "async/offload.hpp"
#include "base/error.hpp"
#include "engine/engine_impl.hpp"
#include "engine/pruner.hpp"

#include <algorithm>

namespace snapshotter::engine {

std::optional<JobStatus> Engine::job(const std::string& name) const {
  const auto spec = impl_->config->jobs.find(name);
  if (spec == impl_->config->jobs.end()) return std::nullopt;
  JobStatus status;
  status.spec = &spec->second;
  status.next = impl_->scheduler.next(name);
  if (const auto last = impl_->last_runs.find(name); last != impl_->last_runs.end()) {
    status.last_run = last->second;
  }
  status.last_good = impl_->last_good_of(name);
  status.active = impl_->queue.active_of(name) > 0;
  return status;
}

std::vector<JobStatus> Engine::jobs() const {
  std::vector<JobStatus> all;
  for (const auto& [name, spec] : impl_->config->jobs) all.push_back(*job(name));
  return all;
}

std::vector<std::shared_ptr<const Run>> Engine::runs_in_memory() const {
  const auto runs = impl_->queue.all();
  return {runs.begin(), runs.end()};
}

std::shared_ptr<const Run> Engine::run_in_memory(const std::string& id) const {
  return impl_->queue.find(id);
}

std::size_t Engine::active_runs() const noexcept { return impl_->queue.active(); }

std::optional<Time> Engine::next_run() const { return impl_->scheduler.next_of_all(); }

const std::string& Engine::last_error() const noexcept { return impl_->last_error; }

Task<std::vector<catalog::RunRecord>> Engine::runs(catalog::RunFilter filter) {
  co_return co_await impl_->catalog.call(
      [&](catalog::Catalog& records) { return records.runs(filter); });
}

Task<RunDetails> Engine::run(std::string id) {
  const auto ids = co_await impl_->catalog.call(
      [&](catalog::Catalog& records) { return records.run_ids(id, 2); });
  if (id.empty() || ids.empty()) {
    throw RequestError({"show run", id, "there is no such run", "`snapshotctl runs` lists them"},
                       ErrorKind::no_such_run);
  }
  if (ids.size() > 1 && ids.front() != id) {
    throw RequestError({"show run", id, "more than one run begins so", "give more of its id"});
  }
  RunDetails details;
  co_await impl_->catalog.call([&](catalog::Catalog& records) {
    details.record = *records.run(ids.front());
    details.log = records.log(ids.front());
  });
  // What runs now is ahead of the catalog.
  if (const auto live = impl_->queue.find(details.record.id)) details.record = live->record;
  co_return details;
}

namespace {

Task<> add_rules(const Services& services, CatalogAccess& catalog,
                 std::shared_ptr<const config::Config> config,
                 std::map<std::string, std::vector<BackupStatus*>>& by_job) {
  for (auto& [name, backups] : by_job) {
    const auto job = config->jobs.find(name);
    if (job == config->jobs.end()) {
      for (auto* backup : backups) backup->kept_by = {"its job is not configured any more"};
      continue;
    }
    std::map<std::string, std::vector<std::string>> reasons;
    for (auto& decision : co_await decide_retention(services, catalog, job->second)) {
      if (decision.keep) reasons[decision.id] = std::move(decision.reasons);
    }
    for (auto* backup : backups) backup->kept_by = reasons[backup->record.id];
  }
}

}  // namespace

namespace {

// Blocking: a store may have to look. Empty where it can't tell.
std::string location_of(const config::Config& config, const catalog::BackupRecord& record) {
  const auto store = config.stores.find(record.store);
  const auto key = store::BackupKey::parse(record.id);
  if (store == config.stores.end() || !key) return {};
  try {
    return store->second.store->locate(*key);
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

Task<std::vector<BackupStatus>> Engine::backups(std::string job, std::string target) {
  const auto config = impl_->config;
  auto records = co_await impl_->catalog.call(
      [&](catalog::Catalog& catalog) { return catalog.backups(job, target); });
  auto backups = co_await async::offload(impl_->services.blocking, [&](std::stop_token) {
    std::vector<BackupStatus> located;
    for (auto& record : records) {
      auto& status = located.emplace_back();
      status.location = location_of(*config, record);
      status.record = std::move(record);
    }
    return located;
  });
  std::map<std::string, std::vector<BackupStatus*>> by_job;
  for (auto& backup : backups) by_job[backup.record.job].push_back(&backup);
  co_await add_rules(impl_->services, impl_->catalog, config, by_job);
  co_return backups;
}

}  // namespace snapshotter::engine
