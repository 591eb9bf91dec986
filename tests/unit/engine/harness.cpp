#include "harness.hpp"

#include "support/catch.hpp"

#include <utility>

namespace snapshotter::test {

Harness::Harness() {
  config::StoreSpec local;
  local.name = "local";
  local.type = "memory";
  local.store = store;
  config.stores["local"] = local;
}

FakeTarget& Harness::add_job(const std::string& name, FakeScript script) {
  auto target = std::make_shared<FakeTarget>(std::move(script));
  targets[name] = target;
  config.targets[name] = {name, "fake", {}, {}, target};
  config::JobSpec job;
  job.name = name;
  job.targets = {name};
  job.store = "local";
  config.jobs[name] = job;
  return *target;
}

FakeNotifier& Harness::add_notifier(const std::string& name, const std::string& job,
                                    std::vector<notify::EventKind> events) {
  auto notifier = std::make_shared<FakeNotifier>();
  if (events.empty()) {
    for (const auto& event : notify::event_names()) {
      events.push_back(notify::parse_event(event).value());
    }
  }
  notifiers[name] = notifier;
  config.notifiers[name] = {name, "fake", std::move(events), notifier};
  config.jobs.at(job).notify.push_back(name);
  return *notifier;
}

std::shared_ptr<const config::Config> Harness::shared_config() const {
  return std::make_shared<const config::Config>(config);
}

void Harness::run(const std::function<Task<>(Harness&)>& body) {
  async::Loop loop;
  ManualClock manual(loop.executor(), now);
  const auto random = platform::seeded_random(1);
  MemoryFiles files;
  async::WorkerPool inline_pool("inline", 0);
  engine::Bandwidths bandwidths(manual);
  engine::RunLog run_log;
  telemetry::LogSettings quiet;
  quiet.console = false;
  telemetry::Logging logging(quiet);
  logging.set_observer([&](telemetry::LogLevel level, std::string_view text,
                           const telemetry::LogFields& fields, Time time) {
    log.push_back(std::string(name(level)) + ": " + std::string(text));
    if (fields.run.empty()) return;
    run_log.add(fields.run, {time, std::string(name(level)), fields.target, std::string(text)});
  });
  clock = &manual;
  engine_ = std::make_unique<engine::Engine>(
      engine::Services{.loop = loop.executor(),
                       .clock = manual,
                       .random = *random,
                       .files = files,
                       .cpu = inline_pool,
                       .blocking = inline_pool,
                       .catalog = inline_pool,
                       .log = logging.logger(),
                       .bandwidths = bandwidths,
                       .run_log = run_log,
                       .host = "testhost",
                       .machine_id = "testmachine"},
      shared_config(),
      std::make_unique<catalog::Catalog>((folder.path() / "catalog.sqlite").string()));
  engine_->add_listener(heard);
  const auto main = [](Harness& self, const std::function<Task<>(Harness&)>& act) -> Task<int> {
    std::exception_ptr failure;
    try {
      co_await self.engine().start();
      co_await act(self);
    } catch (...) {
      failure = std::current_exception();
    }
    co_await self.engine().stop();
    if (failure) std::rethrow_exception(failure);
    co_return 0;
  };
  loop.run(main(*this, body));
  now = manual.now();
  engine_.reset();
  clock = nullptr;
}

Task<> Harness::until(std::function<bool()> holds) {
  for (int turn = 0; turn < 100 && !holds(); ++turn) co_await clock->settle();
  REQUIRE(holds());
}

Task<catalog::RunRecord> Harness::run_job(std::string name) {
  const auto id = engine().trigger(name);
  co_return co_await engine().wait(id);
}

catalog::Catalog Harness::open_catalog() const {
  return catalog::Catalog((folder.path() / "catalog.sqlite").string());
}

std::vector<store::Manifest> Harness::stored() { return store->list({}).backups; }

schedule::CronExpression cron(const std::string& text) {
  return schedule::CronExpression::parse(text);
}

Time at(const std::string& rfc3339) { return parse_rfc3339(rfc3339).value(); }

}  // namespace snapshotter::test
