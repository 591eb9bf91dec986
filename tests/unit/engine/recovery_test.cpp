// Starts after deaths, and what can be rebuilt.
#include "base/error.hpp"
#include "harness.hpp"
#include "support/catch.hpp"

#include <filesystem>

using namespace snapshotter;
using namespace snapshotter::test;
using namespace std::chrono_literals;
using catalog::RunState;
using catalog::Trigger;

namespace {

// The record a daemon leaves that dies in the middle of a run.
catalog::RunRecord died(const std::string& id, Trigger trigger, Time queued) {
  catalog::RunRecord run;
  run.id = id;
  run.job = "nightly";
  run.trigger = trigger;
  run.state = RunState::running;
  run.queued = queued;
  run.started = queued;
  run.scheduled = queued;
  run.results.emplace_back().target = "nightly";
  return run;
}

}  // namespace

TEST_CASE("a run that died is interrupted and made up for") {
  Harness harness;
  harness.add_job("nightly");
  harness.job("nightly").schedule = cron("0 3 * * *");
  harness.open_catalog().put_run(died("dead", Trigger::schedule, harness.now - 1h));
  harness.run([](Harness& h) -> Task<> {
    co_await h.until([&] { return h.targets["nightly"]->completed() == 1 && h.active() == 0; });
    const auto dead = co_await h.engine().run("dead");
    CHECK(dead.record.state == RunState::interrupted);
    CHECK(dead.record.results[0].state == RunState::interrupted);
    CHECK(h.engine().job("nightly")->last_run->trigger == Trigger::catch_up);
  });
  CHECK(harness.targets["nightly"]->recoveries() == 1);
  harness.run([](Harness& h) -> Task<> {
    co_await h.clock->settle();
    CHECK(h.targets["nightly"]->completed() == 1);
  });
}

TEST_CASE("an interrupted run and a missed firing are made up for by one run") {
  Harness harness;
  harness.add_job("nightly");
  harness.job("nightly").schedule = cron("0 3 * * *");
  harness.job("nightly").overlap = config::Overlap::queue;
  {
    auto catalog = harness.open_catalog();
    catalog.put_run(died("dead", Trigger::schedule, harness.now - 23h), harness.now - 23h);
  }
  harness.now += 48h;
  harness.run([](Harness& h) -> Task<> {
    co_await h.until([&] { return h.targets["nightly"]->completed() == 1 && h.active() == 0; });
    co_await h.clock->settle();
    CHECK(h.targets["nightly"]->attempts() == 1);
  });
}

TEST_CASE("a run by hand that died is not made up for") {
  Harness harness;
  harness.add_job("nightly");
  harness.open_catalog().put_run(died("dead", Trigger::manual, harness.now - 1h));
  harness.run([](Harness& h) -> Task<> {
    co_await h.clock->settle();
    CHECK(h.targets["nightly"]->attempts() == 0);
  });
}

TEST_CASE("a run that kills the daemon each time is not tried for ever") {
  Harness harness;
  harness.add_job("nightly");
  {
    auto catalog = harness.open_catalog();
    for (int i = 0; i < 3; ++i) {
      catalog.put_run(
          died("dead" + std::to_string(i), Trigger::catch_up, harness.now - 1h + i * 1s));
    }
  }
  harness.run([](Harness& h) -> Task<> {
    co_await h.clock->settle();
    CHECK(h.targets["nightly"]->attempts() == 0);
  });
}

TEST_CASE("stopping the daemon interrupts a run and the next start makes up for it") {
  Harness harness;
  harness.add_job("nightly");
  harness.job("nightly").schedule = cron("0 3 * * *");
  std::shared_ptr<async::Event> gate;
  harness.targets["nightly"]->script.before = [&](int attempt) -> Task<> {
    if (attempt > 1) co_return;
    gate = std::make_shared<async::Event>(harness.engine().loop());
    co_await gate->wait();
  };
  harness.run([](Harness& h) -> Task<> {
    co_await h.clock->advance(1h);
    co_await h.until([&] { return h.targets["nightly"]->attempts() == 1; });
  });
  CHECK(harness.open_catalog().runs({}).at(0).state == RunState::interrupted);
  CHECK(harness.store->open_writers() == 0);
  harness.run([](Harness& h) -> Task<> {
    co_await h.until([&] { return h.targets["nightly"]->completed() == 1 && h.active() == 0; });
  });
}

