#include "snapshotterd/service.hpp"

#include "async/offload.hpp"
#include "base/error.hpp"
#include "base/version.hpp"
#include "telemetry/message_ids.hpp"

#include <malloc.h>
#include <unistd.h>

#include <csignal>

namespace snapshotter::daemon {

DaemonService::DaemonService(Parts& parts, BusChoice bus)
    : parts_(parts),
      log_(parts.logging.logger()),
      stop_(parts.loop.executor()),
      tasks_(parts.loop.executor()) {
  if (bus != BusChoice::none) {
    bus_ = std::make_unique<bus::Service>(
        bus == BusChoice::system ? bus::Bus::system : bus::Bus::session, parts_.engine,
        *parts_.clock, parts_.loop.executor(),
        bus::Hooks{[this] { return reload(); }, [this] { return state_; }});
  }
  parts_.engine.add_listener(*this);
  signals_ =
      parts_.loop.on_signals({SIGTERM, SIGINT, SIGHUP}, [this](int signal) { on_signal(signal); });
}

DaemonService::~DaemonService() { parts_.engine.remove_listener(*this); }

Task<int> DaemonService::run() {
  for (const auto& warning : parts_.config->warnings) {
    log_.warning(settings::to_string(warning.where) + ": " + warning.message);
  }
  std::exception_ptr failure;
  try {
    co_await parts_.engine.start();
    announce();
    co_await stop_.wait();
  } catch (...) {
    failure = std::current_exception();
  }
  stopping_ = true;
  set_state("stopping");
  manager_.stopping();
  co_await parts_.engine.stop();
  if (bus_) co_await bus_->stop();
  tasks_.cancel_all();
  co_await tasks_.join();
  signals_.reset();
  if (failure) std::rethrow_exception(failure);
  log_.info("stopped");
  co_return exit_code_;
}

void DaemonService::announce() {
  if (bus_) tasks_.spawn("bus", serve_bus());
  if (const auto interval = manager_.watchdog_interval()) {
    tasks_.spawn("watchdog", feed_watchdog(*interval));
  }
  set_state("running");
  show_status();
  manager_.ready(shown_status_);
  log_.info("snapshotterd " + std::string(version()) +
            " is ready: " + std::to_string(parts_.config->jobs.size()) + " jobs");
}

void DaemonService::on_signal(int signal) {
  if (signal == SIGHUP) {
    if (stopping_) return;
    tasks_.spawn("reload", reload(), [](std::exception_ptr) { /* reload() has told the log */ });
    return;
  }
  if (stopping_) {
    // Asked twice: whoever does that does not want to wait for clean-up. The next start does it.
    log_.warning("second signal: stopping at once");
    parts_.logging.flush();
    ::_exit(kExitFailed);
  }
  stopping_ = true;
  log_.info(signal == SIGINT ? "interrupted; stopping" : "asked to stop");
  stop_.set();
}

Task<> DaemonService::reload() {
  set_state("reloading");
  manager_.reloading();
  std::exception_ptr failure;
  try {
    auto config =
        co_await async::offload(parts_.blocking, [&](std::stop_token) { return parts_.load(); });
    if (config->daemon.state_dir != parts_.config->daemon.state_dir) {
      log_.warning("daemon.state_dir changes with the next start only");
    }
    parts_.config = config;
    parts_.logging.reconfigure(log_settings(config->logging));
    parts_.shape_pools();
    parts_.engine.reload(config);
    log_.info("configuration reloaded: " + std::to_string(config->jobs.size()) + " jobs");
  } catch (const Error& error) {
    failure = std::current_exception();
    log_.error("the configuration was not reloaded, the old one stays in force:\n" +
                   std::string(error.what()),
               {.message_id = std::string(telemetry::kReloadFailed)});
  }
  set_state(stopping_ ? "stopping" : "running");
  show_status();
  manager_.ready(shown_status_);
  if (failure) std::rethrow_exception(failure);
}

Task<> DaemonService::serve_bus() {
  try {
    co_await bus_->run();
  } catch (const CannotStartError& error) {
    log_.error(error.what());
    exit_code_ = kExitCannotStart;
    stopping_ = true;
    stop_.set();
  }
}

Task<> DaemonService::feed_watchdog(Duration interval) {
  for (;;) {
    manager_.watchdog();
    co_await parts_.clock->sleep_for(interval);
  }
}

void DaemonService::set_state(std::string state) {
  state_ = std::move(state);
  if (bus_) bus_->state_changed();
}

void DaemonService::show_status() {
  std::string text;
  for (const auto& run : parts_.engine.runs_in_memory()) {
    if (run->record.state != catalog::RunState::running) continue;
    text += (text.empty() ? "Running " : ", ") +
            (run->record.job.empty() ? std::string("verification") : run->record.job);
    if (!run->current.empty()) {
      text += " (" + run->current + ", " + std::string(name(run->phase)) + ")";
    }
  }
  if (text.empty()) text = "Idle";
  if (const auto next = parts_.engine.next_run()) text += "; next run " + to_rfc3339(*next);
  if (text == shown_status_) return;
  shown_status_ = text;
  manager_.status(text);
}

void DaemonService::run_changed(const engine::Run&) { show_status(); }

void DaemonService::run_finished(const engine::Run&) {
  show_status();
  // A daemon is idle for most of its life: give back what the run needed.
  ::malloc_trim(0);
}

void DaemonService::jobs_changed() { show_status(); }

}  // namespace snapshotter::daemon
