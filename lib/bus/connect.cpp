#include "bus/connect.hpp"

#include "base/error.hpp"

#include <chrono>
#include <cstdlib>

namespace snapshotter::bus {
namespace {

// Of the few calls that the service makes itself, all of them to the bus.
constexpr std::chrono::seconds kCallTimeout{5};

// The names that sd-bus gives to EACCES or EPERM, and to EEXIST.
constexpr const char* kAccessDenied = "org.freedesktop.DBus.Error.AccessDenied";
constexpr const char* kFileExists = "org.freedesktop.DBus.Error.FileExists";

std::string which(Bus bus) { return bus == Bus::system ? "system bus" : "session bus"; }

std::string how_to_find(Bus bus) {
  if (bus == Bus::system) {
    return "is D-Bus running (`systemctl status dbus`)? with --bus none the daemon does without";
  }
  return std::getenv("DBUS_SESSION_BUS_ADDRESS") == nullptr
             ? "--bus session needs a bus in DBUS_SESSION_BUS_ADDRESS; `dbus-run-session` starts "
               "one"
             : "does the bus that DBUS_SESSION_BUS_ADDRESS names still run?";
}

std::string how_to_be_allowed(Bus bus) {
  if (bus == Bus::system) {
    return "root and the user snapshotter may, once the policy "
           "/usr/share/dbus-1/system.d/org.snapshotter1.conf is installed and dbus reloaded";
  }
  return "the policy of this bus forbids it";
}

// "process 1234", as far as the bus can tell.
std::string owner(sdbus::IConnection& connection) {
  try {
    const auto bus = sdbus::createProxy(connection, compat::ServiceName("org.freedesktop.DBus"),
                                        sdbus::ObjectPath("/org/freedesktop/DBus"));
    std::uint32_t process = 0;
    bus->callMethod("GetConnectionUnixProcessID")
        .onInterface("org.freedesktop.DBus")
        .withArguments(kName)
        .storeResultsTo(process);
    return "process " + std::to_string(process);
  } catch (const sdbus::Error&) {
    return "another process";
  }
}

}  // namespace

std::unique_ptr<sdbus::IConnection> connect(Bus bus) {
  try {
    auto connection = bus == Bus::system ? sdbus::createSystemBusConnection()
                                         : sdbus::createSessionBusConnection();
    connection->setMethodCallTimeout(kCallTimeout);
    return connection;
  } catch (const sdbus::Error& error) {
    throw CannotStartError(
        {"connect to the " + which(bus), "", error.getMessage(),
         error.getName() == kAccessDenied ? how_to_be_allowed(bus) : how_to_find(bus)});
  }
}

void take_name(sdbus::IConnection& connection, Bus bus) {
  const auto doing = "take the name " + std::string(kName) + " on the " + which(bus);
  try {
    connection.requestName(compat::ServiceName(kName));
  } catch (const sdbus::Error& error) {
    if (error.getName() == kFileExists) {
      throw CannotStartError({doing, "", owner(connection) + " has it",
                              "is another snapshotterd running? talk to that one with snapshotctl, "
                              "or stop it first"});
    }
    throw CannotStartError({doing, "", error.getMessage(),
                            error.getName() == kAccessDenied ? how_to_be_allowed(bus) : ""});
  }
}

}  // namespace snapshotter::bus
