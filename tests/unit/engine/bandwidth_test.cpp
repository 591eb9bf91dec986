// Limits on bytes per second, in virtual time: whoever waits for bandwidth makes it pass.
#include "harness.hpp"
#include "support/catch.hpp"

using namespace snapshotter;
using namespace snapshotter::test;
using namespace std::chrono_literals;
using catalog::RunState;

namespace {

constexpr std::size_t kFileSize = 2U << 20U;
constexpr std::size_t kFiles = 4;

// Does not compress: as much goes to the store as comes from the target.
FakeScript noise() {
  const auto random = platform::seeded_random(7);
  std::string content;
  while (content.size() < kFileSize) {
    const std::uint64_t bits = random->next();
    content.append(reinterpret_cast<const char*>(&bits), sizeof bits);
  }
  return FakeScript::of_files(kFiles, content);
}

// What passes at once and what is more than 8 MiB together: headers, and the last read.
constexpr Duration kSlack = 1s;

Task<Duration> time_of_a_run(Harness& h) {
  const auto before = h.clock->now();
  const auto run = co_await h.run_job("nightly");
  CHECK(run.state == RunState::succeeded);
  co_return h.clock->now() - before;
}

}  // namespace

TEST_CASE("without limits no time passes") {
  Harness harness;
  harness.add_job("nightly", noise());
  harness.run([](Harness& h) -> Task<> {
    const auto took = co_await time_of_a_run(h);
    CHECK(took == 0s);
  });
}

TEST_CASE("a target is not read faster than its bandwidth") {
  Harness harness;
  harness.add_job("nightly", noise());
  harness.config.targets.at("nightly").bandwidth = 1_MiB;
  harness.run([](Harness& h) -> Task<> {
    const auto took = co_await time_of_a_run(h);
    CHECK(took >= 7750ms);
    CHECK(took <= 8s + kSlack);
  });
}

TEST_CASE("a store is not written and read back faster than its bandwidth") {
  Harness harness;
  harness.add_job("nightly", noise());
  harness.config.stores.at("local").bandwidth = 1_MiB;
  harness.run([](Harness& h) -> Task<> {
    const auto took = co_await time_of_a_run(h);
    CHECK(took >= 15750ms);
    CHECK(took <= 16s + kSlack);
    // And so does who verifies it later.
    const auto start = h.clock->now();
    const auto id = co_await h.engine().verify({});
    const auto verified = co_await h.engine().wait(id);
    CHECK(verified.state == RunState::succeeded);
    CHECK(h.clock->now() - start >= 7500ms);
    CHECK(h.clock->now() - start <= 8s + kSlack);
  });
}

TEST_CASE("a reload lifts the limit of a run under way") {
  Harness harness;
  harness.add_job("nightly", noise());
  harness.config.targets.at("nightly").bandwidth = 1_MiB;
  harness.run([](Harness& h) -> Task<> {
    int waits = 0;
    h.clock->during_wait = [&](Duration) {
      if (++waits < 3) return;
      h.config.targets.at("nightly").bandwidth.reset();
      h.engine().reload(h.shared_config());
    };
    const auto before = h.clock->now();
    const auto run = co_await h.run_job("nightly");
    CHECK(run.state == RunState::succeeded);
    CHECK(waits == 3);
    CHECK(h.clock->now() - before < 4s);
  });
}

TEST_CASE("a reload limits a run under way that had no limit, also of a store that it removes") {
  Harness harness;
  auto script = noise();
  script.before_file = [&](std::size_t file) {
    if (file != 1) return;
    harness.config.stores.at("local").bandwidth = 1_MiB;
    harness.engine().reload(harness.shared_config());
    harness.config.jobs.clear();
    harness.config.stores.clear();
    harness.engine().reload(harness.shared_config());
  };
  harness.add_job("nightly", std::move(script));
  harness.run([](Harness& h) -> Task<> {
    const auto before = h.clock->now();
    const auto run = co_await h.run_job("nightly");
    CHECK(run.state == RunState::succeeded);
    CHECK(h.clock->now() - before >= 12s);  // six and more are written, eight are read
  });
}

TEST_CASE("a run that waits for bandwidth is cancelled at once and leaves nothing") {
  for (const bool of_store : {true, false}) {
    Harness harness;
    harness.add_job("nightly", noise());
    if (of_store) {
      harness.config.stores.at("local").bandwidth = 64_KiB;
    } else {
      harness.config.targets.at("nightly").bandwidth = 64_KiB;
    }
    harness.run([](Harness& h) -> Task<> {
      const auto id = h.engine().trigger("nightly");
      h.clock->during_wait = [&](Duration) { h.engine().cancel(id); };
      const auto before = h.clock->now();
      const auto run = co_await h.engine().wait(id);
      CHECK(run.state == RunState::cancelled);
      CHECK(h.clock->now() == before);
      h.clock->during_wait = {};
    });
    CHECK(harness.stored().empty());
    CHECK(harness.store->open_writers() == 0);
  }
}

TEST_CASE("a verification that waits for bandwidth is cancelled at once") {
  Harness harness;
  harness.add_job("nightly", noise());
  harness.run([](Harness& h) -> Task<> {
    co_await h.run_job("nightly");
    h.config.stores.at("local").bandwidth = 64_KiB;
    h.engine().reload(h.shared_config());
    const auto id = co_await h.engine().verify({});
    h.clock->during_wait = [&](Duration) { h.engine().cancel(id); };
    const auto before = h.clock->now();
    const auto run = co_await h.engine().wait(id);
    CHECK(run.state == RunState::cancelled);
    CHECK(h.clock->now() == before);
    h.clock->during_wait = {};
  });
}

TEST_CASE("runs that use the same store share its bandwidth") {
  Harness harness;
  harness.config.daemon.max_concurrent_runs = 2;
  harness.add_job("one", noise());
  harness.add_job("two", noise());
  harness.config.stores.at("local").bandwidth = 1_MiB;
  harness.run([](Harness& h) -> Task<> {
    const auto before = h.clock->now();
    const auto first = h.engine().trigger("one");
    const auto second = h.engine().trigger("two");
    const auto one = co_await h.engine().wait(first);
    const auto two = co_await h.engine().wait(second);
    CHECK(one.state == RunState::succeeded);
    CHECK(two.state == RunState::succeeded);
    CHECK(h.clock->now() - before >= 31s);
  });
}
