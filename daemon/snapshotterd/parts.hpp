// The parts every way of running the daemon is put together from.
#pragma once

#include "async/loop.hpp"
#include "async/worker_pool.hpp"
#include "config/load.hpp"
#include "engine/engine.hpp"
#include "platform/clock.hpp"
#include "platform/files.hpp"
#include "platform/random.hpp"
#include "telemetry/log.hpp"

#include <memory>
#include <string>

namespace snapshotter::daemon {

[[nodiscard]] telemetry::LogSettings log_settings(const config::LoggingSettings& logging);

// Built in the order of the members; each uses only those above it. Construction throws
// ConfigError, or CannotStartError where another daemon holds the state folder.
class Parts {
 public:
  explicit Parts(const std::string& config_path);
  ~Parts();

  // Gives the pools the sizes and priorities of `config`; what the system refuses is a warning in
  // the log. Threads for concurrent runs never become fewer: a run that goes on needs its own.
  void shape_pools();
  // The configuration as it is in the files now. Blocking.
  [[nodiscard]] std::shared_ptr<const config::Config> load() const;

 private:
  std::string config_path_;
  std::unique_ptr<platform::Files> files_;
  config::Registries registries_;

 public:
  std::shared_ptr<const config::Config> config;
  telemetry::Logging logging;
  async::Loop loop;
  std::unique_ptr<platform::Clock> clock;

 private:
  std::unique_ptr<platform::Random> random_;
  std::shared_ptr<void> lock_;
  engine::RunLog run_log_;
  async::WorkerPool cpu_;

 public:
  async::WorkerPool blocking;

 private:
  async::WorkerPool catalog_pool_;
  engine::Bandwidths bandwidths_;

 public:
  engine::Engine engine;
};

}  // namespace snapshotter::daemon
