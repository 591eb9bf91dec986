// Runs by hand: outcome, retry, timeout, cancellation, concurrency.
#include "archive/reader.hpp"
#include "base/error.hpp"
#include "crypto/sha256.hpp"
#include "harness.hpp"
#include "support/catch.hpp"

using namespace snapshotter;
using namespace snapshotter::test;
using namespace std::chrono_literals;
using catalog::RunState;

namespace {

// A script whose backup waits until cancelled, or until the event is set.
FakeScript blocked(std::shared_ptr<async::Event>& gate, Harness& harness) {
  auto script = FakeScript::of_files(2, "content");
  script.before = [&gate, &harness](int) -> Task<> {
    if (!gate) gate = std::make_shared<async::Event>(harness.engine().loop());
    co_await gate->wait();
  };
  return script;
}

}  // namespace

TEST_CASE("a run leaves a verified backup in store and catalog") {
  Harness harness;
  harness.add_job("nightly");
  harness.run([](Harness& h) -> Task<> {
    const auto run = co_await h.run_job("nightly");
    CHECK(run.state == RunState::succeeded);
    CHECK(run.error.empty());
    REQUIRE(run.results.size() == 1);
    CHECK(run.results[0].entries == 2);
    CHECK(run.results[0].bytes_source == 14);
    CHECK(run.results[0].attempts == 1);
    const auto backups = co_await h.engine().backups("nightly");
    REQUIRE(backups.size() == 1);
    CHECK(backups[0].record.id == run.results[0].backup);
    CHECK(backups[0].record.good());
    CHECK(backups[0].record.run == run.id);
    CHECK(h.engine().job("nightly")->last_good.has_value());
  });
  REQUIRE(harness.stored().size() == 1);
  CHECK(harness.stored()[0].state == "succeeded");
  CHECK(harness.stored()[0].host == "testhost");
  CHECK(harness.heard.events == std::vector<std::string>{"added nightly", "succeeded nightly"});
}

TEST_CASE("the log lines of a run are kept with it") {
  Harness harness;
  harness.add_job("nightly");
  harness.run([](Harness& h) -> Task<> {
    const auto run = co_await h.run_job("nightly");
    const auto details = co_await h.engine().run(run.id.substr(0, 18));
    CHECK(details.record.id == run.id);
    REQUIRE(details.log.size() == 3);  // started, the target, ended: a good night is short
    CHECK_THAT(details.log[0].text, ContainsText("started by manual"));
    CHECK_THAT(details.log[1].text, ContainsText("verified"));
    CHECK(details.log[1].target == "nightly");
    CHECK_THAT(details.log[2].text, ContainsText("succeeded"));
  });
}

TEST_CASE("one failing target does not stop the others") {
  Harness harness;
  auto& bad = harness.add_job("bad");
  bad.script.failures[1] = FakeScript::failure(false);
  harness.add_job("good");
  harness.job("bad").targets = {"bad", "good"};
  harness.run([](Harness& h) -> Task<> {
    const auto run = co_await h.run_job("bad");
    CHECK(run.state == RunState::partial);
    CHECK(run.results[0].state == RunState::failed);
    CHECK_THAT(run.results[0].error, ContainsText("on purpose"));
    CHECK(run.results[1].state == RunState::succeeded);
    CHECK_THAT(run.error, ContainsText("bad: "));
  });
  CHECK(harness.stored().size() == 1);
  CHECK(harness.store->open_writers() == 0);
}

TEST_CASE("a retryable failure is tried again after a growing pause") {
  Harness harness;
  auto& target = harness.add_job("nightly");
  target.script.failures[1] = FakeScript::failure(true);
  target.script.failures[2] = FakeScript::failure(true);
  harness.job("nightly").retry = {3, 30s};
  harness.run([](Harness& h) -> Task<> {
    auto& tries = *h.targets["nightly"];
    const auto id = h.engine().trigger("nightly");
    co_await h.until([&] { return tries.attempts() == 1 && h.clock->waiters() == 1; });
    co_await h.clock->advance(29s);
    CHECK(tries.attempts() == 1);
    co_await h.clock->advance(1s);
    co_await h.until([&] { return tries.attempts() == 2 && h.clock->waiters() == 1; });
    co_await h.clock->advance(59s);
    CHECK(tries.attempts() == 2);
    co_await h.clock->advance(1s);
    const auto run = co_await h.engine().wait(id);
    CHECK(run.state == RunState::succeeded);
    CHECK(run.results[0].attempts == 3);
  });
  CHECK(harness.stored().size() == 1);
}

