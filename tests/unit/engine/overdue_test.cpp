// The dead man's switch.
#include "engine/overdue_watch.hpp"
#include "harness.hpp"
#include "support/catch.hpp"
#include "told.hpp"

using namespace snapshotter;
using namespace snapshotter::test;
using namespace std::chrono_literals;
using engine::overdue_at;
using notify::EventKind;

namespace {

// Daily at 03:00, fails from the second attempt on.
FakeNotifier& failing_job(Harness& harness) {
  auto& target = harness.add_job("nightly");
  harness.job("nightly").schedule = cron("0 3 * * *");
  for (int attempt = 2; attempt < 10; ++attempt) {
    target.script.failures[attempt] = FakeScript::failure(false);
  }
  return harness.add_notifier("ops", "nightly", {EventKind::overdue, EventKind::recovered});
}

}  // namespace

TEST_CASE("a job is overdue when a whole period has passed without a good backup") {
  config::JobSpec job;
  const auto taken = at("2026-11-24T02:00:07Z");
  CHECK_FALSE(overdue_at(job, taken).has_value());
  job.schedule = cron("0 2 * * *");
  CHECK(overdue_at(job, taken) == at("2026-11-26T03:00:00Z"));
  job.jitter = 10min;
  CHECK(overdue_at(job, taken) == at("2026-11-26T03:10:00Z"));
  job.timeout = 6h;
  CHECK(overdue_at(job, taken) == at("2026-11-26T08:10:00Z"));
  job.overdue_after = 30h;
  CHECK(overdue_at(job, taken) == taken + 30h);
  job.schedule.reset();
  CHECK(overdue_at(job, taken) == taken + 30h);
  // Two firings a week: the time between them counts, not a day.
  job.overdue_after.reset();
  job.timeout.reset();
  job.jitter = {};
  job.schedule = cron("0 2 * * MON,THU");
  CHECK(overdue_at(job, taken) == at("2026-11-30T03:00:00Z"));
}

TEST_CASE("overdue is told once, over restarts too, and ends with the next good backup") {
  Harness harness;
  const auto& ops = failing_job(harness);
  harness.run([&](Harness& h) -> Task<> {
    co_await h.clock->advance(1h);   // the 24th: good
    co_await h.clock->advance(48h);  // the 25th and the 26th: failed
    CHECK(ops.attempts().empty());
    co_await h.clock->advance(1h - 1s);
    CHECK(ops.attempts().empty());
    co_await h.clock->advance(1s);
    co_await h.clock->settle();
    REQUIRE(told(ops) == Kinds{"overdue"});
    const auto& event = ops.delivered()[0];
    CHECK(event.at == at("2026-11-26T04:00:00Z"));
    CHECK(text_at(event, "/overdue/since") == "2026-11-24T03:00:00Z");
    CHECK(text_at(event, "/overdue/expected_by") == "2026-11-26T04:00:00Z");
    CHECK(text_at(event, "/job") == "nightly");
    co_await h.clock->advance(24h);
    CHECK(ops.attempts().size() == 1);
  });
  CHECK(std::ranges::count(harness.log,
                           "warning: no good backup is newer than 2026-11-24T03:00:00Z; one was "
                           "expected by 2026-11-26T04:00:00Z") == 1);
  harness.run([&](Harness& h) -> Task<> {
    co_await h.clock->advance(1h);
    CHECK(ops.attempts().size() == 1);
    h.targets["nightly"]->script.failures.clear();
    (void)co_await h.run_job("nightly");
    co_await h.clock->settle();
    CHECK(told(ops) == Kinds{"overdue", "recovered"});
    CHECK(h.open_catalog().memory("job nightly").count("overdue") == 0);
    // And the next stretch is told again.
    for (int attempt = 1; attempt < 100; ++attempt) {
      h.targets["nightly"]->script.failures[attempt] = FakeScript::failure(false);
    }
    co_await h.clock->advance(96h);
    CHECK(told(ops) == Kinds{"overdue", "recovered", "overdue"});
  });
}

TEST_CASE("a success ends an overdue stretch that no failed run had begun") {
  Harness harness;
  harness.add_job("manual");
  harness.job("manual").overdue_after = 48h;
  const auto& ops =
      harness.add_notifier("ops", "manual", {EventKind::overdue, EventKind::recovered});
  harness.run([&](Harness& h) -> Task<> {
    (void)co_await h.run_job("manual");
    co_await h.clock->advance(48h);
    co_await h.clock->settle();
    CHECK(told(ops) == Kinds{"overdue"});
    (void)co_await h.run_job("manual");
    co_await h.clock->settle();
    CHECK(told(ops) == Kinds{"overdue", "recovered"});
  });
}

