// Every error of the interface, as a stranger meets it.
#include "base/error.hpp"
#include "support/catch.hpp"
#include "world.hpp"

namespace snapshotter::test {
namespace {

const std::string kPrefix = "org.snapshotter1.Error.";

// That the call fails with this error, and says so much of why.
Task<> expect_error(World& world, std::string words, std::string name, std::string text) {
  const auto output = co_await world.failing_call(words);
  CAPTURE(words);
  CHECK_THAT(output, ContainsText("GDBus.Error:" + name + ": "));
  CHECK_THAT(output, ContainsText(text));
}

Task<> name_what_is_missing(World& world) {
  const auto no_job = kPrefix + "NoSuchJob";
  const std::string meant = "did you mean 'nightly'?";
  co_await expect_error(world, "TriggerRun nigthly", no_job, meant);
  co_await expect_error(world, "TriggerRun ", no_job, "there is no such job");
  co_await expect_error(world, "TriggerRun ../etc", no_job, "'../etc'");
  co_await expect_error(world, "TriggerRunWithOptions nigthly {}", no_job, meant);
  co_await expect_error(world, "DescribeJobs nigthly", no_job, meant);
  co_await expect_error(world, "ListRuns nigthly 0", no_job, meant);
  co_await expect_error(world, "ListBackups nigthly", no_job, meant);
  co_await expect_error(world, "DescribeRuns {'job':<'nigthly'>}", no_job, meant);
  co_await expect_error(world, "DescribeBackups nigthly ", no_job, meant);
  co_await expect_error(world, "Prune nigthly true", no_job, meant);

  const auto no_run = kPrefix + "NoSuchRun";
  co_await expect_error(world, "CancelRun 20991124T020000Z-3f9c", no_run, "there is no such run");
  co_await expect_error(world, "DescribeRun 20991124", no_run, "there is no such run");
  co_await expect_error(world, "DescribeRun ", no_run, "there is no such run");
  co_await expect_error(world, "Verify ['nightly/nightly/20991124T020000Z']",
                        kPrefix + "NoSuchBackup", "there is no such backup");
}

TEST_CASE("what does not exist is named with what may have been meant", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("nightly");
  world.run(name_what_is_missing);
}

Task<> ask_wrongly(World& world) {
  const auto invalid = kPrefix + "InvalidArgument";
  co_await expect_error(world, "TriggerRun " + std::string(100'000, 'x'), invalid,
                        "100000 bytes long");
  co_await expect_error(world, "TriggerRunWithOptions nightly {'target':<['nightly']>}", invalid,
                        "'target': there is no such key");
  co_await expect_error(world, "TriggerRunWithOptions nightly {'targets':<'nightly'>}", invalid,
                        "'targets': it has D-Bus type 's', but must have 'as'");
  co_await expect_error(world, "TriggerRunWithOptions nightly {'targets':<['nihgtly']>}", invalid,
                        "did you mean 'nightly'?");
  const auto nothing = co_await world.busctl(
      "call org.snapshotter1 /org/snapshotter1 org.snapshotter1.Manager TriggerRunWithOptions "
      "sa{sv} nightly 1 targets as 0");
  CHECK_THAT(nothing.text, ContainsText("the list is empty (leave it out to run all targets)"));
  co_await expect_error(world, "DescribeRuns {'limit':<'3'>}", invalid, "must have 'u'");
  co_await expect_error(world, "DescribeRuns {'state':<'failed'>}", invalid,
                        "'state': there is no such key");
  co_await expect_error(world, "DescribeBackups nightly nihgtly", invalid,
                        "there is no such target, did you mean 'nightly'?");

  co_await world.run_job("nightly");
  co_await world.clock->advance(std::chrono::seconds{1});
  co_await world.run_job("nightly");
  co_await expect_error(world, "DescribeRun 2026", invalid, "more than one run begins so");
}

TEST_CASE("wrong arguments are named", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("nightly");
  world.run(ask_wrongly);
}

Task<> ask_at_the_wrong_time(World& world) {
  co_await world.call("TriggerRun s slow");
  co_await expect_error(world, "TriggerRun slow", kPrefix + "AlreadyRunning",
                        "its last run is still going");
  const auto id = world.engine->runs_in_memory().back()->id();
  world.release();
  co_await world.until([&] { return world.engine->active_runs() == 0; });
  co_await expect_error(world, "CancelRun " + id, kPrefix + "NotRunning",
                        "it has ended already: succeeded");
}

TEST_CASE("what cannot be done now is refused", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("slow", true);
  world.run(ask_at_the_wrong_time);
}

Task<> throw_config_error() {
  throw ConfigError({"use configuration", "", "it is wrong\x01\xff", "mend it"});
  co_return;
}

Task<> throw_anything() {
  throw std::out_of_range("map::at");
  co_return;
}

Task<> reload_badly(World& world) {
  world.reload = throw_config_error;
  co_await expect_error(world, "Reload", kPrefix + "ConfigInvalid", "it is wrong");
  world.reload = throw_anything;
  co_await expect_error(world, "Reload", "org.freedesktop.DBus.Error.Failed",
                        "unexpected: map::at");
  co_await world.expect("ListRuns su  0", "a(sssttto) 0\n");
}

TEST_CASE("a bad configuration and a bug are errors of that call only", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.run(reload_badly);
}

Task<> expect_bus_error(World& world, std::string words, std::string text) {
  const auto output = co_await world.busctl(words);
  CAPTURE(words);
  CHECK(output.status != 0);
  CHECK_THAT(output.text, ContainsText(text));
}

Task<> call_what_is_not_there(World& world) {
  const std::string root = "org.snapshotter1 /org/snapshotter1 org.snapshotter1.Manager ";
  co_await expect_bus_error(world, "call " + root + "Trigger s x", "Unknown method");
  co_await expect_bus_error(world, "call " + root + "TriggerRun u 5", "Invalid arguments");
  co_await expect_bus_error(world, "call " + root + "TriggerRun", "Invalid arguments");
  co_await expect_bus_error(world, "call " + root + "ListRuns ss a b", "Invalid arguments");
  co_await expect_bus_error(world, "call org.snapshotter1 /org/snapshotter1 org.example.X Y",
                            "Unknown method Y or interface org.example.X");
  co_await expect_bus_error(
      world, "call org.snapshotter1 /org/snapshotter1/job/no org.snapshotter1.Job Trigger",
      "Unknown object");
  co_await expect_bus_error(world, "get-property " + root + "Colour", "or property Colour");
  co_await expect_bus_error(world, "set-property " + root + "State s off", "not writable");
}

TEST_CASE("calls that the interface does not have", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.run(call_what_is_not_there);
}

}  // namespace
}  // namespace snapshotter::test
