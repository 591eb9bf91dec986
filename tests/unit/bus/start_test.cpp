// Getting onto the bus, losing it, leaving it.
#include "async/cleanup.hpp"
#include "base/error.hpp"
#include "raw_client.hpp"
#include "support/catch.hpp"
#include "world.hpp"

#include <unistd.h>

namespace snapshotter::test {
namespace {

// Why a service could not be started beside the world's, or instead of it.
std::string failure_to_start(World& world, bus::Bus which) {
  try {
    const bus::Service service(which, *world.engine, *world.clock, world.loop(),
                               {world.reload, [] { return std::string("starting"); }});
  } catch (const CannotStartError& error) {
    return error.what();
  }
  return "it started";
}

Task<> start_another(World& world) {
  const auto why = failure_to_start(world, bus::Bus::session);
  CHECK_THAT(why,
             ContainsText("cannot take the name org.snapshotter1 on the session bus: process " +
                          std::to_string(::getpid()) + " has it"));
  CHECK_THAT(why, ContainsText("stop it first"));
  // The first is none the worse for it.
  co_await world.expect("ListRuns su  0", "a(sssttto) 0\n");
}

TEST_CASE("a name that is taken is left to its owner", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.run(start_another);
}

Task<> start_elsewhere(World& world) {
  {
    const EnvironmentVariable none("DBUS_SESSION_BUS_ADDRESS", nullptr);
    const EnvironmentVariable no_runtime("XDG_RUNTIME_DIR", nullptr);
    CHECK_THAT(failure_to_start(world, bus::Bus::session),
               ContainsText("--bus session needs a bus in DBUS_SESSION_BUS_ADDRESS"));
  }
  {
    const EnvironmentVariable dead("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus");
    CHECK_THAT(failure_to_start(world, bus::Bus::session), ContainsText("still run?"));
  }
  {
    const EnvironmentVariable dead("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus");
    CHECK_THAT(failure_to_start(world, bus::Bus::system),
               ContainsText("cannot connect to the system bus"));
    CHECK_THAT(failure_to_start(world, bus::Bus::system), ContainsText("systemctl status dbus"));
  }
  {
    const BusDaemon strict(
        R"(<policy context="mandatory"><deny own="org.snapshotter1"/></policy>)");
    const EnvironmentVariable address("DBUS_SYSTEM_BUS_ADDRESS", strict.address().c_str());
    CHECK_THAT(failure_to_start(world, bus::Bus::system),
               ContainsText("/usr/share/dbus-1/system.d/org.snapshotter1.conf"));
    const EnvironmentVariable session("DBUS_SESSION_BUS_ADDRESS", strict.address().c_str());
    CHECK_THAT(failure_to_start(world, bus::Bus::session),
               ContainsText("the policy of this bus forbids it"));
  }
  co_return;
}

TEST_CASE("a bus that cannot be had is explained", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.run(start_elsewhere);
}

TEST_CASE("a lost bus ends the service", "[bus]") {
  BusDaemon bus;
  World world(bus);
  world.add_job("nightly");
  static BusDaemon* daemon = nullptr;
  daemon = &bus;
  world.run([](World& w) -> Task<> {
    daemon->kill();
    co_await w.until_service_ended();
    // The engine does not need the bus.
    const auto run = co_await w.run_job("nightly");
    CHECK(run.state == catalog::RunState::succeeded);
  });
  REQUIRE(world.service_failure);
  try {
    std::rethrow_exception(world.service_failure);
  } catch (const CannotStartError& error) {
    CHECK_THAT(error.what(), ContainsText("the connection to the bus is lost"));
  }
}

Task<> hang(std::shared_ptr<async::Event> entered, std::shared_ptr<async::Event> never) {
  entered->set();
  co_await never->wait();
}

Task<> keep_output(World& world, Output& output) {
  output = co_await world.busctl(
      "call org.snapshotter1 /org/snapshotter1 org.snapshotter1.Manager Reload");
}

Task<> stop_while_calling(World& world) {
  const auto entered = std::make_shared<async::Event>(world.loop());
  const auto never = std::make_shared<async::Event>(world.loop());
  world.reload = [=] { return hang(entered, never); };
  async::TaskGroup callers(world.loop());
  Output output;
  callers.spawn("caller", keep_output(world, output));
  co_await entered->wait();
  co_await world.service->stop();
  co_await callers.join();
  CHECK(output.status != 0);
  CHECK_THAT(output.text, ContainsText("the daemon is shutting down before this was done"));
}

TEST_CASE("a call that is under way is answered when the daemon goes", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.run(stop_while_calling);
  CHECK_FALSE(world.service_failure);
}

Task<> hang_stubbornly(std::shared_ptr<async::Event> entered, std::shared_ptr<async::Event> end) {
  entered->set();
  co_await async::shielded(hang(entered, end));
}

Task<> call_while_stopping(World& world) {
  const auto entered = std::make_shared<async::Event>(world.loop());
  const auto end = std::make_shared<async::Event>(world.loop());
  world.reload = [=] { return hang_stubbornly(entered, end); };
  async::TaskGroup tasks(world.loop());
  Output first;
  tasks.spawn("first caller", keep_output(world, first));
  co_await entered->wait();
  tasks.spawn("stop", world.service->stop());
  co_await world.clock->settle();
  Output second;
  co_await keep_output(world, second);
  CHECK_THAT(second.text, ContainsText("the daemon is shutting down"));
  end->set();
  co_await tasks.join();
  // It was not to be stopped, and has done what it was asked to.
  CHECK(first.text == "");
}

TEST_CASE("a call that comes while the daemon goes is refused", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.run(call_while_stopping);
}

Task<> change_and_stop(World& world) {
  co_await world.clock->settle();
  const auto address = world.address();
  Listener listener(address);
  world.state = "stopping";
  world.service->state_changed();
  co_await world.service->stop();
  async::WorkerPool pool("listener", 1);
  const bool heard =
      co_await async::offload(pool, [&](std::stop_token) { return listener.wait_for_change(); });
  CHECK(heard);
}

TEST_CASE("the last change is told before the service goes", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.run(change_and_stop);
}

Task<> trigger_while_stopping(World& world) {
  co_await world.start_monitor();
  const auto id = world.engine->trigger("slow");
  co_await world.clock->settle();
  co_await world.engine->stop();
  const auto refusal = co_await world.failing_call("TriggerRun slow");
  CHECK_THAT(refusal, ContainsText("org.snapshotter1.Error.ShuttingDown"));
  const auto messages = co_await world.heard();
  CHECK(changes(messages, bus::run_path(id), "State").back().as_string() == "interrupted");
}

TEST_CASE("a daemon that goes refuses work and tells of what it ended", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("slow", true);
  world.run(trigger_while_stopping);
}

TEST_CASE("the name is free once the service has stopped", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.run([](World& w) -> Task<> {
    const auto owned = co_await w.busctl("status org.snapshotter1");
    CHECK(owned.status == 0);
    co_await w.service->stop();
    const auto left = co_await w.busctl("status org.snapshotter1");
    CHECK(left.status != 0);
  });
  World again(bus);
  again.run([](World& w) -> Task<> { co_await w.expect("ListRuns su  0", "a(sssttto) 0\n"); });
}

TEST_CASE("a service that is stopped before it begins to run does not run", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  // run() has been called, but its first turn is still to come.
  world.run([](World& w) -> Task<> {
    co_await w.service->stop();
    co_await w.until_service_ended();
  });
  CHECK_FALSE(world.service_failure);
}

TEST_CASE("a service that never ran can be thrown away", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.run([](World& w) -> Task<> {
    const BusDaemon other;
    const EnvironmentVariable address("DBUS_SESSION_BUS_ADDRESS", other.address().c_str());
    CHECK(failure_to_start(w, bus::Bus::session) == "it started");
    co_return;
  });
}

}  // namespace
}  // namespace snapshotter::test
