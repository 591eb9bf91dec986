// A real dbus-daemon of the test's own.
#pragma once

#include "process.hpp"
#include "support/temp_dir.hpp"

#include <cstdlib>
#include <optional>
#include <string>

namespace snapshotter::test {

class BusDaemon {
 public:
  // Everything is allowed that `policy`, elements of dbus-daemon's configuration, does not forbid.
  // Anybody on the machine may connect.
  explicit BusDaemon(const std::string& policy = {});
  // With a configuration of its own; ADDRESS in it stands for where to listen.
  struct Whole {
    std::string configuration;
  };
  explicit BusDaemon(const Whole& whole);

  [[nodiscard]] const std::string& address() const noexcept { return address_; }
  // Its clients see the connection break.
  void kill();

 private:
  TempDir folder_;
  std::optional<Child> daemon_;
  std::string address_;
};

// An environment variable for as long as this lives; nullptr: not set.
class EnvironmentVariable {
 public:
  EnvironmentVariable(std::string name, const char* value);
  ~EnvironmentVariable();
  EnvironmentVariable(const EnvironmentVariable&) = delete;
  EnvironmentVariable& operator=(const EnvironmentVariable&) = delete;

 private:
  std::string name_;
  std::optional<std::string> before_;
};

}  // namespace snapshotter::test