TEST_CASE("no run begins before its targets have recovered, and others do not wait for them") {
  Harness harness;
  harness.add_job("nightly");
  harness.add_job("other");
  std::shared_ptr<async::Event> gate;
  harness.targets["nightly"]->script.during_recover = [&]() -> Task<> {
    gate = std::make_shared<async::Event>(harness.engine().loop());
    co_await gate->wait();
  };
  harness.run([&](Harness& h) -> Task<> {
    const auto id = h.engine().trigger("nightly");
    const auto result1 = co_await h.run_job("other");
    CHECK(result1.state == RunState::succeeded);
    co_await h.clock->settle();
    CHECK(h.targets["nightly"]->attempts() == 0);
    CHECK(h.engine().run_in_memory(id)->record.state == RunState::queued);
    gate->set();
    const auto result2 = co_await h.engine().wait(id);
    CHECK(result2.state == RunState::succeeded);
  });
}

TEST_CASE("a recovery that fails, or hangs for a minute, does not keep its target from runs") {
  Harness harness;
  harness.add_job("failing");
  harness.add_job("hanging");
  harness.targets["failing"]->script.recover_failure = FakeScript::failure(false);
  std::shared_ptr<async::Event> never;
  harness.targets["hanging"]->script.during_recover = [&]() -> Task<> {
    never = std::make_shared<async::Event>(harness.engine().loop());
    co_await never->wait();
  };
  harness.run([&](Harness& h) -> Task<> {
    const auto result3 = co_await h.run_job("failing");
    CHECK(result3.state == RunState::succeeded);
    const auto id = h.engine().trigger("hanging");
    co_await h.clock->advance(59s);
    CHECK(h.targets["hanging"]->attempts() == 0);
    co_await h.clock->advance(1s);
    const auto result4 = co_await h.engine().wait(id);
    CHECK(result4.state == RunState::succeeded);
  });
  const auto logged = [&](const std::string& text) {
    return std::ranges::count_if(harness.log, [&](const std::string& line) {
      return line.starts_with("error: ") && line.find(text) != std::string::npos;
    });
  };
  CHECK(logged("recover target 'failing'") == 1);
  CHECK(logged("recover target 'hanging': it took longer than 1m") == 1);
}

TEST_CASE("a stop does not wait for a recovery that hangs") {
  Harness harness;
  harness.add_job("nightly");
  std::shared_ptr<async::Event> never;
  harness.targets["nightly"]->script.during_recover = [&]() -> Task<> {
    never = std::make_shared<async::Event>(harness.engine().loop());
    co_await never->wait();
  };
  harness.run([&](Harness& h) -> Task<> {
    (void)h.engine().trigger("nightly");
    co_await h.clock->settle();
  });
  CHECK(harness.now == ManualClock::kStart);
  CHECK(harness.open_catalog().runs({}).at(0).state == RunState::interrupted);
}

TEST_CASE("a target that a reload brings recovers before its first run, known ones not again") {
  Harness harness;
  harness.add_job("old");
  harness.run([](Harness& h) -> Task<> {
    (void)co_await h.run_job("old");
    h.add_job("new");
    h.engine().reload(h.shared_config());
    h.engine().reload(h.shared_config());
    const auto result5 = co_await h.run_job("new");
    CHECK(result5.state == RunState::succeeded);
    CHECK(h.targets["new"]->recoveries() == 1);
    CHECK(h.targets["old"]->recoveries() == 1);
  });
}

TEST_CASE("the catalog can be lost and is rebuilt from the manifests") {
  Harness harness;
  harness.add_job("nightly");
  harness.run([](Harness& h) -> Task<> {
    (void)co_await h.run_job("nightly");
    (void)co_await h.run_job("nightly");
  });
  for (const auto& file : std::filesystem::directory_iterator(harness.folder.path())) {
    std::filesystem::remove(file);
  }
  harness.run([](Harness& h) -> Task<> {
    const auto changes = co_await h.engine().rescan();
    CHECK(changes.added + changes.kept == 2);
    const auto backups = co_await h.engine().backups("nightly");
    REQUIRE(backups.size() == 2);
    CHECK(backups[0].record.good());
    CHECK(h.engine().job("nightly")->last_good.has_value());
  });
}

