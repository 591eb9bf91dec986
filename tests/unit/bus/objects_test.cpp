// The tree of objects: what is there, what it says, how it comes and goes.
#include "bus/service.hpp"
#include "support/catch.hpp"
#include "support/source_path.hpp"
#include "world.hpp"

#include <boost/json.hpp>

#include <regex>

namespace snapshotter::test {
namespace {

Task<boost::json::object> managed_objects(World& world) {
  const auto output = co_await world.busctl(
      "--json=short call org.snapshotter1 /org/snapshotter1 org.freedesktop.DBus.ObjectManager "
      "GetManagedObjects");
  co_return boost::json::parse(output.text).at("data").as_array().at(0).as_object();
}

Task<> look_around(World& world) {
  const auto run = co_await world.run_job("nightly-1");
  const auto objects = co_await managed_objects(world);
  CHECK(objects.size() == 3);
  REQUIRE(objects.contains("/org/snapshotter1/job/nightly_2d1"));
  REQUIRE(objects.contains("/org/snapshotter1/job/other"));
  REQUIRE(objects.contains(bus::run_path(run.id)));

  const auto& job =
      objects.at("/org/snapshotter1/job/nightly_2d1").at("org.snapshotter1.Job").as_object();
  CHECK(job.size() == 8);
  CHECK(job.at("Name").at("data").as_string() == "nightly-1");
  CHECK(job.at("Schedule").at("data").as_string() == "");
  CHECK(job.at("TimeZone").at("data").as_string() == "UTC");
  CHECK(job.at("Targets").at("data").as_array().at(0).as_string() == "nightly-1");
  CHECK(job.at("NextRun").at("data").as_int64() == 0);
  CHECK(job.at("LastRun").at("data").as_int64() == to_unix_micros(ManualClock::kStart));
  CHECK(job.at("LastState").at("data").as_string() == "succeeded");
  CHECK(job.at("LastGoodBackup").at("data").as_int64() == to_unix_micros(ManualClock::kStart));

  const auto& shown = objects.at(bus::run_path(run.id)).at("org.snapshotter1.Run").as_object();
  CHECK(shown.size() == 11);
  CHECK(shown.at("Id").at("data").as_string() == run.id);
  CHECK(shown.at("Job").at("data").as_string() == "nightly-1");
  CHECK(shown.at("State").at("data").as_string() == "succeeded");
  CHECK(shown.at("Phase").at("data").as_string() == "");
  CHECK(shown.at("FinishedAt").at("data").as_int64() == to_unix_micros(ManualClock::kStart));
  CHECK(shown.at("BytesRead").at("data").as_int64() == 14);
  const auto& result = shown.at("Results").at("data").as_array().at(0).as_object();
  CHECK(result.at("target").at("data").as_string() == "nightly-1");
  CHECK(result.at("bytes_source").at("data").as_int64() == 14);
}

TEST_CASE("the object manager knows all jobs and runs", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("nightly-1");
  world.add_job("other");
  world.run(look_around);
}

Task<> introspect(World& world) {
  const auto run = co_await world.run_job("nightly");
  const auto tree = co_await world.busctl("tree --list org.snapshotter1");
  CHECK_THAT(tree.text, ContainsText("/org/snapshotter1/job/nightly\n"));
  CHECK_THAT(tree.text, ContainsText(bus::run_path(run.id) + "\n"));

  const std::string words = "introspect --xml-interface org.snapshotter1 ";
  const auto manager = co_await world.busctl(words + "/org/snapshotter1");
  const auto job = co_await world.busctl(words + "/org/snapshotter1/job/nightly");
  const auto shown = co_await world.busctl(words + bus::run_path(run.id));
  const auto found = manager.text + job.text + shown.text;
  // Every interface, method, signal and property of the source of truth.
  const auto xml = read_file(source_path("lib/bus/org.snapshotter1.xml"));
  const std::regex element(R"re(<(interface|method|signal|property) name="[^"]*")re");
  int count = 0;
  for (auto at = std::sregex_iterator(xml.begin(), xml.end(), element);
       at != std::sregex_iterator(); ++at) {
    CHECK_THAT(found, ContainsText(at->str()));
    ++count;
  }
  CHECK(count > 40);
}

TEST_CASE("introspection shows the interface of the XML", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("nightly");
  world.run(introspect);
}

// The paths that a signal of the object manager told of.
std::vector<std::string> paths_in(const std::vector<Message>& messages, const std::string& member) {
  std::vector<std::string> paths;
  for (const auto& message : messages) {
    if (message.member != member) continue;
    CHECK(message.path == "/org/snapshotter1");
    CHECK(message.interface == "org.freedesktop.DBus.ObjectManager");
    paths.emplace_back(message.data.as_array().at(0).as_string());
  }
  return paths;
}

Task<> reload_jobs(World& world) {
  co_await world.start_monitor();
  world.config.jobs.erase("goes");
  world.add_job("comes");
  world.job("stays").targets = {"stays", "comes"};
  world.job("stays").schedule = schedule::CronExpression::parse("@daily");
  co_await world.call("Reload");
  const auto messages = co_await world.heard();

  const std::vector<std::string> come{"/org/snapshotter1/job/comes"};
  const std::vector<std::string> gone{"/org/snapshotter1/job/goes"};
  CHECK(paths_in(messages, "InterfacesAdded") == come);
  CHECK(paths_in(messages, "InterfacesRemoved") == gone);
  const std::string stays = "/org/snapshotter1/job/stays";
  CHECK(changes(messages, stays, "Schedule").at(0).as_string() == "@daily");
  CHECK(changes(messages, stays, "Targets").at(0).as_array().size() == 2);
  CHECK(changes(messages, stays, "NextRun").size() == 1);
  CHECK(changes(messages, stays, "TimeZone").empty());
  CHECK(changes(messages, "/org/snapshotter1", "NextRun").size() == 1);
  co_await world.call("TriggerRun s comes");
}

TEST_CASE("a reload adds removes and changes jobs", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("goes");
  world.add_job("stays");
  world.run(reload_jobs);
}

Task<> run_many(World& world) {
  co_await world.start_monitor();
  const auto first = co_await world.run_job("nightly");
  for (std::size_t i = 0; i < engine::Engine::kRecentRuns; ++i) {
    co_await world.clock->advance(std::chrono::seconds{1});
    co_await world.run_job("nightly");
  }
  co_await world.clock->settle();
  const auto messages = co_await world.heard();
  CHECK(paths_in(messages, "InterfacesAdded").size() == engine::Engine::kRecentRuns + 1);
  CHECK(paths_in(messages, "InterfacesRemoved") == std::vector{bus::run_path(first.id)});
  const auto objects = co_await managed_objects(world);
  CHECK(objects.size() == engine::Engine::kRecentRuns + 1);
  // The catalog still has it.
  co_await world.call("DescribeRun s " + first.id);
}

TEST_CASE("old runs leave the bus", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("nightly");
  world.run(run_many);
}

Task<> read_manager(World& world) {
  const std::string root = "/org/snapshotter1";
  const auto version = co_await world.property(root, "Manager", "Version");
  CHECK_THAT(version, ContainsText("s \"0."));
  co_await world.expect_property(root, "Manager", "State", "s \"running\"");
  co_await world.expect_property(root, "Manager", "ActiveRuns", "u 0");
  co_await world.expect_property(root, "Manager", "NextRun", "t 1795564800000000");
  co_await world.expect_property(root, "Manager", "LastError", "s \"\"");

  co_await world.start_monitor();
  world.state = "reloading";
  world.service->state_changed();
  co_await world.call("TriggerRun s broken");
  co_await world.until([&] { return world.engine->active_runs() == 0; });
  const auto messages = co_await world.heard();
  CHECK(changes(messages, root, "State").at(0).as_string() == "reloading");
  const auto active = changes(messages, root, "ActiveRuns");
  REQUIRE(active.size() == 2);
  CHECK(active.at(0).as_int64() == 1);
  CHECK(active.at(1).as_int64() == 0);
  const std::string error(changes(messages, root, "LastError").at(0).as_string());
  CHECK_THAT(error, ContainsText("on purpose"));
  const auto told = co_await world.property(root, "Manager", "LastError");
  CHECK_THAT(told, ContainsText("on purpose"));
}

TEST_CASE("the manager properties are right and tell their changes", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  auto& target = world.add_job("broken");
  target.script.failures[1] = FakeScript::failure(false);
  world.job("broken").schedule = schedule::CronExpression::parse("@daily");
  world.run(read_manager);
}

}  // namespace
}  // namespace snapshotter::test
