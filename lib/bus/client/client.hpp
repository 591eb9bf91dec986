// The other end of the bus: what snapshotctl, or any program of ours, asks a running snapshotterd.
#pragma once

#include "base/error.hpp"
#include "base/time.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace snapshotter::bus {

// An error that the daemon answered with. Its message is the daemon's own, word for word: what()
// adds nothing to it. kind() is the one whose D-Bus name the answer had (traits(kind).dbus_name).
class ServerError : public RequestError {
 public:
  ServerError(ErrorKind kind, std::string message);
  [[nodiscard]] const char* what() const noexcept override { return message_.c_str(); }

 private:
  std::string message_;
};

// The kind that an error's D-Bus name stands for; internal for names that are not ours.
[[nodiscard]] ErrorKind kind_of(const std::string& dbus_name);

// What DescribeRuns selects by.
struct RunsFilter {
  std::string job = {};  // empty: of every job
  bool failed = false;   // only those that did not succeed
  std::optional<Time> since = {};
  std::uint32_t limit = 0;  // 0: all
};

// Plain blocking calls; one thread. Construction connects to the bus, and the daemon need not run
// yet.
//
// Every call throws CannotStartError when nobody can be asked (no bus; no daemon on it; it went
// away or did not answer within half a minute), ServerError with kind access_denied and advice when
// the bus or the daemon does not allow it, and ServerError for what the daemon itself answered.
// verify, prune, test_notifier, reload and rescan may take as long as they need: their answers are
// awaited for a day.
//
// Documents are JSON text as lib/engine/describe.hpp has it, unchanged.
class Client {
 public:
  enum class Place { system, session };

  explicit Client(Place place);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  [[nodiscard]] std::string state();  // "starting", "running", "reloading", "stopping"
  [[nodiscard]] std::string describe_status();
  [[nodiscard]] std::string describe_jobs(const std::string& job = {});  // empty: every job
  [[nodiscard]] std::string describe_runs(const RunsFilter& filter);
  [[nodiscard]] std::string describe_run(const std::string& id);  // or a unique beginning
  [[nodiscard]] std::string describe_notifiers();
  [[nodiscard]] std::string describe_backups(const std::string& job = {},
                                             const std::string& target = {});

  // The id of the new run. `targets`: of the job; empty: all.
  [[nodiscard]] std::string trigger(const std::string& job,
                                    const std::vector<std::string>& targets = {});
  // The id of the new run. No ids: every backup.
  [[nodiscard]] std::string verify(const std::vector<std::string>& ids);
  void cancel(const std::string& run);
  // Backup id and reason, each; empty job: of every job.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> prune(const std::string& job,
                                                                       bool dry_run);
  // What came of it, as a document.
  [[nodiscard]] std::string test_notifier(const std::string& name);
  void reload();
  void rescan();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace snapshotter::bus