TEST_CASE("a rescan forgets what the store lost and an ordinary start does not") {
  Harness harness;
  harness.add_job("nightly");
  harness.run([](Harness& h) -> Task<> { (void)co_await h.run_job("nightly"); });
  harness.store->remove(harness.stored().at(0).key);
  harness.run([](Harness& h) -> Task<> {
    co_await h.clock->settle();
    CHECK((co_await h.engine().backups("nightly")).size() == 1);  // it may not be mounted
    const auto changes = co_await h.engine().rescan();
    CHECK(changes.removed == 1);
    const auto result6 = co_await h.engine().backups("nightly");
    CHECK(result6.empty());
  });
}

TEST_CASE("a store that is away at the start is not fatal") {
  Harness harness;
  harness.add_job("nightly");
  harness.store->fail_next(MemoryStore::Call::sweep,
                           StoreError({"sweep", "memory", "not mounted"}));
  harness.run([](Harness& h) -> Task<> {
    const auto result7 = co_await h.run_job("nightly");
    CHECK(result7.state == RunState::succeeded);
  });
}

TEST_CASE("a verification that finds damage marks the backup and a good one clears it") {
  Harness harness;
  harness.add_job("nightly");
  harness.run([](Harness& h) -> Task<> {
    const auto run = co_await h.run_job("nightly");
    const auto backup = run.results[0].backup;
    const std::vector<std::string> every;
    const std::vector<std::string> one{backup};
    const auto good = co_await h.engine().verify(every);
    const auto result8 = co_await h.engine().wait(good);
    CHECK(result8.state == RunState::succeeded);
    h.store->damage(*store::BackupKey::parse(backup), 40);
    const auto bad = co_await h.engine().wait(co_await h.engine().verify(one));
    CHECK(bad.state == RunState::failed);
    CHECK(bad.kind == catalog::RunKind::verify);
    CHECK_FALSE((co_await h.engine().backups("nightly")).at(0).record.good());
    CHECK_FALSE(h.engine().job("nightly")->last_good.has_value());
    h.store->damage(*store::BackupKey::parse(backup), 40);  // the same bit again
    const auto result9 = co_await h.engine().wait(co_await h.engine().verify(one));
    CHECK(result9.state == RunState::succeeded);
    CHECK((co_await h.engine().backups("nightly")).at(0).record.good());
  });
}

TEST_CASE("a verification tells of a damaged index and leaves the backup good") {
  Harness harness;
  harness.add_job("nightly");
  harness.run([](Harness& h) -> Task<> {
    const auto run = co_await h.run_job("nightly");
    const auto backup = run.results[0].backup;
    const auto key = *store::BackupKey::parse(backup);
    const std::vector<std::string> one{backup};
    h.store->damage_index(key, 30);
    const auto told = co_await h.engine().wait(co_await h.engine().verify(one));
    CHECK(told.state == RunState::succeeded);
    REQUIRE(told.results[0].reasons.size() == 1);
    CHECK_THAT(told.results[0].reasons[0], ContainsText("its index is of no use"));
    CHECK_THAT(told.results[0].reasons[0], ContainsText("checksum does not match"));
    CHECK(told.results[0].warnings == 1);
    CHECK((co_await h.engine().backups("nightly")).at(0).record.good());
    h.store->damage_index(key, 30);  // the same bit again
    const auto good = co_await h.engine().wait(co_await h.engine().verify(one));
    CHECK(good.results[0].reasons.empty());
    CHECK(good.results[0].warnings == 0);
  });
}

TEST_CASE("a backup that does not exist can not be verified") {
  Harness harness;
  harness.add_job("nightly");
  harness.run([](Harness& h) -> Task<> {
    ErrorKind kind = ErrorKind::internal;
    try {
      const std::vector<std::string> absent{"nightly/nightly/20200101T000000Z"};
      (void)co_await h.engine().verify(absent);
    } catch (const RequestError& error) {
      kind = error.kind();
    }
    CHECK(kind == ErrorKind::no_such_backup);
  });
}
