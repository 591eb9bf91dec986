// The policy file for the system bus, on a bus that is as strict as that.
#include "support/catch.hpp"
#include "support/source_path.hpp"
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
          std::filesystem::canonical(source_path("systemd/org.snapshotter1.conf")).string() +
          R"(</include>
</busconfig>
)"};
}

std::string nobody_on(const World& world) {
  return "setpriv --reuid=65534 --regid=65534 --clear-groups busctl --address=" + world.address() +
         " call org.snapshotter1 /org/snapshotter1 ";
}

Task<> ask_as_others(World& world) {
  co_await world.expect("ListRuns su  0", "a(sssttto) 0\n");
  const auto call = nobody_on(world);
  const auto listing = co_await world.command(words_of(call + "org.snapshotter1.Manager ListJobs"));
  CHECK(listing.status != 0);
  CHECK_THAT(listing.text, ContainsText("Access denied"));
  const auto reading = co_await world.command(
      words_of(call + "org.freedesktop.DBus.Properties GetAll s org.snapshotter1.Manager"));
  CHECK_THAT(reading.text, ContainsText("Access denied"));
}

// Every method; and whether what it is about exists makes no difference.
Task<> be_refused(World& world) {
  const auto call = nobody_on(world) + "org.snapshotter1.Manager ";
  const std::vector<std::string> methods{"TriggerRun s files",
                                         "TriggerRun s nothing",
                                         "TriggerRunWithOptions sa{sv} files 0",
                                         "CancelRun s x",
                                         "Reload",
                                         "Rescan",
                                         "ListRuns su files 0",
                                         "ListBackups s files",
                                         "Verify as 0",
                                         "Prune sb files true",
                                         "Prune sb files false",
                                         "DescribeStatus",
                                         "DescribeJobs s nothing",
                                         "DescribeRuns a{sv} 0",
                                         "DescribeRun s x",
                                         "DescribeBackups ss files files"};
  for (const auto& method : methods) {
    const auto answer = co_await world.command(words_of(call + method));
    INFO(method);
    CHECK(answer.status != 0);
    CHECK_THAT(answer.text, ContainsText("Access denied"));
  }
  const auto object = co_await world.command(words_of(
      "setpriv --reuid=65534 --regid=65534 --clear-groups busctl --address=" + world.address() +
      " call org.snapshotter1 /org/snapshotter1/job/files " + "org.snapshotter1.Job Trigger"));
  CHECK_THAT(object.text, ContainsText("Access denied"));
  CHECK(world.engine->runs_in_memory().empty());
}

TEST_CASE("on the system bus root may serve and ask and nobody else", "[bus]") {
  if (::geteuid() != 0) return;  // only root can be two users
  const BusDaemon bus(system_bus());
  World world(bus, bus::Bus::system);
  world.run(ask_as_others);
}

TEST_CASE("without polkit nobody but root may do anything on the system bus", "[bus]") {
  if (::geteuid() != 0) return;
  const BusDaemon bus(system_bus());
  World world(bus, bus::Bus::system);
  world.add_job("files");
  world.run(be_refused);
}

}  // namespace
}  // namespace snapshotter::test
