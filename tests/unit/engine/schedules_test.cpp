// Firings: on time, late, missed, across restarts and clock changes. The clock starts at 02:00 UTC.
#include "harness.hpp"
#include "support/catch.hpp"

using namespace snapshotter;
using namespace snapshotter::test;
using namespace std::chrono_literals;
using catalog::RunState;
using catalog::Trigger;

namespace {

struct Scheduled : Harness {
  explicit Scheduled(const std::string& expression) {
    add_job("nightly");
    job("nightly").schedule = cron(expression);
  }
};

std::vector<catalog::RunRecord> runs_of(const Harness& harness) {
  return harness.open_catalog().runs({});
}

}  // namespace

TEST_CASE("a job fires at its time and not before") {
  Scheduled harness("0 3 * * *");
  harness.run([](Harness& h) -> Task<> {
    CHECK(h.engine().job("nightly")->next == at("2026-11-24T03:00:00Z"));
    co_await h.clock->advance(59min + 59s);
    CHECK(h.targets["nightly"]->attempts() == 0);
    co_await h.clock->advance(1s);
    co_await h.until([&] { return h.targets["nightly"]->completed() == 1 && h.active() == 0; });
    CHECK(h.engine().job("nightly")->next == at("2026-11-25T03:00:00Z"));
  });
  const auto runs = runs_of(harness);
  REQUIRE(runs.size() == 1);
  CHECK(runs[0].trigger == Trigger::schedule);
  CHECK(runs[0].scheduled == at("2026-11-24T03:00:00Z"));
}

TEST_CASE("a firing answered before a restart does not fire again") {
  Scheduled harness("0 3 * * *");
  harness.run([](Harness& h) -> Task<> {
    co_await h.clock->advance(1h);
    co_await h.until([&] { return h.targets["nightly"]->completed() == 1 && h.active() == 0; });
  });
  harness.now = at("2026-11-24T03:00:00Z");
  harness.run([](Harness& h) -> Task<> {
    co_await h.clock->advance(23h);
    CHECK(h.targets["nightly"]->completed() == 1);
    co_await h.clock->advance(1h);
    co_await h.until([&] { return h.targets["nightly"]->completed() == 2 && h.active() == 0; });
  });
}

TEST_CASE("no catch-up after the machine was off - missed firings are answered by one run") {
  Scheduled harness("0 3 * * *");
  harness.run([](Harness&) -> Task<> { co_return; });
  harness.now = at("2026-11-27T12:00:00Z");  // three firings later
  harness.run([](Harness& h) -> Task<> {
    co_await h.until([&] { return h.targets["nightly"]->completed() == 1 && h.active() == 0; });
    CHECK(h.engine().job("nightly")->next == at("2026-11-28T03:00:00Z"));
  });
  const auto runs = runs_of(harness);
  REQUIRE(runs.size() == 1);
  CHECK(runs[0].trigger == Trigger::catch_up);
  CHECK(runs[0].scheduled == at("2026-11-24T03:00:00Z"));
  harness.run([](Harness& h) -> Task<> {
    co_await h.clock->settle();
    CHECK(h.targets["nightly"]->completed() == 1);
  });
}

TEST_CASE("without catch_up a missed firing is only noted") {
  Scheduled harness("0 3 * * *");
  harness.job("nightly").catch_up = false;
  harness.run([](Harness&) -> Task<> { co_return; });
  harness.now = at("2026-11-25T12:00:00Z");
  harness.run([](Harness& h) -> Task<> {
    co_await h.clock->settle();
    CHECK(h.targets["nightly"]->attempts() == 0);
    CHECK(h.engine().job("nightly")->next == at("2026-11-26T03:00:00Z"));
  });
  CHECK(harness.open_catalog().last_firings().at("nightly") >= at("2026-11-25T03:00:00Z"));
}

TEST_CASE("ran twice after waking - a machine that slept over a firing runs it once") {
  Scheduled harness("0 3 * * *");
  harness.run([](Harness& h) -> Task<> {
    co_await h.clock->jump(at("2026-11-24T09:30:00Z"));
    co_await h.until([&] { return h.targets["nightly"]->completed() == 1 && h.active() == 0; });
    co_await h.clock->jump(at("2026-11-24T09:31:00Z"));
    co_await h.clock->advance(1h);
    CHECK(h.targets["nightly"]->completed() == 1);
  });
}

