// Which events there are, when, and what they say.
#include "base/error.hpp"
#include "catalog/sqlite.hpp"
#include "harness.hpp"
#include "support/catch.hpp"
#include "told.hpp"

using namespace snapshotter;
using namespace snapshotter::test;
using namespace std::chrono_literals;
using catalog::RunState;
using notify::EventKind;

namespace {

// Until everything that happened is delivered.
Task<> quiet(Harness& h) {
  co_await h.until([&] { return h.active() == 0; });
  co_await h.clock->settle();
}

Kinds waiting(const Harness& harness, const std::string& notifier) {
  Kinds kinds;
  auto catalog = harness.open_catalog();
  while (const auto entry = catalog.first_pending(notifier)) {
    kinds.push_back(entry->kind);
    catalog.mark_delivered(*entry, entry->at, "");
  }
  return kinds;
}

catalog::RunRecord died(const std::string& id, Time queued) {
  catalog::RunRecord run;
  run.id = id;
  run.job = "nightly";
  run.state = RunState::running;
  run.queued = queued;
  run.started = queued;
  run.results.emplace_back().target = "nightly";
  return run;
}

// Makes a table of the catalog unwritable, for whoever has it open.
void forbid_inserts(const Harness& harness, const std::string& table) {
  catalog::Connection db((harness.folder.path() / "catalog.sqlite").string(), "");
  db.script("CREATE TRIGGER forbidden BEFORE INSERT ON " + table +
            " BEGIN SELECT RAISE(ABORT, 'forbidden by the test'); END");
}
void allow_inserts(const Harness& harness) {
  catalog::Connection db((harness.folder.path() / "catalog.sqlite").string(), "");
  db.script("DROP TRIGGER forbidden");
}

}  // namespace

TEST_CASE("a good run is told when it starts and when it has ended, with what it left") {
  Harness harness;
  harness.add_job("nightly");
  harness.job("nightly").schedule = cron("0 3 * * *");
  const auto& ops = harness.add_notifier("ops", "nightly");
  harness.run([&](Harness& h) -> Task<> {
    co_await h.clock->advance(1h);
    co_await quiet(h);
    REQUIRE(told(ops) == Kinds{"started", "succeeded"});
    const auto& started = ops.delivered()[0];
    const auto& ended = ops.delivered()[1];
    CHECK(started.id != ended.id);
    CHECK(started.job == "nightly");
    CHECK(started.at == at("2026-11-24T03:00:00Z"));
    CHECK(text_at(started, "/run/state") == "running");
    CHECK(text_at(ended, "/event") == "succeeded");
    CHECK(text_at(ended, "/host") == "testhost");
    CHECK(text_at(ended, "/run/state") == "succeeded");
    CHECK(text_at(ended, "/run/trigger") == "schedule");
    CHECK(text_at(ended, "/run/scheduled_for") == "2026-11-24T03:00:00Z");
    CHECK(text_at(ended, "/run/id") == h.engine().job("nightly")->last_run->id);
    CHECK(text_at(ended, "/next_run_at") == "2026-11-25T03:00:00Z");
    CHECK(text_at(ended, "/last_good_backup_at") == "2026-11-24T03:00:00Z");
    CHECK(text_at(ended, "/run/results/0/target") == "nightly");
    CHECK(document(ended).at_pointer("/run/results/0/bytes_source").to_number<int>() == 14);
    CHECK(text_at(ended, "/run/results/0/backup") == h.engine().job("nightly")->last_good->id);
  });
}

TEST_CASE("each notifier is told what it wants, under one id") {
  Harness harness;
  harness.add_job("nightly");
  harness.add_job("other");
  const auto& ops = harness.add_notifier("ops", "nightly", {EventKind::succeeded});
  const auto& dev =
      harness.add_notifier("dev", "nightly", {EventKind::succeeded, EventKind::started});
  const auto& elsewhere = harness.add_notifier("elsewhere", "other");
  harness.run([&](Harness& h) -> Task<> {
    (void)co_await h.run_job("nightly");
    co_await quiet(h);
    CHECK(told(ops) == Kinds{"succeeded"});
    REQUIRE(told(dev) == Kinds{"started", "succeeded"});
    CHECK(ops.delivered()[0] == dev.delivered()[1]);
    CHECK(elsewhere.attempts().empty());
  });
}

