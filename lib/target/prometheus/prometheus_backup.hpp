// One backup of a Prometheus server: the order of things. prometheus_target.hpp says what happens.
#pragma once

#include "target/prometheus/leftovers.hpp"
#include "target/prometheus/prometheus_target.hpp"
#include "target/prometheus/server.hpp"
#include "target/prometheus/snapshot_saver.hpp"
#include "target/prometheus/snapshots_folder.hpp"
#include "target/target.hpp"

#include <exception>
#include <string>

namespace snapshotter::target::prometheus {

// Loop thread; run() once.
class Backup {
 public:
  // All outlive it.
  Backup(const PrometheusSettings& settings, const SnapshotsFolder& folder, Context& context);

  [[nodiscard]] Task<Report> run();

 private:
  // What became of the request for a snapshot.
  struct Asked {
    std::string name;
    std::exception_ptr failure;
  };

  Task<> save();
  Task<> make_snapshot();
  Task<> ask(Asked& asked);
  Task<> settle(const Asked& asked);
  Task<> wait_until_complete();
  Task<> fail_invisible();
  void check_not_empty(const SnapshotsFolder::Look& look) const;
  void describe(const SavedSnapshot& saved, const std::string& version);
  Task<> sweep(Leftovers::Unfinished unfinished);

  const PrometheusSettings& settings_;
  const SnapshotsFolder& folder_;
  Context& context_;
  Server server_;
  Leftovers leftovers_;
  Report report_;
  std::string name_;  // of the snapshot, once it is known
};

// Deletes what a killed daemon left. Throws PrometheusBackupError for what could not be deleted.
[[nodiscard]] Task<> recover(const SnapshotsFolder& folder, Surroundings& surroundings);

}  // namespace snapshotter::target::prometheus
