// Inside lib/bus only: /org/snapshotter1.
#pragma once

#include "bus/calls.hpp"
#include "bus/service.hpp"
#include "bus/wire.hpp"

#include <org_snapshotter1_adaptor.hpp>

#include <string>
#include <tuple>
#include <vector>

namespace snapshotter::bus {

// Loop thread only. All that is handed in outlives it.
class ManagerObject final : public sdbus::AdaptorInterfaces<org::snapshotter1::Manager_adaptor,
                                                            sdbus::ObjectManager_adaptor> {
 public:
  ManagerObject(sdbus::IConnection& connection, engine::Engine& engine, const Hooks& hooks,
                Calls& calls);
  ~ManagerObject();

  // Emits PropertiesChanged for what is not as it was last told.
  void tell_changes();

 private:
  using Rows = std::vector<RunRow>;

  // Each is answered by the coroutine below of the same name.
  void TriggerRun(sdbus::Result<sdbus::ObjectPath>&& result, std::string job) override;
  void TriggerRunWithOptions(sdbus::Result<sdbus::ObjectPath>&& result, std::string job,
                             Dictionary options) override;
  void CancelRun(sdbus::Result<>&& result, std::string run_id) override;
  void Reload(sdbus::Result<>&& result) override;
  void Rescan(sdbus::Result<>&& result) override;
  void ListJobs(sdbus::Result<std::vector<JobRow>>&& result) override;
  void ListRuns(sdbus::Result<Rows>&& result, std::string job, std::uint32_t limit) override;
  void ListBackups(sdbus::Result<std::vector<BackupRow>>&& result, std::string job) override;
  void Verify(sdbus::Result<sdbus::ObjectPath>&& result,
              std::vector<std::string> backup_ids) override;
  void Prune(sdbus::Result<std::vector<PruneRow>>&& result, std::string job, bool dry_run) override;
  void TestNotifier(sdbus::Result<std::string>&& result, std::string name) override;
  void DescribeNotifiers(sdbus::Result<std::string>&& result) override;
  void DescribeStatus(sdbus::Result<std::string>&& result) override;
  void DescribeJobs(sdbus::Result<std::string>&& result, std::string job) override;
  void DescribeRuns(sdbus::Result<std::string>&& result, Dictionary filter) override;
  void DescribeRun(sdbus::Result<std::string>&& result, std::string run_id) override;
  void DescribeBackups(sdbus::Result<std::string>&& result, std::string job,
                       std::string target) override;

  Task<sdbus::ObjectPath> trigger_run(std::string job, Dictionary options);
  Task<> cancel_run(std::string run_id);
  Task<> rescan();
  Task<std::vector<JobRow>> list_jobs();
  Task<std::vector<catalog::RunRecord>> runs(std::string doing, catalog::RunFilter filter,
                                             std::uint32_t most);
  Task<Rows> list_runs(std::string job, std::uint32_t limit);
  Task<std::vector<BackupRow>> list_backups(std::string job);
  Task<sdbus::ObjectPath> verify(std::vector<std::string> backup_ids);
  Task<std::vector<PruneRow>> prune(std::string job, bool dry_run);
  Task<std::string> test_notifier(std::string name);
  Task<std::string> describe_notifiers();
  Task<std::string> describe_status();
  Task<std::string> describe_jobs(std::string job);
  Task<std::string> describe_runs(Dictionary filter);
  Task<std::string> describe_run(std::string run_id);
  Task<std::string> describe_backups(std::string job, std::string target);

  std::string Version() override;
  std::string State() override;
  std::uint32_t ActiveRuns() override;
  std::uint64_t NextRun() override;
  std::string LastError() override;

  struct Told {
    std::string state;
    std::uint32_t active_runs = 0;
    std::uint64_t next_run = 0;
    std::string last_error;
  };
  Told current();

  engine::Engine& engine_;
  const Hooks& hooks_;
  Calls& calls_;
  Told told_;
};

}  // namespace snapshotter::bus