TEST_CASE("a run that fails, is partial or cancelled is told as what it is") {
  Harness harness;
  auto& target = harness.add_job("nightly");
  const auto& ops = harness.add_notifier("ops", "nightly");
  std::shared_ptr<async::Event> gate;
  harness.run([&](Harness& h) -> Task<> {
    target.script.failures[1] = FakeScript::failure(false);
    (void)co_await h.run_job("nightly");
    target.script.warnings = {{target::Warning::Kind::missing, "a", "can't be read"}};
    (void)co_await h.run_job("nightly");
    target.script.before = [&](int) -> Task<> {
      gate = std::make_shared<async::Event>(h.engine().loop());
      co_await gate->wait();
    };
    const auto id = h.engine().trigger("nightly");
    co_await h.until([&] { return gate != nullptr; });
    h.engine().cancel(id);
    co_await quiet(h);
    REQUIRE(told(ops) == Kinds{"started", "failed", "started", "partial", "started", "cancelled"});
    CHECK_THAT(text_at(ops.delivered()[1], "/run/results/0/error"), ContainsText("on purpose"));
    CHECK_THAT(text_at(ops.delivered()[1], "/message"), ContainsText("on purpose"));
    CHECK_THAT(text_at(ops.delivered()[3], "/run/results/0/reasons/0"),
               ContainsText("could not be saved"));
    CHECK(text_at(ops.delivered()[5], "/run/state") == "cancelled");
    CHECK(document(ops.delivered()[5]).at_pointer("/last_good_backup_at").is_null());
  });
}

TEST_CASE("the first success after trouble is told as recovered, and only the first") {
  Harness harness;
  auto& target = harness.add_job("nightly");
  const auto& ops =
      harness.add_notifier("ops", "nightly", {EventKind::failed, EventKind::recovered});
  target.script.failures[1] = FakeScript::failure(false);
  harness.run([&](Harness& h) -> Task<> {
    (void)co_await h.run_job("nightly");
    (void)co_await h.run_job("nightly");
    (void)co_await h.run_job("nightly");
    co_await quiet(h);
    REQUIRE(told(ops) == Kinds{"failed", "recovered"});
    CHECK(text_at(ops.delivered()[1], "/run/state") == "succeeded");
  });
}

TEST_CASE("trouble is remembered over a restart and over a run that was cancelled") {
  Harness harness;
  auto& target = harness.add_job("nightly");
  const auto& ops = harness.add_notifier("ops", "nightly", {EventKind::recovered});
  std::shared_ptr<async::Event> gate;
  target.script.failures[1] = FakeScript::failure(false);
  target.script.before = [&](int attempt) -> Task<> {
    if (attempt != 2) co_return;
    gate = std::make_shared<async::Event>(harness.engine().loop());
    co_await gate->wait();
  };
  harness.run([&](Harness& h) -> Task<> {
    (void)co_await h.run_job("nightly");
    const auto id = h.engine().trigger("nightly");
    co_await h.until([&] { return gate != nullptr; });
    h.engine().cancel(id);
    co_await quiet(h);
    CHECK(h.engine().job("nightly")->last_run->state == RunState::cancelled);
  });
  harness.run([&](Harness& h) -> Task<> {
    (void)co_await h.run_job("nightly");
    co_await quiet(h);
    CHECK(told(ops) == Kinds{"recovered"});
  });
}

TEST_CASE("the success of some targets is no recovery of the job") {
  Harness harness;
  harness.add_job("nightly");
  harness.add_job("second");
  harness.job("nightly").targets = {"nightly", "second"};
  harness.targets["second"]->script.failures[1] = FakeScript::failure(false);
  const auto& ops = harness.add_notifier("ops", "nightly", {EventKind::recovered});
  harness.run([&](Harness& h) -> Task<> {
    (void)co_await h.run_job("nightly");
    const auto id = h.engine().trigger("nightly", {.targets = {"nightly"}});
    (void)co_await h.engine().wait(id);
    co_await quiet(h);
    CHECK(ops.attempts().empty());
  });
  harness.run([&](Harness& h) -> Task<> {
    (void)co_await h.run_job("nightly");
    co_await quiet(h);
    CHECK(told(ops) == Kinds{"recovered"});
  });
}

TEST_CASE("a run that died with the daemon is told after the next start, once") {
  Harness harness;
  harness.add_job("nightly");
  const auto& ops = harness.add_notifier("ops", "nightly");
  harness.open_catalog().put_run(died("dead", harness.now - 1h));
  for (int start = 0; start < 2; ++start) {
    harness.run([&](Harness& h) -> Task<> {
      co_await quiet(h);
      REQUIRE(told(ops) == Kinds{"interrupted"});
      CHECK(text_at(ops.delivered()[0], "/run/id") == "dead");
      CHECK(text_at(ops.delivered()[0], "/run/results/0/state") == "interrupted");
    });
  }
}

