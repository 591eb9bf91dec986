// Retention as the engine applies it, and the anomaly gate before it.
#include "harness.hpp"
#include "support/catch.hpp"

using namespace snapshotter;
using namespace snapshotter::test;
using namespace std::chrono_literals;
using catalog::RunState;

namespace {

struct KeepingTwo : Harness {
  KeepingTwo() {
    add_job("nightly", FakeScript::of_files(4, std::string(1000, 'x')));
    job("nightly").retention.keep_last = 2;
  }
};

Task<> run_a_day_later(Harness& h) {
  co_await h.clock->advance(24h);
  (void)co_await h.run_job("nightly");
}

}  // namespace

TEST_CASE("retention removes what the policy no longer keeps after a success") {
  KeepingTwo harness;
  harness.run([](Harness& h) -> Task<> {
    for (int i = 0; i < 4; ++i) co_await run_a_day_later(h);
    const auto backups = co_await h.engine().backups("nightly");
    REQUIRE(backups.size() == 2);
    CHECK_FALSE(backups[0].kept_by.empty());
  });
  CHECK(harness.stored().size() == 2);
}

TEST_CASE(
    "retention runs although backups fail - nothing is deleted after a run that did not succeed") {
  KeepingTwo harness;
  auto& target = *harness.targets["nightly"];
  harness.run([&](Harness& h) -> Task<> {
    for (int i = 0; i < 2; ++i) co_await run_a_day_later(h);
    h.job("nightly").retention.keep_last = 1;
    h.engine().reload(h.shared_config());
    target.script.failures[3] = FakeScript::failure(false);
    co_await run_a_day_later(h);
    CHECK((co_await h.engine().backups("nightly")).size() == 2);
    co_await run_a_day_later(h);
    CHECK((co_await h.engine().backups("nightly")).size() == 1);
  });
}

TEST_CASE("a backup a tenth of yesterdays makes the run partial and deletes nothing") {
  KeepingTwo harness;
  harness.config.targets["nightly"].expect.max_shrink = 0.5;
  auto& target = *harness.targets["nightly"];
  harness.run([&](Harness& h) -> Task<> {
    for (int i = 0; i < 2; ++i) co_await run_a_day_later(h);
    target.script.files.resize(1);
    for (int i = 0; i < 3; ++i) {
      co_await h.clock->advance(24h);
      const auto run = co_await h.run_job("nightly");
      CHECK(run.state == RunState::partial);
      CHECK_THAT(run.error, ContainsText("shrank by 75 %"));
    }
    CHECK((co_await h.engine().backups("nightly")).size() == 5);
    // It is measured against the last good one, so it does not become the new normal by itself.
    CHECK(h.engine().job("nightly")->last_good->bytes_source == 4000);
  });
}

TEST_CASE("a snapshot of nothing is noticed without any expectation") {
  KeepingTwo harness;
  harness.run([&](Harness& h) -> Task<> {
    co_await run_a_day_later(h);
    h.targets["nightly"]->script.files = {{"empty", ""}};
    const auto run = co_await h.run_job("nightly");
    CHECK(run.state == RunState::partial);
    CHECK_THAT(run.error, ContainsText("was empty"));
  });
}

TEST_CASE("a backup below min_size is partial from the first one on") {
  KeepingTwo harness;
  harness.config.targets["nightly"].expect.min_size = 1_MiB;
  harness.run([&](Harness& h) -> Task<> {
    const auto run = co_await h.run_job("nightly");
    CHECK(run.state == RunState::partial);
    CHECK_THAT(run.error, ContainsText("less than the 1 MiB"));
  });
}

TEST_CASE("the preview of a prune equals the deed") {
  KeepingTwo harness;
  harness.job("nightly").retention = {};
  harness.run([](Harness& h) -> Task<> {
    for (int i = 0; i < 5; ++i) co_await run_a_day_later(h);
    h.job("nightly").retention.keep_last = 2;
    h.engine().reload(h.shared_config());
    const auto preview = co_await h.engine().prune("nightly", true);
    CHECK(preview.size() == 3);
    CHECK((co_await h.engine().backups("nightly")).size() == 5);
    const auto deed = co_await h.engine().prune("nightly", false);
    REQUIRE(deed.size() == preview.size());
    for (std::size_t i = 0; i < deed.size(); ++i) {
      CHECK(deed[i].id == preview[i].id);
      CHECK(deed[i].reasons == preview[i].reasons);
    }
    CHECK((co_await h.engine().backups("nightly")).size() == 2);
    CHECK((co_await h.engine().prune("", false)).empty());
  });
}

TEST_CASE("a run of some targets only removes nothing") {
  KeepingTwo harness;
  harness.add_job("other");
  harness.job("nightly").targets = {"nightly", "other"};
  harness.run([](Harness& h) -> Task<> {
    engine::TriggerOptions only;
    only.targets = {"nightly"};
    for (int i = 0; i < 4; ++i) {
      co_await h.clock->advance(24h);
      (void)co_await h.engine().wait(h.engine().trigger("nightly", only));
    }
    CHECK((co_await h.engine().backups("nightly")).size() == 4);
    (void)co_await h.run_job("nightly");
    CHECK((co_await h.engine().backups("nightly")).size() == 3);
  });
}

TEST_CASE("a clock that is years ahead does not make every backup too old") {
  KeepingTwo harness;
  harness.job("nightly").retention = {};
  harness.job("nightly").retention.days = 30;
  harness.run([](Harness& h) -> Task<> {
    for (int i = 0; i < 3; ++i) co_await run_a_day_later(h);
    co_await h.clock->jump(at("2036-01-01T00:00:00Z"));
    co_await run_a_day_later(h);
    CHECK((co_await h.engine().backups("nightly")).size() == 4);
    co_await run_a_day_later(h);  // it has gone on since: the clock is right
    CHECK((co_await h.engine().backups("nightly")).size() == 2);
  });
}

TEST_CASE("retention follows the policy in force when the run ends") {
  KeepingTwo harness;
  harness.run([](Harness& h) -> Task<> {
    for (int i = 0; i < 2; ++i) co_await run_a_day_later(h);
    h.targets["nightly"]->script.before = [&h](int) -> Task<> {
      h.job("nightly").retention.keep_last = 10;
      h.engine().reload(h.shared_config());
      co_return;
    };
    co_await run_a_day_later(h);
    CHECK((co_await h.engine().backups("nightly")).size() == 3);
  });
}

TEST_CASE("a backup that can not be deleted stays known") {
  KeepingTwo harness;
  harness.run([](Harness& h) -> Task<> {
    for (int i = 0; i < 2; ++i) co_await run_a_day_later(h);
    h.store->fail_next(MemoryStore::Call::remove, StoreError({"remove", "memory", "read-only"}));
    co_await run_a_day_later(h);
    const auto backups = co_await h.engine().backups("nightly");
    REQUIRE(backups.size() == 3);
    CHECK(backups[2].record.good());
    co_await run_a_day_later(h);
    CHECK((co_await h.engine().backups("nightly")).size() == 2);
  });
}