TEST_CASE("what a retry can not help is tried once") {
  Harness harness;
  auto& target = harness.add_job("nightly");
  target.script.failures[1] = FakeScript::failure(false);
  harness.job("nightly").retry = {3, 30s};
  harness.run([](Harness& h) -> Task<> {
    const auto run = co_await h.run_job("nightly");
    CHECK(run.state == RunState::failed);
    CHECK(run.results[0].attempts == 1);
    CHECK_FALSE(h.engine().last_error().empty());
  });
  CHECK(harness.stored().empty());
}

TEST_CASE("a full store fails the target and harms nothing older") {
  Harness harness;
  harness.add_job("nightly");
  harness.run([](Harness& h) -> Task<> {
    (void)co_await h.run_job("nightly");
    h.store->fail_next(MemoryStore::Call::append,
                       StoreFullError({"write", "memory", "no space left"}));
    const auto run = co_await h.run_job("nightly");
    CHECK(run.state == RunState::failed);
    CHECK_THAT(run.error, ContainsText("no space left"));
  });
  CHECK(harness.stored().size() == 1);
  CHECK(harness.store->open_writers() == 0);
}

TEST_CASE("a store that fails at any step leaves no backup and no writer") {
  const auto call = GENERATE(MemoryStore::Call::begin, MemoryStore::Call::append,
                             MemoryStore::Call::seal, MemoryStore::Call::commit);
  Harness harness;
  harness.add_job("nightly");
  harness.run([&](Harness& h) -> Task<> {
    h.store->fail_next(call, StoreError({"use", "memory", "broken"}));
    const auto run = co_await h.run_job("nightly");
    CHECK(run.state == RunState::failed);
    CHECK((co_await h.engine().backups("nightly")).empty());
  });
  CHECK(harness.stored().empty());
  CHECK(harness.store->open_writers() == 0);
}

TEST_CASE("a run leaves an index that is proven to be the archive's") {
  Harness harness;
  harness.add_job("nightly");
  harness.run([](Harness& h) -> Task<> { (void)co_await h.run_job("nightly"); });
  const auto manifest = harness.stored().at(0);
  REQUIRE(manifest.index);
  const auto index = harness.store->open_index(manifest.key);
  REQUIRE(index);
  async::WorkerPool pool("test", 0);
  const auto archive = harness.store->open(manifest.key);
  const auto verified = archive::verify(*archive, pool, {}, {}, index.get());
  REQUIRE(verified.index);
  CHECK(verified.index->problem.empty());
  CHECK(verified.index->bytes == manifest.index->bytes);
  CHECK(crypto::to_hex(verified.index->sha256) == manifest.index->sha256);
  CHECK(manifest.warning_count == 0);
}

TEST_CASE("an index that can not be written costs no backup and is told") {
  Harness harness;
  harness.add_job("nightly");
  harness.run([](Harness& h) -> Task<> {
    h.store->fail_next(MemoryStore::Call::index, StoreError({"write index", "memory", "broken"}));
    const auto run = co_await h.run_job("nightly");
    CHECK(run.state == RunState::succeeded);
    CHECK(run.results[0].warnings == 1);
  });
  const auto manifest = harness.stored().at(0);
  CHECK_FALSE(manifest.index);
  CHECK(manifest.state == "succeeded");
  REQUIRE(manifest.warnings.size() == 1);
  CHECK_THAT(manifest.warnings[0].what, ContainsText("broken"));
  CHECK(harness.store->open_index(manifest.key) == nullptr);
  CHECK(std::ranges::any_of(harness.log, [](const std::string& line) {
    return line.starts_with("warning: ") && line.find("no index") != std::string::npos;
  }));
}

