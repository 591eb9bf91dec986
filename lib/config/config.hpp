// The configuration, checked whole: whoever holds a Config holds one that works together.
//
// The format is described in snapshotterd.yaml(5); etc/snapshotterd.yaml is a commented example.
#pragma once

#include "archive/format.hpp"
#include "base/priority.hpp"
#include "base/settings.hpp"
#include "base/units.hpp"
#include "notify/event.hpp"
#include "notify/notifier.hpp"
#include "retention/retention.hpp"
#include "schedule/cron.hpp"
#include "store/store.hpp"
#include "target/target.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace snapshotter::config {

struct DaemonSettings {
  schedule::TimeZone timezone = schedule::TimeZone::utc();  // default: the system's
  std::uint32_t max_concurrent_runs = 2;                    // 1…64
  std::uint32_t workers = 0;                                // 0 = auto = CPUs; ≤ 256
  // Of the workers and the programs they start; the loop and the catalog's thread stay as they are.
  Priority priority{10, {IoPriority::Class::best_effort, IoPriority::kLowest}};
  std::string state_dir = "/var/lib/snapshotterd";
  Duration history = std::chrono::days{400};  // how long runs are remembered
};

enum class Switch { off, on, automatic };  // false, true, auto

struct LoggingSettings {
  std::string level = "info";
  Switch journal = Switch::automatic;
  Switch console = Switch::automatic;
  struct File {
    std::string path;
    ByteSize max_size = 10_MiB;
    std::uint32_t max_files = 5;
  };
  std::optional<File> file;
  struct Syslog {
    bool enabled = false;
    std::string facility = "daemon";
  } syslog;
};

// Bytes are counted by blocks of up to 2 MiB: with less than this one of them takes a minute.
inline constexpr ByteSize kLeastBandwidth = 64_KiB;

struct StoreSpec {
  std::string name;
  std::string type;
  archive::Format format = archive::Format::tar_gz;
  archive::Level level;
  std::shared_ptr<store::Store> store;
  // A second, written and read together; ≥ kLeastBandwidth.
  std::optional<ByteSize> bandwidth = {};
};

// When a finished backup is too strange to be trusted.
struct Expectation {
  std::optional<ByteSize> min_size;  // content bytes
  std::optional<double> max_shrink;  // 0.5: at most half smaller than the last good one
};

// How many warnings a backup may have. More `changed` or `missing` than tolerated makes the target
// partial; more than fail_above of both together makes it fail.
struct Tolerance {
  std::optional<std::uint64_t> changed;  // default: any number
  std::uint64_t missing = 0;
  std::optional<std::uint64_t> fail_above;  // default: never
};

struct TargetSpec {
  std::string name;
  std::string type;
  Expectation expect;
  Tolerance tolerate;
  std::shared_ptr<target::BackupTarget> target;
  std::optional<ByteSize> bandwidth = {};  // content bytes a second; ≥ kLeastBandwidth
};

struct NotifierSpec {
  std::string name;
  std::string type;
  // Default: failed, partial, missed, overdue, recovered. Never test.
  std::vector<notify::EventKind> events;
  std::shared_ptr<notify::Notifier> notifier;
};

enum class Overlap { skip, queue };

struct Retry {
  std::uint32_t attempts = 1;                   // in all: 1 = no retry; ≤ 100
  Duration backoff = std::chrono::seconds{30};  // doubled after each attempt, at most 1 h
};

struct JobSpec {
  std::string name;
  std::optional<schedule::CronExpression> schedule;  // nullopt: only by hand
  schedule::TimeZone timezone = schedule::TimeZone::utc();
  schedule::DstPolicy dst = schedule::DstPolicy::cron;
  bool catch_up = true;
  Duration jitter{};
  Overlap overlap = Overlap::skip;
  std::optional<Duration> timeout;
  // How long after its last good backup was taken a job is overdue. Default: when the second firing
  // after that backup has come – a whole period has passed without a good one – plus the jitter,
  // plus the timeout or an hour; for a job without a schedule never.
  std::optional<Duration> overdue_after;
  Retry retry;
  std::vector<std::string> targets;
  std::string store;
  retention::Policy retention;
  std::vector<std::string> notify;  // names of notifiers
};

struct Config {
  DaemonSettings daemon;
  LoggingSettings logging;
  std::map<std::string, StoreSpec> stores;
  std::map<std::string, TargetSpec> targets;
  std::map<std::string, NotifierSpec> notifiers;
  std::map<std::string, JobSpec> jobs;
  // Worth telling at start and by --check-config, but no reason to refuse: a target no job uses, …
  std::vector<settings::Problem> warnings;
};

// What can be named by `type:`.
struct Registries {
  store::StoreRegistry stores;
  target::TargetRegistry targets;
  notify::NotifierRegistry notifiers;
};

}  // namespace snapshotter::config
