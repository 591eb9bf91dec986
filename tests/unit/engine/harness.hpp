// An engine on a virtual clock, with stores and targets of the test's own, all on one thread.
#pragma once

#include "async/event.hpp"
#include "async/loop.hpp"
#include "engine/engine.hpp"
#include "support/fake/fake_notifier.hpp"
#include "support/fake/fake_target.hpp"
#include "support/fake/manual_clock.hpp"
#include "support/fake/memory_files.hpp"
#include "support/fake/memory_store.hpp"
#include "support/temp_dir.hpp"
#include "telemetry/log.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace snapshotter::test {

// Records what an engine tells its listeners.
struct Heard : engine::Listener {
  void run_added(const engine::Run& run) override { events.push_back("added " + run.record.job); }
  void run_finished(const engine::Run& run) override {
    events.push_back(std::string(name(run.record.state)) + " " + run.record.job);
  }
  void run_forgotten(const std::string&) override { ++forgotten; }
  std::vector<std::string> events;
  int forgotten = 0;
};

class Harness {
 public:
  Harness();

  // A target named `name`, and a job of the same name that backs it up (no schedule) into "local".
  FakeTarget& add_job(const std::string& name,
                      FakeScript script = FakeScript::of_files(2, "content"));
  config::JobSpec& job(const std::string& name) { return config.jobs.at(name); }
  // A notifier that wants these events (none named: all), of the job, which exists.
  FakeNotifier& add_notifier(const std::string& name, const std::string& job,
                             std::vector<notify::EventKind> events = {});

  // Starts an engine over what is configured now, gives it to the body, stops it. May be called
  // again: the catalog and the store stay, as over a restart. `crash`: the engine's runs are not
  // ended in order; see crash().
  void run(const std::function<Task<>(Harness&)>& body);

  // In the body.
  [[nodiscard]] engine::Engine& engine() { return *engine_; }
  // Gives other coroutines turns until it holds; fails the test if it never does.
  [[nodiscard]] Task<> until(std::function<bool()> holds);
  [[nodiscard]] Task<catalog::RunRecord> run_job(std::string name);
  [[nodiscard]] std::size_t active() const { return engine_->active_runs(); }
  [[nodiscard]] catalog::Catalog open_catalog() const;
  [[nodiscard]] std::shared_ptr<const config::Config> shared_config() const;
  [[nodiscard]] std::vector<store::Manifest> stored();

  TempDir folder;
  config::Config config;
  std::shared_ptr<MemoryStore> store = std::make_shared<MemoryStore>();
  std::map<std::string, std::shared_ptr<FakeTarget>> targets;
  std::map<std::string, std::shared_ptr<FakeNotifier>> notifiers;
  std::vector<std::string> log;    // "warning: text", from info up
  Time now = ManualClock::kStart;  // when the next run() begins; moved to its end by it
  ManualClock* clock = nullptr;    // in the body
  Heard heard;

 private:
  std::unique_ptr<engine::Engine> engine_;
};

[[nodiscard]] schedule::CronExpression cron(const std::string& text);
[[nodiscard]] Time at(const std::string& rfc3339);

}  // namespace snapshotter::test
