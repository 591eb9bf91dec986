// An engine on a virtual clock, served on a private bus, and strangers who call it.
#pragma once

#include "async/event.hpp"
#include "async/loop.hpp"
#include "async/offload.hpp"
#include "async/task_group.hpp"
#include "bus/service.hpp"
#include "bus_daemon.hpp"
#include "engine/engine.hpp"
#include "monitor.hpp"
#include "support/fake/fake_target.hpp"
#include "support/fake/manual_clock.hpp"
#include "support/fake/memory_files.hpp"
#include "support/fake/memory_store.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace snapshotter::test {

class World {
 public:
  using Body = std::function<Task<>(World&)>;

  // Serves on `bus`, which outlives this.
  explicit World(const BusDaemon& bus, bus::Bus which = bus::Bus::session);

  // A target and a job of this name, without a schedule, into a store in memory. With `held` each
  // run of it waits for release().
  FakeTarget& add_job(const std::string& name, bool held = false);
  void release();
  config::JobSpec& job(const std::string& name) { return config.jobs.at(name); }
  [[nodiscard]] std::shared_ptr<const config::Config> shared_config() const;

  // Starts engine and service, runs the body beside them, stops everything in the daemon's order.
  void run(const Body& body);

  // In the body. A program that runs while the loop goes on.
  [[nodiscard]] Task<Output> command(Command words);
  // `busctl WORDS` on the bus. (Texts, which are split at single blanks, so
  // that two blanks hold an empty word between them: gcc 12 can't compile lists of
  // words in coroutines.)
  [[nodiscard]] Task<Output> busctl(std::string words);
  // `busctl call org.snapshotter1 /org/snapshotter1 org.snapshotter1.Manager WORDS`; must succeed.
  [[nodiscard]] Task<std::string> call(std::string words);
  // No co_await belongs into a CHECK: gcc evaluates it twice there (Catch2 2 repeats the expression
  // in __builtin_constant_p). Hence these.
  [[nodiscard]] Task<> expect(std::string words, std::string reply);
  [[nodiscard]] Task<> expect_property(std::string path, std::string interface, std::string name,
                                       std::string value);
  // `gdbus call` of a method of the Manager that must fail; the error's name and text.
  [[nodiscard]] Task<std::string> failing_call(std::string words);
  [[nodiscard]] Task<std::string> property(std::string path, std::string interface,
                                           std::string name);
  // A job run to its end.
  [[nodiscard]] Task<catalog::RunRecord> run_job(std::string name);
  // Gives other coroutines turns until it holds.
  [[nodiscard]] Task<> until(std::function<bool()> holds);

  // Until the service's run() has returned or thrown.
  [[nodiscard]] Task<> until_service_ended();
  [[nodiscard]] boost::asio::any_io_executor loop() const { return loop_.executor(); }

  // What was said on the bus since the monitor began; the service has sent all it had to.
  [[nodiscard]] Task<std::vector<Message>> heard();
  [[nodiscard]] Task<> start_monitor();

  [[nodiscard]] const std::string& address() const { return address_; }

  config::Config config;
  std::shared_ptr<MemoryStore> store = std::make_shared<MemoryStore>();
  std::string state = "running";
  std::function<void()> on_state = [] {};  // called when the service asks for `state`
  std::function<Task<>()> reload;          // instead of giving `config` to the engine
  // While run():
  engine::Engine* engine = nullptr;
  bus::Service* service = nullptr;
  ManualClock* clock = nullptr;
  std::exception_ptr service_failure;  // what run() of the service threw

 private:
  Task<int> live(const Body& body);
  Task<> reload_config();

  std::string address_;
  bus::Bus which_;
  TempDir folder_;
  async::Loop loop_;
  async::WorkerPool commands_{"commands", 4};
  async::Event held_{loop_.executor()};
  bool released_ = false;
  async::Event service_ended_{loop_.executor()};
  std::unique_ptr<Monitor> monitor_;
};

[[nodiscard]] Command words_of(const std::string& text);
// "/org/snapshotter1/run/2026…" out of busctl's `o "…"`.
[[nodiscard]] std::string path_in(const std::string& reply);

}  // namespace snapshotter::test
