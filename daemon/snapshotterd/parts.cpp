#include "snapshotterd/parts.hpp"

#include "base/error.hpp"
#include "common/check_config.hpp"
#include "platform/machine.hpp"

#include <algorithm>
#include <thread>

namespace snapshotter::daemon {
namespace {

std::size_t worker_count(const config::DaemonSettings& settings) {
  if (settings.workers > 0) return settings.workers;
  return std::max(1U, std::thread::hardware_concurrency());
}

std::size_t blocking_count(const config::DaemonSettings& settings) {
  return settings.max_concurrent_runs + engine::kSpareThreads;
}

std::shared_ptr<void> lock_state(platform::Files& files, const std::string& folder) {
  files.make_directories(folder);
  auto lock = files.lock(folder + "/lock");
  if (!lock) {
    throw CannotStartError({"use state folder", folder, "another snapshotterd is using it",
                            "talk to that one with snapshotctl, or stop it first"});
  }
  return lock;
}

std::unique_ptr<catalog::Catalog> open_catalog(const std::string& folder) {
  return std::make_unique<catalog::Catalog>(folder + "/catalog.sqlite");
}

std::string refusal(const std::string& key, const std::string& value, int error_number,
                    const std::string& advice) {
  return "the system refuses " + key + " " + value + " (" + error_text(error_number) + "); " +
         advice;
}

bool decide(config::Switch value, bool automatic) {
  if (value == config::Switch::automatic) return automatic;
  return value == config::Switch::on;
}

}  // namespace

telemetry::LogSettings log_settings(const config::LoggingSettings& logging) {
  telemetry::LogSettings settings;
  const auto under_systemd = telemetry::running_under_systemd();
  settings.level = telemetry::parse_log_level(logging.level).value_or(telemetry::LogLevel::info);
  settings.journal = decide(logging.journal, under_systemd);
  settings.console = decide(logging.console, !under_systemd);
  if (logging.file) {
    settings.file = telemetry::LogSettings::File{logging.file->path, logging.file->max_size,
                                                 logging.file->max_files};
  }
  settings.syslog = {logging.syslog.enabled, logging.syslog.facility};
  return settings;
}

Parts::Parts(const std::string& config_path)
    : config_path_(config_path),
      files_(platform::system_files()),
      registries_(built_in_registries(*files_)),
      config(load()),
      logging(log_settings(config->logging)),
      clock(platform::system_clock(loop.executor())),
      random_(platform::system_random()),
      lock_(lock_state(*files_, config->daemon.state_dir)),
      cpu_("compress", worker_count(config->daemon)),
      blocking("io", blocking_count(config->daemon)),
      catalog_pool_("catalog", 1),
      bandwidths_(*clock),
      engine(
          engine::Services{
              .loop = loop.executor(),
              .clock = *clock,
              .random = *random_,
              .files = *files_,
              .cpu = cpu_,
              .blocking = blocking,
              .catalog = catalog_pool_,
              .log = logging.logger(),
              .bandwidths = bandwidths_,
              .run_log = run_log_,
              .host = platform::host_name(),
              .machine_id = platform::machine_id(),
          },
          config, open_catalog(config->daemon.state_dir)) {
  logging.set_observer([this](telemetry::LogLevel level, std::string_view text,
                              const telemetry::LogFields& fields, Time time) {
    if (fields.run.empty()) return;
    run_log_.add(fields.run, {time, std::string(name(level)), fields.target, std::string(text)});
  });
  shape_pools();
}

void Parts::shape_pools() {
  const auto& settings = config->daemon;
  const auto log = logging.logger();
  try {
    cpu_.resize(worker_count(settings));
    blocking.resize(std::max(blocking.size(), blocking_count(settings)));
  } catch (const SystemError& error) {
    log.warning(error.what());
  }
  // Both: who walks, hashes and writes also compresses while it waits for a block.
  const auto of_cpu = cpu_.set_priority(settings.priority);
  const auto of_blocking = blocking.set_priority(settings.priority);
  if (const int refused = std::max(of_cpu.nice, of_blocking.nice)) {
    log.warning(refusal("daemon.nice", std::to_string(settings.priority.nice), refused,
                        "it changes with the next start; LimitNICE=+0 in the unit lets it change "
                        "at a reload"));
  }
  if (const int refused = std::max(of_cpu.io, of_blocking.io)) {
    log.warning(refusal("daemon.io_priority", to_string(settings.priority.io), refused,
                        "allow ioprio_set in the unit's SystemCallFilter="));
  }
}

Parts::~Parts() { logging.set_observer({}); }

std::shared_ptr<const config::Config> Parts::load() const {
  return std::make_shared<const config::Config>(config::load(config_path_, registries_));
}

}  // namespace snapshotter::daemon