TEST_CASE("a clock set back does not repeat a firing") {
  Scheduled harness("0 3 * * *");
  harness.run([](Harness& h) -> Task<> {
    co_await h.clock->advance(1h);
    co_await h.until([&] { return h.targets["nightly"]->completed() == 1 && h.active() == 0; });
    co_await h.clock->jump(at("2026-11-24T02:30:00Z"));
    co_await h.clock->advance(2h);
    CHECK(h.targets["nightly"]->completed() == 1);
  });
}

TEST_CASE("44 silent days - a clock that was far ahead does not silence a job") {
  Scheduled harness("0 3 * * *");
  harness.open_catalog().put_firing("nightly", at("2038-01-01T00:00:00Z"));
  harness.run([](Harness& h) -> Task<> {
    CHECK(h.engine().job("nightly")->next == at("2026-11-24T03:00:00Z"));
    co_return;
  });
}

TEST_CASE("a clock that is far ahead for a while does not silence a job either") {
  Scheduled harness("0 3 * * *");
  harness.run([](Harness& h) -> Task<> {
    co_await h.clock->jump(at("2036-01-01T00:00:00Z"));
    co_await h.until([&] { return h.targets["nightly"]->completed() == 1 && h.active() == 0; });
    co_await h.clock->jump(at("2026-11-24T02:30:00Z"));
    CHECK(h.engine().job("nightly")->next == at("2026-11-24T03:00:00Z"));
    co_await h.clock->advance(30min);
    co_await h.until([&] { return h.targets["nightly"]->completed() == 2 && h.active() == 0; });
  });
}

TEST_CASE("a reload does not call for what a changed schedule would have fired before") {
  Scheduled harness("0 3 * * *");
  harness.run([](Harness& h) -> Task<> {
    co_await h.clock->advance(13h);
    co_await h.until([&] { return h.targets["nightly"]->completed() == 1 && h.active() == 0; });
    h.job("nightly").schedule = cron("0 14 * * *");  // it is 15:00
    h.engine().reload(h.shared_config());
    co_await h.clock->settle();
    CHECK(h.targets["nightly"]->completed() == 1);
    CHECK(h.engine().job("nightly")->next == at("2026-11-25T14:00:00Z"));
  });
}

TEST_CASE("jitter delays a firing by the same time every day") {
  Scheduled harness("0 3 * * *");
  harness.job("nightly").jitter = 10min;
  harness.run([](Harness& h) -> Task<> {
    const auto next = *h.engine().job("nightly")->next;
    CHECK(next >= at("2026-11-24T03:00:00Z"));
    CHECK(next < at("2026-11-24T03:10:00Z"));
    co_await h.clock->advance(next - h.clock->now());
    co_await h.until([&] { return h.targets["nightly"]->completed() == 1 && h.active() == 0; });
    CHECK(*h.engine().job("nightly")->next == next + 24h);
  });
  // Between the firing and its delayed start a restart neither loses nor repeats it.
  CHECK(runs_of(harness)[0].scheduled == at("2026-11-24T03:00:00Z"));
}

TEST_CASE("a restart within the jitter neither loses nor repeats a firing") {
  Scheduled harness("0 3 * * *");
  harness.job("nightly").jitter = 10h;
  harness.run([](Harness&) -> Task<> { co_return; });
  harness.now = at("2026-11-24T03:00:01Z");
  harness.run([](Harness& h) -> Task<> {
    co_await h.clock->advance(*h.engine().job("nightly")->next - h.clock->now());
    co_await h.until([&] { return h.targets["nightly"]->completed() == 1 && h.active() == 0; });
  });
  CHECK(runs_of(harness).size() == 1);
}

