// The daemon's core: what snapshotterd, its D-Bus service and tests talk to.
//
// It queues and executes runs, keeps the catalog, applies retention and recovers from crashes. Loop
// thread only. Requests that can't be met throw RequestError, whose kind says which.
#pragma once

#include "catalog/catalog.hpp"
#include "catalog/records.hpp"
#include "config/config.hpp"
#include "engine/run.hpp"
#include "engine/services.hpp"
#include "notify/notifier.hpp"
#include "retention/retention.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace snapshotter::engine {

// Told of what happens, on the loop. Calls must be short and must not throw.
class Listener {
 public:
  virtual ~Listener() = default;
  virtual void run_added(const Run&) {}  // queued
  virtual void run_changed(const Run&) {
  }  // state, phase, current target or results; not mere bytes
  virtual void run_finished(const Run&) {}                  // its record is in the catalog
  virtual void run_forgotten(const std::string& /*id*/) {}  // left memory; the catalog has it
  virtual void jobs_changed() {}  // after a reload, and when a job's next or last run changed
};

struct JobStatus {
  const config::JobSpec* spec = nullptr;
  std::optional<Time> next;
  std::optional<catalog::RunRecord> last_run;      // final
  std::optional<catalog::BackupRecord> last_good;  // the oldest of its targets' last good backups
  bool active = false;                             // queued or running now
};

struct BackupStatus {
  catalog::BackupRecord record;
  std::string location;  // Store::locate; empty: its store is not configured, or does not have it
  std::vector<std::string> kept_by;  // rules of the job's policy; empty: the next prune removes it
};

struct RunDetails {
  catalog::RunRecord record;
  std::vector<catalog::LogLine> log;
};

struct NotifierStatus {
  std::string name, type;
  std::string where;  // Notifier::describe()
  std::vector<notify::EventKind> events;
  catalog::DeliveryStatus deliveries;
};

struct TriggerOptions {
  std::vector<std::string> targets = {};  // of the job; empty: all
  catalog::Trigger trigger = catalog::Trigger::manual;
};

class Engine {
 public:
  // Finished runs kept in memory (and as D-Bus objects).
  static constexpr std::size_t kRecentRuns = 50;

  Engine(Services services, std::shared_ptr<const config::Config> config,
         std::unique_ptr<catalog::Catalog> catalog);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  void add_listener(Listener& listener);
  void remove_listener(Listener& listener);

  // Recovers from a crash – runs that died become `interrupted`, partial files are swept, targets
  // recover, backups that the catalog does not know are taken in –, begins to deliver what waits in
  // the outbox and (unless `schedules` is false) to fire schedules and to watch for overdue jobs. A
  // store or target that is away is logged, not fatal; no run begins before its store was swept and
  // its targets have recovered.
  [[nodiscard]] Task<> start(bool schedules = true);
  // Refuses new work, cancels what runs, waits for it – not for receivers of notifications, which
  // get what waits after the next start. The catalog stays usable until destruction.
  [[nodiscard]] Task<> stop();
  [[nodiscard]] bool stopping() const noexcept;

  // The whole configuration at once; runs under way keep theirs.
  void reload(std::shared_ptr<const config::Config> config);
  [[nodiscard]] const config::Config& config() const noexcept;
  [[nodiscard]] boost::asio::any_io_executor loop() const;

  // Queues a run and returns its id. Throws no_such_job, already_running, shutting_down,
  // invalid_argument (a target that is not the job's).
  std::string trigger(const std::string& job, const TriggerOptions& options = {});
  // Any number of backup ids. Throws no_such_backup.
  [[nodiscard]] Task<std::string> verify(std::vector<std::string> backups);
  // Returns at once; the run ends soon after. Throws no_such_run, not_running.
  void cancel(const std::string& run);
  // Every backup of the job (of every job when empty) that the policy no longer keeps, with the
  // reason; deleted unless `dry_run`.
  [[nodiscard]] Task<std::vector<retention::Decision>> prune(std::string job, bool dry_run);
  // Rebuilds the catalog's backups from the stores' manifests.
  [[nodiscard]] Task<catalog::Catalog::Changes> rescan();
  // One attempt to send a test to a notifier, and what came of it. Throws invalid_argument (there
  // is no such notifier), shutting_down.
  [[nodiscard]] Task<notify::NotificationResult> test_notifier(std::string name);
  // Gives notifiers time: returns when nothing waits that would be tried within `most`, and after
  // `most` in any case.
  [[nodiscard]] Task<> deliver_pending(Duration most);
  // Returns when the run has finished (at once when it has already). Throws no_such_run.
  [[nodiscard]] Task<catalog::RunRecord> wait(std::string run);

  // From memory, at once.
  [[nodiscard]] std::vector<JobStatus> jobs() const;
  [[nodiscard]] std::optional<JobStatus> job(const std::string& name) const;
  // Queued, running and recent ones, oldest first.
  [[nodiscard]] std::vector<std::shared_ptr<const Run>> runs_in_memory() const;
  [[nodiscard]] std::shared_ptr<const Run> run_in_memory(const std::string& id) const;
  [[nodiscard]] std::size_t active_runs() const noexcept;
  [[nodiscard]] std::optional<Time> next_run() const;
  [[nodiscard]] const std::string& last_error() const noexcept;  // of the last run that had one

  // From the catalog.
  [[nodiscard]] Task<std::vector<catalog::RunRecord>> runs(catalog::RunFilter filter);
  // `id` may be a unique beginning. Throws no_such_run, invalid_argument (not unique).
  [[nodiscard]] Task<RunDetails> run(std::string id);
  [[nodiscard]] Task<std::vector<NotifierStatus>> notifiers();  // those configured, by name
  [[nodiscard]] Task<std::vector<BackupStatus>> backups(std::string job, std::string target = {});

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace snapshotter::engine
