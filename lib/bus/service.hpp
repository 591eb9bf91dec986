// The D-Bus service: org.snapshotter1 on the system or a session bus, over sdbus-c++, pumped by the
// loop. org.snapshotter1.xml beside this file is the interface's source of truth.
#pragma once

#include "async/task.hpp"
#include "engine/engine.hpp"

#include <functional>
#include <memory>
#include <string>

namespace snapshotter::bus {

enum class Bus { system, session };

// What the service asks of the program around it.
struct Hooks {
  // Reads the configuration anew and gives it to the engine. Throws ConfigError.
  std::function<Task<>()> reload;
  // "starting", "running", "reloading", "stopping".
  std::function<std::string()> state;
};

// Loop thread only. The engine outlives the service.
//
// Exports /org/snapshotter1 (Manager, ObjectManager, Properties), one object per configured job and
// one per run in the engine's memory. Calls that need the catalog answer later, from the loop; no
// call blocks it. PropertiesChanged for a run's bytes goes out at most four times a second.
// Exceptions become D-Bus errors by traits(kind).dbus_name.
class Service {
 public:
  // Connects and takes the name. Throws CannotStartError: no bus, name taken, not allowed.
  Service(Bus bus, engine::Engine& engine, platform::Clock& clock,
          boost::asio::any_io_executor loop, Hooks hooks);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Serves until stop(). A lost bus connection is logged and ends it with CannotStartError: systemd
  // restarts the daemon.
  [[nodiscard]] Task<> run();
  // Answers what is pending, tells what is untold, releases the name, makes run() return. To be
  // awaited before destruction once run() was called; may be called again.
  [[nodiscard]] Task<> stop();
  // Tell clients that State changed.
  void state_changed();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// "nightly-1" → "nightly_2d1": sd-bus's own escaping of a label (sd_bus_path_encode).
[[nodiscard]] std::string job_path(const std::string& job);
[[nodiscard]] std::string run_path(const std::string& run_id);

}  // namespace snapshotter::bus
