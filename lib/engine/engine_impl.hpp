// Inside lib/engine only: the state behind Engine, shared by the files that implement it.
#pragma once

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "engine/catalog_access.hpp"
#include "engine/engine.hpp"
#include "engine/events.hpp"
#include "engine/notifications.hpp"
#include "engine/overdue_watch.hpp"
#include "engine/pending_writes.hpp"
#include "engine/run_queue.hpp"
#include "engine/scheduler.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace snapshotter::engine {

// A run with what its coroutine and those who wait for it need.
struct LiveRun : Run {
  LiveRun(boost::asio::any_io_executor loop, catalog::RunRecord first_record,
          std::shared_ptr<const config::Config> in_force)
      : Run(std::move(first_record), std::move(in_force)), turn(std::move(loop)) {}
  async::Event turn;  // set when it may start, or is to end without having started
  std::vector<std::shared_ptr<async::Event>> waiting;  // wait() calls
};

using Entries = std::vector<catalog::OutboxEntry>;

struct Engine::Impl {
  Impl(Services given, std::shared_ptr<const config::Config> first_config,
       std::unique_ptr<catalog::Catalog> opened);

  // Scheduling (engine.cpp).
  [[nodiscard]] bool is_full(const config::JobSpec& job) const;
  void on_due(const Due& due);
  void answer_without_run(const Due& due, const std::string& why);
  Task<> remember_new_jobs();
  void recover_stores(bool sweep);
  void recover_targets();

  // Life of a run (engine_runs.cpp).
  std::string admit(catalog::RunRecord record, std::optional<Time> firing);
  [[nodiscard]] catalog::RunRecord new_record(catalog::RunKind kind, const std::string& job);
  Task<> drive(std::shared_ptr<LiveRun> run, std::optional<Time> firing);
  Task<> work(LiveRun& run, std::optional<Time> firing);
  Task<> execute(LiveRun& run);
  Task<> retain(LiveRun& run);
  Task<bool> clock_is_implausible(const LiveRun& run);
  Task<bool> save(const LiveRun& run, std::optional<Time> firing, Entries events = {});
  Task<> save_end(const LiveRun& run, std::optional<Time> firing, Entries events);
  Task<> trim_history();
  void begin(LiveRun& run);
  void end(const LiveRun& run);
  [[nodiscard]] std::size_t places() const;
  void start_what_may();
  void changed(const Run& run);
  Task<> refresh_last_good(std::string job);
  async::TaskGroup::Id spawn(std::string name, Task<> task);

  // What is told (engine_events.cpp). Events are addressed by the configuration in force when they
  // happen.
  [[nodiscard]] notify::EventFacts facts(notify::EventKind kind, const std::string& job) const;
  [[nodiscard]] std::optional<catalog::BackupRecord> last_good_of(const std::string& job) const;
  [[nodiscard]] Entries events_of_start(const LiveRun& run) const;
  [[nodiscard]] Entries events_of_end(const LiveRun& run, bool was_overdue) const;
  [[nodiscard]] Entries events_of_verification(const catalog::RunRecord& record) const;
  [[nodiscard]] Entries events_of_death(const catalog::RunRecord& record) const;
  void tell_pruned(const std::string& job, const std::vector<retention::Decision>& removed);
  void tell_overdue(const std::string& job, std::optional<Time> since, Time expected_by);
  [[nodiscard]] OverdueWatch::Facts overdue_facts(const std::string& job) const;
  bool note_outcome(const catalog::RunRecord& record);
  Task<> recall_outcomes();
  void write_soon(PendingWrites::Change change, const Entries& events = {});

  static constexpr Duration kLongestSilence = std::chrono::days{400};  // a yearly job, and some

  Services services;
  std::shared_ptr<const config::Config> config;
  CatalogAccess catalog;
  RunQueue queue{kRecentRuns};
  std::vector<Listener*> listeners;
  Scheduler scheduler;
  Notifications notifications;
  PendingWrites writes;
  OverdueWatch overdue;
  async::TaskGroup tasks;

  std::map<std::string, catalog::RunRecord> last_runs;
  // By job, then target.
  std::map<std::string, std::map<std::string, catalog::BackupRecord>> last_good;
  std::set<std::string> troubled;  // jobs with an alert open: the last run that tells was not good
  std::set<std::string> known_targets;           // whose recovery has begun
  std::vector<async::TaskGroup::Id> recoveries;  // cancelled by stop()
  std::string last_error;
  bool stopping = false;
};

}  // namespace snapshotter::engine