TEST_CASE("a run that the daemon's stop interrupts is told by the next daemon") {
  Harness harness;
  auto& target = harness.add_job("nightly");
  auto& ops = harness.add_notifier("ops", "nightly", {EventKind::interrupted});
  std::shared_ptr<async::Event> gate, never;
  target.script.before = [&](int) -> Task<> {
    gate = std::make_shared<async::Event>(harness.engine().loop());
    co_await gate->wait();
  };
  ops.before = [&](int attempt) -> Task<> {
    if (attempt > 1) co_return;
    never = std::make_shared<async::Event>(harness.engine().loop());
    co_await never->wait();
  };
  harness.run([&](Harness& h) -> Task<> {
    (void)h.engine().trigger("nightly");
    co_await h.until([&] { return gate != nullptr; });
  });
  CHECK(ops.delivered().empty());
  target.script.before = {};
  harness.run([&](Harness& h) -> Task<> {
    co_await quiet(h);
    CHECK(told(ops) == Kinds{"interrupted"});
  });
}

TEST_CASE("a firing that no run answers is told with the reason") {
  Harness harness;
  auto& target = harness.add_job("nightly");
  harness.job("nightly").schedule = cron("0 3 * * *");
  harness.job("nightly").catch_up = false;
  const auto& ops = harness.add_notifier("ops", "nightly", {EventKind::missed});
  std::shared_ptr<async::Event> gate;
  harness.run([](Harness& h) -> Task<> { co_await h.clock->settle(); });
  harness.now = at("2026-11-24T12:00:00Z");
  target.script.before = [&](int) -> Task<> {
    gate = std::make_shared<async::Event>(harness.engine().loop());
    co_await gate->wait();
  };
  harness.run([&](Harness& h) -> Task<> {
    co_await h.clock->settle();
    REQUIRE(told(ops) == Kinds{"missed"});
    CHECK(text_at(ops.delivered()[0], "/missed/scheduled_for") == "2026-11-24T03:00:00Z");
    CHECK_THAT(text_at(ops.delivered()[0], "/missed/why"), ContainsText("catch_up is off"));
    (void)h.engine().trigger("nightly");
    co_await h.until([&] { return gate != nullptr; });
    co_await h.clock->advance(15h);
    REQUIRE(told(ops) == Kinds{"missed", "missed"});
    CHECK(text_at(ops.delivered()[1], "/missed/scheduled_for") == "2026-11-25T03:00:00Z");
    CHECK_THAT(text_at(ops.delivered()[1], "/missed/why"), ContainsText("still going"));
  });
}

TEST_CASE("what retention removes is told, after a run and by hand") {
  Harness harness;
  harness.add_job("nightly");
  harness.job("nightly").retention.keep_last = 1;
  const auto& ops = harness.add_notifier("ops", "nightly", {EventKind::pruned});
  harness.run([&](Harness& h) -> Task<> {
    const auto first = co_await h.run_job("nightly");
    co_await h.clock->advance(1h);
    const auto second = co_await h.run_job("nightly");
    co_await quiet(h);
    REQUIRE(told(ops) == Kinds{"pruned"});
    CHECK(text_at(ops.delivered()[0], "/pruned/0/backup") == first.results[0].backup);
    CHECK_FALSE(text_at(ops.delivered()[0], "/pruned/0/why").empty());

    h.job("nightly").retention = {};
    h.engine().reload(h.shared_config());
    co_await h.clock->advance(1h);
    (void)co_await h.run_job("nightly");
    h.job("nightly").retention.keep_last = 1;
    h.engine().reload(h.shared_config());
    (void)co_await h.engine().prune("nightly", true);
    co_await quiet(h);
    CHECK(ops.attempts().size() == 1);
    (void)co_await h.engine().prune("nightly", false);
    co_await quiet(h);
    REQUIRE(told(ops) == Kinds{"pruned", "pruned"});
    CHECK(text_at(ops.delivered()[1], "/pruned/0/backup") == second.results[0].backup);
  });
}