TEST_CASE("the timeout of a job ends it as failed") {
  Harness harness;
  std::shared_ptr<async::Event> gate;
  harness.add_job("nightly", blocked(gate, harness));
  harness.job("nightly").timeout = 1h;
  harness.run([](Harness& h) -> Task<> {
    const auto id = h.engine().trigger("nightly");
    co_await h.until([&] { return h.targets["nightly"]->attempts() == 1; });
    co_await h.clock->advance(1h);
    const auto run = co_await h.engine().wait(id);
    CHECK(run.state == RunState::failed);
    CHECK_THAT(run.error, ContainsText("timeout of 1h"));
    CHECK(h.targets["nightly"]->cancelled() == 1);
  });
  CHECK(harness.store->open_writers() == 0);
}

TEST_CASE("a run is cancelled in the middle of its source") {
  Harness harness;
  std::shared_ptr<async::Event> gate;
  harness.add_job("nightly", blocked(gate, harness));
  harness.add_job("second");
  harness.job("nightly").targets = {"nightly", "second"};
  harness.run([](Harness& h) -> Task<> {
    const auto id = h.engine().trigger("nightly");
    co_await h.until([&] { return h.targets["nightly"]->attempts() == 1; });
    h.engine().cancel(id);
    const auto run = co_await h.engine().wait(id);
    CHECK(run.state == RunState::cancelled);
    CHECK(run.results[0].state == RunState::cancelled);
    CHECK(run.results[1].state == RunState::cancelled);
    CHECK(h.targets["second"]->attempts() == 0);
    CHECK_THROWS_AS(h.engine().cancel(id), RequestError);
  });
  CHECK(harness.stored().empty());
  CHECK(harness.store->open_writers() == 0);
}

TEST_CASE("a run is cancelled while it pauses before another attempt") {
  Harness harness;
  auto& target = harness.add_job("nightly");
  target.script.failures[1] = FakeScript::failure(true);
  harness.job("nightly").retry = {3, 30s};
  harness.run([](Harness& h) -> Task<> {
    const auto id = h.engine().trigger("nightly");
    co_await h.until([&] { return h.clock->waiters() == 1; });
    h.engine().cancel(id);
    CHECK((co_await h.engine().wait(id)).state == RunState::cancelled);
    CHECK(h.clock->waiters() == 0);
  });
}

TEST_CASE("a queued run is cancelled before it begins") {
  Harness harness;
  std::shared_ptr<async::Event> gate;
  harness.add_job("first", blocked(gate, harness));
  harness.add_job("second");
  harness.config.daemon.max_concurrent_runs = 1;
  harness.run([&](Harness& h) -> Task<> {
    const auto first = h.engine().trigger("first");
    const auto second = h.engine().trigger("second");
    co_await h.until([&] { return h.targets["first"]->attempts() == 1; });
    h.engine().cancel(second);
    CHECK((co_await h.engine().wait(second)).state == RunState::cancelled);
    CHECK(h.targets["second"]->attempts() == 0);
    gate->set();
    CHECK((co_await h.engine().wait(first)).state == RunState::succeeded);
  });
}

TEST_CASE("runs wait for a place and never share a target") {
  Harness harness;
  std::shared_ptr<async::Event> gate;
  harness.add_job("shared", blocked(gate, harness));
  harness.add_job("other");
  harness.config.jobs["also"] = harness.config.jobs["shared"];
  harness.config.jobs["also"].name = "also";
  harness.run([&](Harness& h) -> Task<> {
    const auto first = h.engine().trigger("shared");
    const auto also = h.engine().trigger("also");
    const auto other = h.engine().trigger("other");
    // The one that waits for the target does not hold up the one behind it.
    CHECK((co_await h.engine().wait(other)).state == RunState::succeeded);
    CHECK(h.targets["shared"]->attempts() == 1);
    gate->set();
    CHECK((co_await h.engine().wait(first)).state == RunState::succeeded);
    gate->set();
    CHECK((co_await h.engine().wait(also)).state == RunState::succeeded);
    CHECK_FALSE(h.targets["shared"]->overlapped());
  });
  CHECK(harness.stored().size() == 3);
}

TEST_CASE("one long job does not block another") {
  Harness harness;
  std::shared_ptr<async::Event> gate;
  harness.add_job("long", blocked(gate, harness));
  harness.add_job("short");
  harness.run([&](Harness& h) -> Task<> {
    const auto slow = h.engine().trigger("long");
    CHECK((co_await h.run_job("short")).state == RunState::succeeded);
    h.engine().cancel(slow);
    (void)co_await h.engine().wait(slow);
  });
}

