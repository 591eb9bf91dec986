// The daemon as a service: bus, signals, reload, watchdog, ordered shutdown.
#pragma once

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "bus/service.hpp"
#include "snapshotterd/parts.hpp"
#include "telemetry/sd_notify.hpp"

#include <memory>
#include <string>

namespace snapshotter::daemon {

enum class BusChoice { system, session, none };

// Loop thread only. SIGTERM and SIGINT end it in order, a second one at once; SIGHUP reloads.
class DaemonService : private engine::Listener {
 public:
  DaemonService(Parts& parts, BusChoice bus);
  ~DaemonService() override;

  // Returns the process's exit code.
  [[nodiscard]] Task<int> run();

 private:
  void announce();
  void on_signal(int signal);
  Task<> reload();
  Task<> feed_watchdog(Duration interval);
  Task<> serve_bus();
  void set_state(std::string state);
  void show_status();

  void run_changed(const engine::Run& run) override;
  void run_finished(const engine::Run& run) override;
  void jobs_changed() override;

  Parts& parts_;
  telemetry::Logger log_;
  telemetry::ServiceManager manager_;
  std::string state_ = "starting";
  std::string shown_status_;
  int exit_code_ = 0;
  async::Event stop_;
  async::TaskGroup tasks_;
  std::unique_ptr<bus::Service> bus_;
  std::shared_ptr<void> signals_;
  bool stopping_ = false;
};

}  // namespace snapshotter::daemon