TEST_CASE("a backup that a verification finds bad is told to its job's notifiers alone") {
  Harness harness;
  harness.add_job("nightly");
  harness.add_job("other");
  const auto& ops = harness.add_notifier("ops", "nightly", {EventKind::failed});
  const auto& else_ops = harness.add_notifier("else", "other", {EventKind::failed});
  harness.run([&](Harness& h) -> Task<> {
    const auto bad = co_await h.run_job("nightly");
    (void)co_await h.run_job("other");
    h.store->damage(*store::BackupKey::parse(bad.results[0].backup), 100);
    const auto id = co_await h.engine().verify({});
    (void)co_await h.engine().wait(id);
    co_await quiet(h);
    REQUIRE(told(ops) == Kinds{"failed"});
    const auto& event = ops.delivered()[0];
    CHECK(text_at(event, "/run/kind") == "verify");
    CHECK(text_at(event, "/run/id") == id);
    CHECK(document(event).at_pointer("/run/results").as_array().size() == 1);
    CHECK(text_at(event, "/run/results/0/target") == bad.results[0].backup);
    CHECK(else_ops.attempts().empty());
  });
}

TEST_CASE("what somebody should act on is logged and told, and the backup stays whole") {
  Harness harness;
  auto& target = harness.add_job("nightly");
  for (int i = 0; i < 30; ++i) {
    target.script.warnings.push_back({target::Warning::Kind::changed, "f", "grew"});
  }
  target.script.warnings.push_back(
      {target::Warning::Kind::attention, "", "its snapshot could not be deleted"});
  const auto& ops = harness.add_notifier("ops", "nightly", {EventKind::succeeded});
  harness.run([&](Harness& h) -> Task<> {
    const auto run = co_await h.run_job("nightly");
    CHECK(run.state == RunState::succeeded);
    co_await quiet(h);
    const auto details = co_await h.engine().run(run.id);
    REQUIRE(details.log.size() > 2);
    CHECK(details.log[1].level == "warning");
    CHECK(details.log[1].text == "its snapshot could not be deleted");
    REQUIRE(told(ops) == Kinds{"succeeded"});
    CHECK(text_at(ops.delivered()[0], "/warnings/0") ==
          "nightly: its snapshot could not be deleted");
    CHECK(document(ops.delivered()[0]).at_pointer("/warnings").as_array().size() == 1);
  });
}

TEST_CASE("an event is in the outbox if and only if the record of the run's end is there") {
  Harness harness;
  harness.add_job("nightly");
  harness.add_notifier("ops", "nightly", {EventKind::succeeded});
  // What a daemon killed at any moment leaves is a copy of the catalog at that moment.
  int looks = 0;
  struct Looker : engine::Listener {
    explicit Looker(std::function<void()> act) : look(std::move(act)) {}
    void run_changed(const engine::Run&) override { look(); }
    void run_finished(const engine::Run&) override { look(); }
    std::function<void()> look;
  } looker([&] {
    ++looks;
    auto catalog = harness.open_catalog();
    const auto runs = catalog.runs({});
    const bool over = !runs.empty() && catalog::is_final(runs[0].state);
    CHECK(catalog.first_pending("ops").has_value() == over);
  });
  harness.notifiers["ops"]->before = [&](int) -> Task<> {
    co_await harness.clock->sleep_for(240h);
  };
  harness.run([&](Harness& h) -> Task<> {
    h.engine().add_listener(looker);
    (void)co_await h.run_job("nightly");
    h.engine().remove_listener(looker);
  });
  CHECK(looks > 3);
  CHECK(waiting(harness, "ops") == Kinds{"succeeded"});
}

TEST_CASE(
    "a catalog that can't take the end of a run gets it, and its event, with the next change") {
  Harness harness;
  harness.add_job("nightly");
  harness.add_job("other");
  const auto& ops = harness.add_notifier("ops", "nightly", {EventKind::succeeded});
  harness.run([&](Harness& h) -> Task<> {
    co_await h.clock->settle();
    forbid_inserts(h, "outbox");
    const auto run = co_await h.run_job("nightly");
    CHECK(run.state == RunState::succeeded);
    co_await h.clock->settle();
    CHECK(ops.attempts().empty());
    CHECK(h.open_catalog().run(run.id)->state == RunState::running);
    allow_inserts(h);
    (void)co_await h.run_job("other");
    co_await h.clock->settle();
    CHECK(told(ops) == Kinds{"succeeded"});
    CHECK(h.open_catalog().run(run.id) == run);
  });
}

TEST_CASE("what the catalog never took is lost with the daemon, and the log says so") {
  Harness harness;
  harness.add_job("nightly");
  harness.add_notifier("ops", "nightly", {EventKind::succeeded});
  harness.run([&](Harness& h) -> Task<> {
    co_await h.clock->settle();
    forbid_inserts(h, "outbox");
    (void)co_await h.run_job("nightly");
  });
  CHECK(std::ranges::count_if(harness.log, [](const std::string& line) {
          return line.starts_with("error: 2 changes to the catalog are lost");
        }) == 1);
}
