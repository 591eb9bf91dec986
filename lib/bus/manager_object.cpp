#include "bus/manager_object.hpp"

#include "base/error.hpp"
#include "base/version.hpp"
#include "bus/errors.hpp"
#include "bus/requests.hpp"
#include "engine/describe.hpp"

namespace snapshotter::bus {
namespace {

// Runs in one answer, whatever limit was asked for; a row has some 150 bytes, a document 1.5 kB.
constexpr std::uint32_t kMostRows = 100'000;
constexpr std::uint32_t kMostDocuments = 10'000;

std::string checked(std::string document, const std::string& doing, const std::string& advice) {
  check_answer(document.size(), doing, advice);
  return utf8(std::move(document));
}

sdbus::ObjectPath path_of_run(const std::string& id) { return sdbus::ObjectPath(run_path(id)); }

}  // namespace

ManagerObject::ManagerObject(sdbus::IConnection& connection, engine::Engine& engine,
                             const Hooks& hooks, Calls& calls)
    : AdaptorInterfaces(connection, sdbus::ObjectPath("/org/snapshotter1")),
      engine_(engine),
      hooks_(hooks),
      calls_(calls),
      told_(current()) {
  registerAdaptor();
}

ManagerObject::~ManagerObject() { unregisterAdaptor(); }

void ManagerObject::TriggerRun(sdbus::Result<sdbus::ObjectPath>&& result, std::string job) {
  calls_.answer(getObject(), Action::trigger, "TriggerRun", std::move(result),
                trigger_run(std::move(job), {}));
}

void ManagerObject::TriggerRunWithOptions(sdbus::Result<sdbus::ObjectPath>&& result,
                                          std::string job, Dictionary options) {
  calls_.answer(getObject(), Action::trigger, "TriggerRunWithOptions", std::move(result),
                trigger_run(std::move(job), std::move(options)));
}

void ManagerObject::CancelRun(sdbus::Result<>&& result, std::string run_id) {
  calls_.answer(getObject(), Action::cancel, "CancelRun", std::move(result),
                cancel_run(std::move(run_id)));
}

void ManagerObject::Reload(sdbus::Result<>&& result) {
  calls_.answer(getObject(), Action::manage, "Reload", std::move(result), hooks_.reload());
}

void ManagerObject::Rescan(sdbus::Result<>&& result) {
  calls_.answer(getObject(), Action::manage, "Rescan", std::move(result), rescan());
}

void ManagerObject::ListJobs(sdbus::Result<std::vector<JobRow>>&& result) {
  calls_.answer(getObject(), Action::read, "ListJobs", std::move(result), list_jobs());
}

void ManagerObject::ListRuns(sdbus::Result<Rows>&& result, std::string job, std::uint32_t limit) {
  calls_.answer(getObject(), Action::read, "ListRuns", std::move(result),
                list_runs(std::move(job), limit));
}

void ManagerObject::ListBackups(sdbus::Result<std::vector<BackupRow>>&& result, std::string job) {
  calls_.answer(getObject(), Action::read, "ListBackups", std::move(result),
                list_backups(std::move(job)));
}

void ManagerObject::Verify(sdbus::Result<sdbus::ObjectPath>&& result,
                           std::vector<std::string> backup_ids) {
  calls_.answer(getObject(), Action::trigger, "Verify", std::move(result),
                verify(std::move(backup_ids)));
}

void ManagerObject::Prune(sdbus::Result<std::vector<PruneRow>>&& result, std::string job,
                          bool dry_run) {
  calls_.answer(getObject(), dry_run ? Action::read : Action::manage, "Prune", std::move(result),
                prune(std::move(job), dry_run));
}

void ManagerObject::TestNotifier(sdbus::Result<std::string>&& result, std::string name) {
  calls_.answer(getObject(), Action::manage, "TestNotifier", std::move(result),
                test_notifier(std::move(name)));
}

void ManagerObject::DescribeNotifiers(sdbus::Result<std::string>&& result) {
  calls_.answer(getObject(), Action::read, "DescribeNotifiers", std::move(result),
                describe_notifiers());
}

void ManagerObject::DescribeStatus(sdbus::Result<std::string>&& result) {
  calls_.answer(getObject(), Action::read, "DescribeStatus", std::move(result), describe_status());
}

void ManagerObject::DescribeJobs(sdbus::Result<std::string>&& result, std::string job) {
  calls_.answer(getObject(), Action::read, "DescribeJobs", std::move(result),
                describe_jobs(std::move(job)));
}

void ManagerObject::DescribeRuns(sdbus::Result<std::string>&& result, Dictionary filter) {
  calls_.answer(getObject(), Action::read, "DescribeRuns", std::move(result),
                describe_runs(std::move(filter)));
}

void ManagerObject::DescribeRun(sdbus::Result<std::string>&& result, std::string run_id) {
  calls_.answer(getObject(), Action::read, "DescribeRun", std::move(result),
                describe_run(std::move(run_id)));
}

void ManagerObject::DescribeBackups(sdbus::Result<std::string>&& result, std::string job,
                                    std::string target) {
  calls_.answer(getObject(), Action::read, "DescribeBackups", std::move(result),
                describe_backups(std::move(job), std::move(target)));
}

Task<sdbus::ObjectPath> ManagerObject::trigger_run(std::string job, Dictionary options) {
  check_name("job", job);
  co_return path_of_run(engine_.trigger(job, trigger_options(options)));
}

Task<> ManagerObject::cancel_run(std::string run_id) {
  check_name("run_id", run_id);
  engine_.cancel(run_id);
  co_return;
}

Task<std::vector<JobRow>> ManagerObject::list_jobs() {
  std::vector<JobRow> rows;
  for (const auto& job : engine_.jobs()) rows.push_back(job_row(job));
  co_return rows;
}

Task<std::string> ManagerObject::test_notifier(std::string name) {
  check_name("name", name);
  const auto result = co_await engine_.test_notifier(name);
  co_return utf8(engine::describe_delivery(name, result));
}

Task<std::string> ManagerObject::describe_notifiers() {
  const auto notifiers = co_await engine_.notifiers();
  co_return checked(engine::describe_notifiers(notifiers), "show notifiers", "have fewer of them");
}

// Without a catalog there is a status all the same.
Task<std::string> ManagerObject::describe_status() {
  std::vector<engine::NotifierStatus> notifiers;
  try {
    notifiers = co_await engine_.notifiers();
  } catch (const CatalogError&) {
    // What runs next, or what asks for notifiers, tells of it.
  }
  co_return utf8(engine::describe_status(engine_, notifiers));
}

Task<std::string> ManagerObject::describe_jobs(std::string job) {
  check_name("job", job);
  refuse_unknown(engine_, "show job", job);
  auto jobs = engine_.jobs();
  if (!job.empty()) std::erase_if(jobs, [&](const auto& other) { return other.spec->name != job; });
  co_return checked(engine::describe_jobs(jobs), "show jobs", "name a job");
}

Task<> ManagerObject::rescan() { (void)co_await engine_.rescan(); }

// Newest first. What runs now is ahead of the catalog.
Task<std::vector<catalog::RunRecord>> ManagerObject::runs(std::string doing,
                                                          catalog::RunFilter filter,
                                                          std::uint32_t most) {
  if (filter.limit == 0 || filter.limit > most) filter.limit = most + 1;
  auto records = co_await engine_.runs(filter);
  if (records.size() > most) {
    throw RequestError({doing, filter.job,
                        "there are more than " + std::to_string(most) + ", too many for one answer",
                        "give a limit"});
  }
  if (records.empty()) refuse_unknown(engine_, doing, filter.job);
  for (auto& record : records) {
    if (const auto live = engine_.run_in_memory(record.id)) {
      record = live->record;
      record.state = state_of(*live);
    }
  }
  co_return records;
}

Task<ManagerObject::Rows> ManagerObject::list_runs(std::string job, std::uint32_t limit) {
  check_name("job", job);
  catalog::RunFilter filter;
  filter.job = job;
  filter.limit = limit;
  Rows rows;
  std::size_t bytes = 0;
  for (const auto& run : co_await runs("list runs", filter, kMostRows)) {
    rows.push_back(run_row(run));
    constexpr std::size_t kBesidesTexts = 64;
    bytes += kBesidesTexts + std::get<1>(rows.back()).size() + std::get<6>(rows.back()).size();
  }
  check_answer(bytes, "list runs", "give a limit");
  co_return rows;
}

Task<std::vector<BackupRow>> ManagerObject::list_backups(std::string job) {
  check_name("job", job);
  std::vector<BackupRow> rows;
  std::size_t bytes = 0;
  for (const auto& backup : co_await engine_.backups(job)) {
    rows.push_back(backup_row(backup.record));
    constexpr std::size_t kBesidesTexts = 64;
    bytes += kBesidesTexts + backup.record.id.size() + backup.record.job.size() +
             backup.record.target.size();
  }
  if (rows.empty()) refuse_unknown(engine_, "list backups of job", job);
  check_answer(bytes, "list backups", "name a job");
  co_return rows;
}

Task<sdbus::ObjectPath> ManagerObject::verify(std::vector<std::string> backup_ids) {
  check_names("backup_ids", backup_ids);
  co_return path_of_run(co_await engine_.verify(std::move(backup_ids)));
}

Task<std::vector<PruneRow>> ManagerObject::prune(std::string job, bool dry_run) {
  check_name("job", job);
  std::vector<PruneRow> rows;
  for (const auto& decision : co_await engine_.prune(job, dry_run)) {
    rows.push_back(prune_row(decision));
  }
  co_return rows;
}

Task<std::string> ManagerObject::describe_runs(Dictionary filter) {
  const auto parsed = run_filter(filter);
  const auto records = co_await runs("show runs", parsed, kMostDocuments);
  co_return checked(engine::describe_runs(records), "show runs", "give a limit");
}

Task<std::string> ManagerObject::describe_run(std::string run_id) {
  check_name("run_id", run_id);
  auto details = co_await engine_.run(run_id);
  const auto live = engine_.run_in_memory(details.record.id);
  if (live) details.record.state = state_of(*live);
  co_return checked(engine::describe_run(details, live.get()), "show run", "list its backups");
}

Task<std::string> ManagerObject::describe_backups(std::string job, std::string target) {
  check_name("job", job);
  check_name("target", target);
  const auto backups = co_await engine_.backups(job, target);
  if (backups.empty()) refuse_unknown(engine_, "show backups of", job, target);
  co_return checked(engine::describe_backups(backups), "show backups", "name a job and a target");
}

std::string ManagerObject::Version() { return std::string(version()); }
std::string ManagerObject::State() { return utf8(hooks_.state()); }
std::uint32_t ManagerObject::ActiveRuns() {
  return static_cast<std::uint32_t>(engine_.active_runs());
}
std::uint64_t ManagerObject::NextRun() { return micros(engine_.next_run()); }
std::string ManagerObject::LastError() { return utf8(engine_.last_error()); }

ManagerObject::Told ManagerObject::current() {
  return {State(), ActiveRuns(), NextRun(), LastError()};
}

void ManagerObject::tell_changes() {
  auto now = current();
  std::vector<compat::PropertyName> changed;
  if (now.state != told_.state) changed.emplace_back("State");
  if (now.active_runs != told_.active_runs) changed.emplace_back("ActiveRuns");
  if (now.next_run != told_.next_run) changed.emplace_back("NextRun");
  if (now.last_error != told_.last_error) changed.emplace_back("LastError");
  told_ = std::move(now);
  if (!changed.empty())
    getObject().emitPropertiesChangedSignal(Manager_adaptor::INTERFACE_NAME, changed);
}

}  // namespace snapshotter::bus
