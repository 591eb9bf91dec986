#include "raw_client.hpp"

#include <cstdint>
#include <stdexcept>

namespace snapshotter::test {
namespace {

void check(int result, const char* what) {
  if (result < 0) throw std::runtime_error(what);
}

}  // namespace

BusPointer connect(const std::string& address) {
  sd_bus* bus = nullptr;
  check(sd_bus_new(&bus), "sd_bus_new");
  BusPointer owned(bus, &sd_bus_flush_close_unref);
  check(sd_bus_set_address(bus, address.c_str()), "sd_bus_set_address");
  check(sd_bus_set_bus_client(bus, 1), "sd_bus_set_bus_client");
  check(sd_bus_start(bus), "sd_bus_start");
  return owned;
}

MessagePointer method_call(sd_bus* bus, const std::string& path, const std::string& interface,
                           const std::string& member) {
  sd_bus_message* message = nullptr;
  check(sd_bus_message_new_method_call(bus, &message, "org.snapshotter1", path.c_str(),
                                       interface.c_str(), member.c_str()),
        "sd_bus_message_new_method_call");
  return {message, &sd_bus_message_unref};
}

Listener::Listener(const std::string& address) : bus_(connect(address)) {
  const auto on_change = [](sd_bus_message*, void* changed, sd_bus_error*) {
    *static_cast<bool*>(changed) = true;
    return 0;
  };
  check(sd_bus_match_signal(bus_.get(), nullptr, nullptr, "/org/snapshotter1",
                            "org.freedesktop.DBus.Properties", "PropertiesChanged", on_change,
                            &changed_),
        "sd_bus_match_signal");
}

bool Listener::wait_for_change() {
  constexpr std::uint64_t kPatience = 20'000'000;  // µs
  while (!changed_) {
    const auto handled = sd_bus_process(bus_.get(), nullptr);
    check(handled, "sd_bus_process");
    if (handled == 0 && sd_bus_wait(bus_.get(), kPatience) == 0) return false;
  }
  return true;
}

}  // namespace snapshotter::test
