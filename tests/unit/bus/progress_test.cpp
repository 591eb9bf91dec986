// What is told of a run while it goes, and how often.
#include "bus/run_object.hpp"
#include "bus/service.hpp"
#include "support/catch.hpp"
#include "world.hpp"

#include <boost/json.hpp>

namespace snapshotter::test {
namespace {

using namespace std::chrono_literals;

// Those of the messages that are about a run's or the manager's own life, in order, as texts.
std::vector<std::string> story(const std::vector<Message>& messages, const std::string& run) {
  std::vector<std::string> lines;
  for (const auto& message : messages) {
    if (message.type != "signal") continue;
    const auto& data = message.data.as_array();
    if (message.member == "InterfacesAdded") lines.push_back("added");
    if (message.member == "RunStarted") lines.push_back("started");
    if (message.member == "RunFinished") {
      lines.push_back("finished " + std::string(data.at(2).as_string()));
    }
    if (message.member != "PropertiesChanged" || message.path != run) continue;
    if (const auto* state = data.at(1).as_object().if_contains("State")) {
      lines.push_back("State " + std::string(state->as_object().at("data").as_string()));
    }
  }
  return lines;
}

Task<> follow(World& world) {
  co_await world.start_monitor();
  const auto path = path_in(co_await world.call("TriggerRun s nightly"));
  co_await world.until([&] { return world.engine->active_runs() == 0; });
  co_await world.clock->advance(1s);
  const auto messages = co_await world.heard();
  CHECK(story(messages, path).back() == "finished succeeded");
  for (const auto& message : messages) {
    if (message.member == "RunStarted" || message.member == "RunFinished") {
      CHECK(message.path == "/org/snapshotter1");
      CHECK(message.data.as_array().at(0).as_string() == path);
      CHECK(message.data.as_array().at(1).as_string() == "nightly");
    }
  }
  CHECK(changes(messages, path, "FinishedAt").size() == 1);
  CHECK(changes(messages, path, "BytesRead").back().as_int64() == 14);
  const std::string job = "/org/snapshotter1/job/nightly";
  CHECK(changes(messages, job, "LastState").at(0).as_string() == "succeeded");
  CHECK(changes(messages, job, "LastGoodBackup").size() == 1);
}

TEST_CASE("a run tells of its start and its end", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("nightly");
  world.run(follow);
}

Task<> see_states(World& world) {
  co_await world.start_monitor();
  const auto id = world.engine->trigger("slow");
  const auto path = bus::run_path(id);
  co_await world.until(
      [&] { return world.engine->run_in_memory(id)->phase == engine::Phase::archiving; });
  co_await world.expect_property(path, "Run", "State", "s \"running\"");
  co_await world.expect_property(path, "Run", "Phase", "s \"archiving\"");
  co_await world.expect_property(path, "Run", "FinishedAt", "t 0");
  world.engine->cancel(id);
  co_await world.until([&] { return world.engine->active_runs() == 0; });
  co_await world.clock->settle();
  const auto messages = co_await world.heard();
  const std::vector<std::string> expected{"added", "State running", "started", "State cancelled",
                                          "finished cancelled"};
  CHECK(story(messages, path) == expected);
}

TEST_CASE("a run that takes its time is seen in each state", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("slow", true);
  world.run(see_states);
}

Task<> cancel_queued(World& world) {
  co_await world.start_monitor();
  world.engine->trigger("slow");
  const auto id = world.engine->trigger("waits");
  co_await world.clock->settle();
  world.engine->cancel(id);
  co_await world.clock->settle();
  const auto messages = co_await world.heard();
  std::vector<std::string> signals;
  for (const auto& message : messages) {
    const bool of_run = message.member == "RunStarted" || message.member == "RunFinished";
    if (!of_run || message.data.as_array().at(1).as_string() != "waits") continue;
    signals.push_back(message.member);
  }
  CHECK(signals == std::vector<std::string>{"RunFinished"});
}

TEST_CASE("a run that never started is not said to have", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("slow", true);
  world.add_job("waits");
  world.config.daemon.max_concurrent_runs = 1;
  world.run(cancel_queued);
}

// Bytes are read all the time, for four seconds; then the phase flickers.
Task<> count_progress(World& world) {
  const auto id = world.engine->trigger("slow");
  const auto path = bus::run_path(id);
  const auto run = world.engine->run_in_memory(id);
  co_await world.until([&] { return run->phase == engine::Phase::archiving; });
  co_await world.clock->advance(1s);
  co_await world.start_monitor();
  for (int step = 0; step < 80; ++step) {
    run->progress->bytes_read += 1000;
    run->progress->bytes_written += 100;
    co_await world.clock->advance(50ms);
  }
  const auto messages = co_await world.heard();
  const auto read = changes(messages, path, "BytesRead");
  CHECK(read.size() <= 16);
  CHECK(read.size() >= 15);
  CHECK(changes(messages, path, "BytesWritten").size() == read.size());
  CHECK(changes(messages, path, "BytesTotal").empty());
  std::int64_t before = 0;
  for (const auto& value : read) {
    CHECK(value.as_int64() > before);
    before = value.as_int64();
  }
}

TEST_CASE("progress is told four times a second however fast it is", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("slow", true);
  world.run(count_progress);
}

Task<> stand_still(World& world) {
  const auto id = world.engine->trigger("slow");
  const auto run = world.engine->run_in_memory(id);
  co_await world.until([&] { return run->phase == engine::Phase::archiving; });
  co_await world.clock->advance(1s);
  co_await world.start_monitor();
  co_await world.clock->advance(10s);
  const auto messages = co_await world.heard();
  CHECK(changes(messages, bus::run_path(id), "BytesRead").empty());
  for (const auto& message : messages) CHECK(message.type != "signal");
}

TEST_CASE("nothing is told while nothing changes", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("slow", true);
  world.run(stand_still);
}

Task<> be_idle(World& world) {
  co_await world.run_job("nightly");
  co_await world.clock->advance(1s);
  // Nobody waits for time to pass: no timer wakes a daemon that has nothing to do.
  CHECK(world.clock->waiters() == 0);
  const auto id = world.engine->trigger("slow");
  co_await world.clock->settle();
  CHECK(world.clock->waiters() == 1);
  world.engine->cancel(id);
  co_await world.clock->advance(1s);
  CHECK(world.clock->waiters() == 0);
}

TEST_CASE("an idle service sleeps", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("nightly");
  world.add_job("slow", true);
  world.run(be_idle);
}

Task<> fire(World& world) {
  co_await world.start_monitor();
  co_await world.clock->advance(22h);
  CHECK(world.engine->active_runs() == 1);
  const auto messages = co_await world.heard();
  // While it runs already, the job's next time is tomorrow's. The first one may have been told
  // before the monitor listened or after.
  for (const char* const path : {"/org/snapshotter1/job/slow", "/org/snapshotter1"}) {
    auto next = changes(messages, path, "NextRun");
    std::erase_if(next, [](const auto& time) {
      return time.as_int64() == to_unix_micros(ManualClock::kStart + 22h);
    });
    REQUIRE(next.size() == 1);
    CHECK(next.front().as_int64() == to_unix_micros(ManualClock::kStart + 46h));
  }
}

TEST_CASE("a firing moves the next one", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("slow", true);
  world.job("slow").schedule = schedule::CronExpression::parse("@daily");
  world.run(fire);
}

// A verification has hundreds of results, one after the other and quickly.
Task<> verify_many(World& world) {
  for (int i = 0; i < 40; ++i) {
    co_await world.run_job("nightly");
    co_await world.clock->advance(1s);
  }
  co_await world.start_monitor();
  const auto id = co_await world.engine->verify({});
  co_await world.engine->wait(id);
  co_await world.clock->settle();
  const auto messages = co_await world.heard();
  const auto results = changes(messages, bus::run_path(id), "Results");
  CHECK(results.size() <= 4);
  CHECK(results.back().as_array().size() == 40);
}

TEST_CASE("results that come quickly are told together", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("nightly");
  world.run(verify_many);
}

Task<> verify_very_many(World& world) {
  const std::vector<std::string> ids(bus::kMaxResults + 1, "nightly/nightly/20261124T020000Z");
  co_await world.run_job("nightly");
  const auto run = co_await world.engine->verify(ids);
  co_await world.engine->wait(run);
  const auto words =
      "get-property org.snapshotter1 " + bus::run_path(run) + " org.snapshotter1.Run Results";
  const auto shown = co_await world.busctl(words);
  CHECK_THAT(shown.text, ContainsText("aa{sv} " + std::to_string(bus::kMaxResults) + " "));
}

TEST_CASE("a property shows only so many results", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("nightly");
  world.run(verify_very_many);
}

}  // namespace
}  // namespace snapshotter::test
