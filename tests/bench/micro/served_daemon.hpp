// The real snapshotterd on a bus of its own, and a client of it.
#pragma once

#include "support/temp_dir.hpp"
#include "unit/bus/bus_daemon.hpp"
#include "unit/bus/raw_client.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace snapshotter::bench {

// Has `jobs` jobs, "job-00000" and so on, over one small file. Throws std::runtime_error where it
// does not start, or a call fails.
class ServedDaemon {
 public:
  explicit ServedDaemon(std::int64_t jobs);

  // A method of the manager; waits for the answer.
  test::MessagePointer call(const std::string& method, const char* argument = nullptr);
  // Until a run ends that began since the last call of this.
  void await_run();

 private:
  test::TempDir folder_;
  test::BusDaemon bus_;
  test::EnvironmentVariable address_{"DBUS_SESSION_BUS_ADDRESS", bus_.address().c_str()};
  std::optional<test::Child> daemon_;
  test::BusPointer client_ = test::connect(bus_.address());
  int ended_ = 0;  // runs that nobody has awaited yet
};

}  // namespace snapshotter::bench
