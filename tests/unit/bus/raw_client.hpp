// A client that does exactly what a test says, by sd-bus alone.
#pragma once

#include <systemd/sd-bus.h>

#include <memory>
#include <string>

namespace snapshotter::test {

// All of it blocks: used off the loop that serves, by one thread at a time.
using BusPointer = std::unique_ptr<sd_bus, decltype(&sd_bus_flush_close_unref)>;
using MessagePointer = std::unique_ptr<sd_bus_message, decltype(&sd_bus_message_unref)>;

[[nodiscard]] BusPointer connect(const std::string& address);
[[nodiscard]] MessagePointer method_call(sd_bus* bus, const std::string& path,
                                         const std::string& interface, const std::string& member);

// Listens for PropertiesChanged of the manager, and says nothing to the service.
class Listener {
 public:
  explicit Listener(const std::string& address);
  // False: none came in a long time.
  [[nodiscard]] bool wait_for_change();

 private:
  BusPointer bus_;
  bool changed_ = false;
};

}  // namespace snapshotter::test