TEST_CASE("39 runs stacked up - firings behind a run that hangs are skipped") {
  Scheduled harness("*/5 * * * *");
  std::shared_ptr<async::Event> gate;
  harness.targets["nightly"]->script.before = [&](int) -> Task<> {
    gate = std::make_shared<async::Event>(harness.engine().loop());
    co_await gate->wait();
  };
  const auto queued = GENERATE(false, true);
  if (queued) harness.job("nightly").overlap = config::Overlap::queue;
  harness.run([&](Harness& h) -> Task<> {
    co_await h.clock->advance(3h);
    CHECK(h.active() == (queued ? 2 : 1));
    CHECK(h.targets["nightly"]->attempts() == 1);
    CHECK(h.engine().job("nightly")->next == at("2026-11-24T05:05:00Z"));
  });
}

TEST_CASE("a job without a schedule never fires") {
  Harness harness;
  harness.add_job("manual");
  harness.run([](Harness& h) -> Task<> {
    CHECK_FALSE(h.engine().next_run().has_value());
    co_await h.clock->settle();
    CHECK(h.clock->waiters() == 0);
    co_await h.clock->advance(48h);
    CHECK(h.targets["manual"]->attempts() == 0);
  });
}

TEST_CASE("10000 jobs sleep on two timers and the next is found") {
  Harness harness;
  harness.add_job("nightly");
  for (int i = 0; i < 10'000; ++i) {
    auto job = harness.job("nightly");
    job.name = "job" + std::to_string(i);
    job.schedule = cron(std::to_string(i % 60) + " " + std::to_string(4 + i % 12) + " * * *");
    harness.config.jobs[job.name] = job;
  }
  harness.run([](Harness& h) -> Task<> {
    co_await h.clock->settle();
    CHECK(h.clock->waiters() == 2);  // the next firing, and the next job that would be overdue
    CHECK(h.engine().next_run() == at("2026-11-24T04:00:00Z"));
  });
}

TEST_CASE("a reload takes new schedules at once and keeps what was answered") {
  Scheduled harness("0 3 * * *");
  harness.run([](Harness& h) -> Task<> {
    co_await h.clock->advance(1h);
    co_await h.until([&] { return h.targets["nightly"]->completed() == 1 && h.active() == 0; });
    h.job("nightly").schedule = cron("0 3,5 * * *");
    h.engine().reload(h.shared_config());
    CHECK(h.engine().job("nightly")->next == at("2026-11-24T05:00:00Z"));
    co_await h.clock->advance(2h);
    co_await h.until([&] { return h.targets["nightly"]->completed() == 2 && h.active() == 0; });
    h.config.jobs.clear();
    h.engine().reload(h.shared_config());
    CHECK(h.engine().jobs().empty());
    CHECK_FALSE(h.engine().next_run().has_value());
  });
}

TEST_CASE("jobs that a reload brings count from then, over a restart and a second reload at once") {
  Scheduled harness("0 3 * * *");
  harness.run([](Harness& h) -> Task<> {
    h.add_job("early");
    h.job("early").schedule = cron("0 4 * * *");
    h.engine().reload(h.shared_config());
    h.config.jobs.erase("nightly");
    h.engine().reload(h.shared_config());
    co_await h.clock->settle();
  });
  CHECK(harness.open_catalog().last_firings() ==
        std::map<std::string, Time>{{"early", ManualClock::kStart},
                                    {"nightly", ManualClock::kStart}});
  harness.now = at("2026-11-24T05:00:00Z");
  harness.run([](Harness& h) -> Task<> {
    co_await h.until([&] { return h.targets["early"]->completed() == 1 && h.active() == 0; });
  });
}

TEST_CASE("the hour that daylight saving skips fires once and the repeated one once") {
  Scheduled harness("30 2 * * *");
  harness.job("nightly").timezone = schedule::TimeZone::load("Europe/Berlin").value();
  harness.now = at("2026-03-28T12:00:00Z");
  harness.run([](Harness& h) -> Task<> {
    CHECK(h.engine().job("nightly")->next == at("2026-03-29T01:00:00Z"));  // 03:00, after the jump
    co_await h.clock->advance(24h);
    CHECK(h.targets["nightly"]->completed() == 1);
    co_await h.clock->jump(at("2026-10-24T12:00:00Z"));
    co_await h.until([&] { return h.targets["nightly"]->completed() == 2 && h.active() == 0; });
    CHECK(h.engine().job("nightly")->next == at("2026-10-25T00:30:00Z"));
    co_await h.clock->advance(24h);
    CHECK(h.targets["nightly"]->completed() == 3);
  });
}
