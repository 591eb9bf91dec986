#include "world.hpp"

#include "base/text.hpp"
#include "support/catch.hpp"
#include "telemetry/log.hpp"

#include <utility>

namespace snapshotter::test {
namespace {

constexpr const char* kManager = "org.snapshotter1.Manager";

// Tests name the bus by the variable that a user would set.
const char* variable(bus::Bus bus) {
  return bus == bus::Bus::system ? "DBUS_SYSTEM_BUS_ADDRESS" : "DBUS_SESSION_BUS_ADDRESS";
}

Task<> wait_for(async::Event& event, const bool& released) {
  if (!released) co_await event.wait();
}

}  // namespace

World::World(const BusDaemon& bus, bus::Bus which) : address_(bus.address()), which_(which) {
  config::StoreSpec local;
  local.name = "local";
  local.type = "memory";
  local.store = store;
  config.stores["local"] = local;
  reload = [this] { return reload_config(); };
}

FakeTarget& World::add_job(const std::string& name, bool held) {
  auto target = std::make_shared<FakeTarget>();
  if (held) target->script.before = [this](int) { return wait_for(held_, released_); };
  config.targets[name] = {name, "fake", {}, {}, target};
  config::JobSpec job;
  job.name = name;
  job.targets = {name};
  job.store = "local";
  config.jobs[name] = job;
  return *target;
}

void World::release() {
  released_ = true;
  held_.set();
}

std::shared_ptr<const config::Config> World::shared_config() const {
  return std::make_shared<const config::Config>(config);
}

Task<> World::reload_config() {
  engine->reload(shared_config());
  co_return;
}

void World::run(const Body& body) {
  const EnvironmentVariable address(variable(which_), address_.c_str());
  ManualClock manual(loop_.executor());
  const auto random = platform::seeded_random(1);
  MemoryFiles files;
  async::WorkerPool inline_pool("inline", 0);
  engine::Bandwidths bandwidths(manual);
  engine::RunLog run_log;
  engine::Engine living(
      engine::Services{.loop = loop_.executor(),
                       .clock = manual,
                       .random = *random,
                       .files = files,
                       .cpu = inline_pool,
                       .blocking = inline_pool,
                       .catalog = inline_pool,
                       .log = {},
                       .bandwidths = bandwidths,
                       .run_log = run_log,
                       .host = "testhost",
                       .machine_id = "testmachine"},
      shared_config(),
      std::make_unique<catalog::Catalog>((folder_.path() / "catalog.sqlite").string()));
  engine = &living;
  clock = &manual;
  loop_.run(live(body));
  service = nullptr;
  engine = nullptr;
  clock = nullptr;
}

Task<int> World::live(const Body& body) {
  bus::Service serving(which_, *engine, *clock, loop_.executor(),
                       {[this] { return reload(); },
                        [this] {
                          on_state();
                          return state;
                        }});
  service = &serving;
  async::TaskGroup tasks(loop_.executor());
  std::exception_ptr failure;
  try {
    co_await engine->start();
    tasks.spawn("service", serving.run(), [this](std::exception_ptr error) {
      service_failure = std::move(error);
      service_ended_.set();
    });
    co_await body(*this);
  } catch (...) {
    failure = std::current_exception();
  }
  co_await engine->stop();
  co_await serving.stop();
  co_await tasks.join();
  monitor_.reset();
  if (failure) std::rethrow_exception(failure);
  co_return 0;
}

Task<Output> World::command(Command words) {
  co_return co_await async::offload(commands_, [&](std::stop_token) { return run_command(words); });
}

Task<Output> World::busctl(std::string words) {
  return command(words_of("busctl --address=" + address_ + " " + words));
}

Task<std::string> World::call(std::string words) {
  const auto output = co_await busctl("call org.snapshotter1 /org/snapshotter1 " +
                                      std::string(kManager) + " " + words);
  CAPTURE(words, output.text);
  REQUIRE(output.status == 0);
  co_return output.text;
}

Task<> World::expect(std::string words, std::string reply) {
  const auto got = co_await call(words);
  CAPTURE(words);
  CHECK(got == reply);
}

Task<> World::expect_property(std::string path, std::string interface, std::string name,
                              std::string value) {
  const auto got = co_await property(path, interface, name);
  CAPTURE(path, name);
  CHECK(got == value);
}

Task<std::string> World::failing_call(std::string words) {
  const auto output = co_await command(
      words_of("gdbus call --address " + address_ +
               " --dest org.snapshotter1 --object-path /org/snapshotter1 --method " +
               std::string(kManager) + "." + words));
  CAPTURE(words, output.text);
  REQUIRE(output.status != 0);
  co_return output.text;
}

Task<std::string> World::property(std::string path, std::string interface, std::string name) {
  const auto output = co_await busctl("get-property org.snapshotter1 " + path +
                                      " org.snapshotter1." + interface + " " + name);
  CAPTURE(path, name, output.text);
  REQUIRE(output.status == 0);
  co_return output.text.substr(0, output.text.size() - 1);  // without the line's end
}

Task<catalog::RunRecord> World::run_job(std::string name) {
  co_return co_await engine->wait(engine->trigger(name));
}

Task<> World::until(std::function<bool()> holds) {
  for (int turn = 0; turn < 100 && !holds(); ++turn) co_await clock->settle();
  REQUIRE(holds());
}

Task<> World::until_service_ended() { co_await service_ended_.wait(); }

Task<> World::start_monitor() {
  monitor_ = co_await async::offload(
      commands_, [&](std::stop_token) { return std::make_unique<Monitor>(address_); });
}

Task<std::vector<Message>> World::heard() {
  co_return co_await async::offload(commands_, [&](std::stop_token) { return monitor_->heard(); });
}

Command words_of(const std::string& text) { return split(text, ' '); }

std::string path_in(const std::string& reply) {
  const auto begin = reply.find("\"/");
  const auto end = reply.find('"', begin + 1);
  REQUIRE(begin != std::string::npos);
  REQUIRE(end != std::string::npos);
  return reply.substr(begin + 1, end - begin - 1);
}

}  // namespace snapshotter::test