TEST_CASE("a job that never had a good backup is overdue too, counted from when it was seen") {
  Harness harness;
  auto& ops = failing_job(harness);
  harness.targets["nightly"]->script.failures[1] = FakeScript::failure(false);
  harness.run([](Harness& h) -> Task<> { co_await h.clock->advance(20h); });
  harness.run([&](Harness& h) -> Task<> {
    // First seen on the 24th at 02:00: the second firing after it is on the 25th.
    co_await h.clock->advance(6h - 1s);
    CHECK(ops.attempts().empty());
    co_await h.clock->advance(1s);
    co_await h.clock->settle();
    REQUIRE(told(ops) == Kinds{"overdue"});
    CHECK(document(ops.delivered()[0]).at_pointer("/overdue/since").is_null());
  });
}

TEST_CASE("a job is not overdue by what nobody had asked of it") {
  Harness harness;
  const auto& ops = failing_job(harness);
  harness.job("nightly").schedule = cron("0 3 1 * *");
  harness.add_job("other");
  harness.run([&](Harness& h) -> Task<> {
    (void)co_await h.run_job("nightly");
    co_await h.clock->advance(120h);
    h.job("nightly").schedule = cron("0 3 * * *");
    h.job("nightly").targets = {"nightly", "other"};
    h.engine().reload(h.shared_config());
    co_await h.clock->advance(24h);
    CHECK(ops.attempts().empty());
    co_await h.clock->advance(24h);
    CHECK(told(ops) == Kinds{"overdue"});
  });
}

TEST_CASE("a machine that slept backs up before it complains, if that works") {
  Harness harness;
  auto& target = harness.add_job("nightly");
  harness.job("nightly").schedule = cron("0 3 * * *");
  const auto& ops = harness.add_notifier("ops", "nightly", {EventKind::overdue});
  harness.run([](Harness& h) -> Task<> { co_await h.clock->advance(2h); });
  harness.now += 240h;
  std::shared_ptr<async::Event> gate;
  target.script.before = [&](int) -> Task<> {
    gate = std::make_shared<async::Event>(harness.engine().loop());
    co_await gate->wait();
  };
  harness.run([&](Harness& h) -> Task<> {
    co_await h.until([&] { return gate != nullptr; });
    co_await h.clock->advance(30min);
    CHECK(ops.attempts().empty());
    gate->set();
    co_await h.until([&] { return h.active() == 0; });
    co_await h.clock->advance(5h);
    CHECK(ops.attempts().empty());
  });
}

TEST_CASE("a run that hangs does not keep the watch from telling") {
  Harness harness;
  auto& target = harness.add_job("nightly");
  harness.job("nightly").schedule = cron("0 3 * * *");
  const auto& ops = harness.add_notifier("ops", "nightly", {EventKind::overdue});
  std::shared_ptr<async::Event> gate;
  target.script.before = [&](int) -> Task<> {
    gate = std::make_shared<async::Event>(harness.engine().loop());
    co_await gate->wait();
  };
  harness.run([&](Harness& h) -> Task<> {
    co_await h.clock->advance(26h);
    co_await h.clock->settle();
    CHECK(told(ops) == Kinds{"overdue"});
  });
}

TEST_CASE("a clock that is set forward wakes the watch") {
  Harness harness;
  auto& ops = failing_job(harness);
  harness.job("nightly").catch_up = false;
  harness.run([&](Harness& h) -> Task<> {
    co_await h.clock->advance(90min);
    co_await h.clock->jump(at("2026-11-26T04:00:00Z"));
    co_await h.clock->settle();
    CHECK(told(ops) == Kinds{"overdue"});
  });
}

TEST_CASE("the catalog was busy for a minute - however many jobs come or go, it is changed once") {
  async::Loop loop;
  ManualClock clock(loop.executor());
  const auto random = platform::seeded_random(1);
  MemoryFiles files;
  async::WorkerPool pool("inline", 0);
  engine::Bandwidths bandwidths(clock);
  engine::RunLog run_log;
  const engine::Services services{.loop = loop.executor(),
                                  .clock = clock,
                                  .random = *random,
                                  .files = files,
                                  .cpu = pool,
                                  .blocking = pool,
                                  .catalog = pool,
                                  .log = {},
                                  .bandwidths = bandwidths,
                                  .run_log = run_log,
                                  .host = "host",
                                  .machine_id = "machine"};
  int changes = 0;
  engine::OverdueWatch watch(
      services, [](const std::string&) { return engine::OverdueWatch::Facts{}; },
      [](const std::string&, std::optional<Time>, Time) {},
      [&](const std::function<void(catalog::Catalog&)>&) { ++changes; });
  Harness jobs;
  for (int i = 0; i < 100; ++i) jobs.add_job("job" + std::to_string(i));
  watch.set_jobs(jobs.shared_config());
  CHECK(changes == 1);
  watch.set_jobs(jobs.shared_config());
  CHECK(changes == 1);
  jobs.config.jobs.clear();
  jobs.add_job("other");
  watch.set_jobs(jobs.shared_config());
  CHECK(changes == 2);
}