TEST_CASE("a job that is going is refused or queued by its overlap") {
  Harness harness;
  std::shared_ptr<async::Event> gate;
  harness.add_job("nightly", blocked(gate, harness));
  harness.run([&](Harness& h) -> Task<> {
    const auto first = h.engine().trigger("nightly");
    CHECK_THROWS_AS(h.engine().trigger("nightly"), RequestError);
    h.job("nightly").overlap = config::Overlap::queue;
    h.engine().reload(h.shared_config());
    const auto second = h.engine().trigger("nightly");
    // One may wait, no more.
    CHECK_THROWS_AS(h.engine().trigger("nightly"), RequestError);
    co_await h.until([&] { return h.targets["nightly"]->attempts() == 1; });
    gate->set();
    CHECK((co_await h.engine().wait(first)).state == RunState::succeeded);
    co_await h.until([&] { return h.targets["nightly"]->attempts() == 2; });
    gate->set();
    CHECK((co_await h.engine().wait(second)).state == RunState::succeeded);
  });
}

TEST_CASE("requests that can not be met say why") {
  Harness harness;
  harness.add_job("nightly");
  harness.run([](Harness& h) -> Task<> {
    const auto kind_of = [](auto act) {
      try {
        act();
      } catch (const Error& error) {
        return std::pair{error.kind(), std::string(error.what())};
      }
      return std::pair{ErrorKind::internal, std::string()};
    };
    const auto job = kind_of([&] { (void)h.engine().trigger("nigtly"); });
    CHECK(job.first == ErrorKind::no_such_job);
    CHECK_THAT(job.second, ContainsText("did you mean 'nightly'?"));
    CHECK(kind_of([&] { (void)h.engine().trigger("nightly", {.targets = {"x"}}); }).first ==
          ErrorKind::invalid_argument);
    CHECK(kind_of([&] { h.engine().cancel("nope"); }).first == ErrorKind::no_such_run);
    co_return;
  });
}

TEST_CASE("a run of some targets only takes those") {
  Harness harness;
  harness.add_job("one");
  harness.add_job("two");
  harness.job("one").targets = {"one", "two"};
  harness.run([](Harness& h) -> Task<> {
    const auto id = h.engine().trigger("one", {.targets = {"two"}});
    const auto run = co_await h.engine().wait(id);
    REQUIRE(run.results.size() == 1);
    CHECK(run.results[0].target == "two");
  });
}

TEST_CASE("only so many finished runs stay in memory") {
  Harness harness;
  harness.add_job("nightly");
  harness.run([](Harness& h) -> Task<> {
    for (std::size_t i = 0; i < engine::Engine::kRecentRuns + 3; ++i) {
      (void)co_await h.run_job("nightly");
    }
    CHECK(h.engine().runs_in_memory().size() == engine::Engine::kRecentRuns);
    const catalog::RunFilter every;
    CHECK((co_await h.engine().runs(every)).size() == engine::Engine::kRecentRuns + 3);
  });
  CHECK(harness.heard.forgotten == 3);
}

TEST_CASE("warnings make a backup partial by its tolerance") {
  using Kind = target::Warning::Kind;
  Harness harness;
  auto& target = harness.add_job("nightly");
  target.script.warnings = {{Kind::missing, "/a", "Permission denied"},
                            {Kind::changed, "/b", "grew"}};
  harness.run([](Harness& h) -> Task<> {
    const auto run = co_await h.run_job("nightly");
    CHECK(run.state == RunState::partial);
    REQUIRE(run.results[0].reasons.size() == 1);
    CHECK_THAT(run.results[0].reasons[0], ContainsText("/a': Permission denied"));
    CHECK_FALSE(h.engine().job("nightly")->last_good.has_value());
  });
  REQUIRE(harness.stored().size() == 1);
  CHECK(harness.stored()[0].state == "partial");
  CHECK(harness.stored()[0].warnings.size() == 2);

  harness.config.targets["nightly"].tolerate.missing = 1;
  harness.run([](Harness& h) -> Task<> {
    CHECK((co_await h.run_job("nightly")).state == RunState::succeeded);
  });
  harness.config.targets["nightly"].tolerate.fail_above = 1;
  harness.run([](Harness& h) -> Task<> {
    CHECK((co_await h.run_job("nightly")).state == RunState::failed);
  });
}
