// A run while it lives in memory: queued, running, or among the last ones finished.
#pragma once

#include "async/cancel_scope.hpp"
#include "catalog/records.hpp"
#include "config/config.hpp"
#include "target/progress.hpp"

#include <memory>
#include <string>
#include <vector>

namespace snapshotter::engine {

// What a running run is doing, for people.
enum class Phase {
  waiting,
  estimating,
  archiving,
  finishing,
  verifying,
  committing,
  pruning,
  pausing
};
[[nodiscard]] std::string_view name(Phase phase);

// Loop thread only, except progress().
class Run {
 public:
  // `config` is the configuration that was in force when the run was queued: a reload does not
  // change a run under way.
  Run(catalog::RunRecord record, std::shared_ptr<const config::Config> config);

  [[nodiscard]] const std::string& id() const noexcept { return record.id; }
  [[nodiscard]] bool finished() const noexcept { return catalog::is_final(record.state); }
  [[nodiscard]] const config::JobSpec* job() const;  // nullptr: a run that verifies

  enum class CancelReason { none, requested, timeout, shutdown };
  // Sticky; the first reason stays.
  void cancel(CancelReason reason);
  // What the end of a run is called that was cancelled.
  [[nodiscard]] catalog::RunState cancelled_state() const noexcept;

  struct Totals {
    std::uint64_t read = 0, written = 0, total = 0;  // bytes; total 0: unknown
  };
  // Over all targets: finished ones by their results, the current one by its progress.
  [[nodiscard]] Totals totals() const;

  catalog::RunRecord record;
  std::shared_ptr<const config::Config> config;
  std::vector<std::string> targets;  // of a verify run: backup ids
  Phase phase = Phase::waiting;
  std::string current;                  // the target being worked on
  std::vector<std::string> attentions;  // what somebody should act on, though the backup is whole
  std::shared_ptr<target::Progress> progress = std::make_shared<target::Progress>();
  async::CancelScope scope;
  CancelReason cancel_reason = CancelReason::none;
};

}  // namespace snapshotter::engine
