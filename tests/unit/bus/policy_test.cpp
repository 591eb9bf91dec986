// The policy file for the system bus, on a bus that is as strict as that.
#include "support/catch.hpp"
#include "world.hpp"

#include <unistd.h>

namespace snapshotter::test {
namespace {

// What Debian's system.conf allows: signals, answers, and talking to the bus itself.
BusDaemon::Whole system_bus() {
  return {R"(<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>ADDRESS</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  <include>)" +
          std::filesystem::canonical(source_file("systemd/org.snapshotter1.conf")).string() +
          R"(</include>
</busconfig>
)"};
}

Task<> ask_as_others(World& world) {
  co_await world.expect("ListRuns su  0", "a(sssttto) 0\n");
  const std::string call =
      "setpriv --reuid=65534 --regid=65534 --clear-groups busctl --address=" + world.address() +
      " call org.snapshotter1 /org/snapshotter1 ";
  const auto listing = co_await world.command(words_of(call + "org.snapshotter1.Manager ListJobs"));
  CHECK(listing.status != 0);
  CHECK_THAT(listing.text, ContainsText("Access denied"));
  const auto reading = co_await world.command(
      words_of(call + "org.freedesktop.DBus.Properties GetAll s org.snapshotter1.Manager"));
  CHECK_THAT(reading.text, ContainsText("Access denied"));
}

TEST_CASE("on the system bus root may serve and ask and nobody else", "[bus]") {
  if (::geteuid() != 0) return;  // only root can be two users
  const BusDaemon bus(system_bus());
  World world(bus, bus::Bus::system);
  world.run(ask_as_others);
}

}  // namespace
}  // namespace snapshotter::test
