// The daemon's memory, in SQLite: runs, backups, the last firing of each schedule, undelivered
// events, what targets have to clean up.
//
// It can be lost without losing a backup: `rescan` rebuilds the backups from the manifests. What
// must survive a power cut – a firing that was answered, a backup that exists, a run's end, an
// event – is committed with synchronous=FULL in WAL mode; log lines with NORMAL.
//
// Blocking; used by one thread at a time, off the loop (the engine gives it a worker of its own).
// Every member is one transaction: done whole or not at all. Throws CatalogError; it is retryable
// where the same call may succeed later (disk full, I/O error), and the catalog stays usable.
//
// Texts are kept byte for byte. Sizes: made for a million runs and 100,000 backups; every question
// with a limit, and each about one job, run or backup, goes through an index (tested).
#pragma once

#include "catalog/records.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace snapshotter::catalog {

struct RunFilter {
  std::string job = {};            // empty: any
  bool failed = false;             // only failed, partial, interrupted
  std::optional<Time> since = {};  // queued at or after
  std::uint32_t limit = 0;         // 0: all
};

class Catalog {
 public:
  // Opens or creates `path` in an existing folder (0600, as are the -wal and -shm files beside it)
  // and brings its schema up to date. A schema newer than this build, or a file that is no catalog,
  // is refused with advice; the file is not touched. `vfs` names a registered SQLite VFS, which
  // then sees to the mode; empty: the system's.
  explicit Catalog(const std::string& path, const std::string& vfs = {});
  ~Catalog();
  Catalog(const Catalog&) = delete;
  Catalog& operator=(const Catalog&) = delete;

  // Runs. put_run inserts or replaces the whole record with its results (its log lines stay); with
  // `firing` it also records that the job's schedule was answered up to that moment.
  // `events` go into the outbox in the same transaction: a run that is over has told of it.
  void put_run(const RunRecord& run, std::optional<Time> firing = {},
               const std::vector<OutboxEntry>& events = {});
  [[nodiscard]] std::optional<RunRecord> run(const std::string& id);
  // Newest first.
  [[nodiscard]] std::vector<RunRecord> runs(const RunFilter& filter);
  // Ids that begin with `prefix`, sorted, at most `limit`.
  [[nodiscard]] std::vector<std::string> run_ids(const std::string& prefix, std::uint32_t limit);
  // queued and running ones, oldest first: after a start, those of the daemon that died.
  [[nodiscard]] std::vector<RunRecord> unfinished_runs();
  // The newest final backup run of each job.
  [[nodiscard]] std::map<std::string, RunRecord> last_runs();

  // Lines of a run that is not there (it was trimmed meanwhile) are dropped.
  void append_log(const std::string& run, const std::vector<LogLine>& lines);
  [[nodiscard]] std::vector<LogLine> log(const std::string& run);

  // Schedules. The last put_firing counts, also when it is earlier than the one before: the clock
  // may have been wrong.
  [[nodiscard]] std::map<std::string, Time> last_firings();
  void put_firing(const std::string& job, Time firing, const std::vector<OutboxEntry>& events = {});
  // From where on the schedules of new jobs count: jobs that have a firing keep it. When all have
  // one nothing is written; 10,000 new ones take some 20 ms.
  void put_first_firings(const std::map<std::string, Time>& firings);

  // The outbox: events that wait for their delivery, in the order they were put (their `key` is
  // given here). At most kMaxPending of a notifier wait; when more come the oldest are given up, as
  // if give_up() were called when the newest one happened. One that was given up so while it was
  // being delivered is not there any more for the members below: they note the answer all the same,
  // and count nothing twice.
  static constexpr std::uint64_t kMaxPending = 1000;
  void put_events(const std::vector<OutboxEntry>& events);
  // The one to be delivered next.
  [[nodiscard]] std::optional<OutboxEntry> first_pending(const std::string& notifier);
  void mark_delivered(const OutboxEntry& entry, Time when, const std::string& answer);
  // It stays, with attempts, last_attempt, next_attempt and last_answer as they are in `entry`.
  void put_off(const OutboxEntry& entry);
  void give_up(const OutboxEntry& entry, Time when, const std::string& why);
  // All that waits for this notifier; returns how many that were.
  std::uint64_t give_up_all(const std::string& notifier, Time when, const std::string& why);
  // Notifiers that something is or was kept for, sorted by name.
  [[nodiscard]] std::vector<DeliveryStatus> deliveries();

  // What is remembered under a scope ("target app-db") and a key; for what must outlive a crash.
  [[nodiscard]] std::map<std::string, std::string> memory(const std::string& scope);
  void remember(const std::string& scope, const std::string& key, const std::string& value,
                const std::vector<OutboxEntry>& events = {});
  void forget(const std::string& scope, const std::string& key);  // one that is not there is fine
  // Any number of these at once, in their order; without a value it is forgotten.
  struct MemoryChange {
    std::string scope, key;
    std::optional<std::string> value = {};
  };
  void change_memory(const std::vector<MemoryChange>& changes);

  // Backups. put_backup inserts or replaces; removing one that is not there is fine.
  void put_backup(const BackupRecord& backup);
  void remove_backup(const std::string& id);
  [[nodiscard]] std::optional<BackupRecord> backup(const std::string& id);
  // Newest first; empty strings: any.
  [[nodiscard]] std::vector<BackupRecord> backups(const std::string& job,
                                                  const std::string& target);
  // `error` empty: it was read and found right at `when`; otherwise `verified` keeps telling when
  // it last was. A backup that is not there (it was removed meanwhile) is passed over.
  void mark_verified(const std::string& id, Time when, const std::string& error);
  // What a look into the stores has shown: backups that are there, and ids that are not any more.
  // Ids in neither list stay as they are. A verification that the catalog knows and that is later
  // than the record's stays too, as long as the sha256 is the same. An id is known once: a backup
  // that two stores hold belongs to the one told last.
  struct Changes {
    std::uint64_t added = 0, removed = 0, kept = 0;
  };
  Changes merge_backups(const std::vector<BackupRecord>& found,
                        const std::vector<std::string>& gone);

  // Removes runs (with results and log lines) that were queued before `before`, but never one that
  // is not over, nor the newest `keep` of a job; returns how many.
  std::uint64_t trim_runs(Time before, std::uint32_t keep);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace snapshotter::catalog
