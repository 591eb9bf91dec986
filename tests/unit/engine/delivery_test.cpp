// From the outbox to receivers that are slow, away, or refuse.
#include "base/error.hpp"
#include "engine/notifications.hpp"
#include "harness.hpp"
#include "notify/retry_policy.hpp"
#include "support/catch.hpp"
#include "told.hpp"

#include <algorithm>

using namespace snapshotter;
using namespace snapshotter::test;
using namespace std::chrono_literals;
using notify::EventKind;
using notify::NotificationResult;
using Outcome = NotificationResult::Outcome;

namespace {

const NotificationResult kAway{Outcome::retry, "500 Internal Server Error in 3 ms"};
const NotificationResult kRejected{Outcome::rejected, "410 Gone in 3 ms"};

std::ptrdiff_t lines_with(const Harness& harness, const std::string& text) {
  return std::ranges::count_if(
      harness.log, [&](const std::string& line) { return line.find(text) != std::string::npos; });
}

Task<catalog::DeliveryStatus> deliveries(Harness& h, std::string name) {
  for (const auto& status : co_await h.engine().notifiers()) {
    if (status.name == name) co_return status.deliveries;
  }
  FAIL("no notifier " + name);
  co_return catalog::DeliveryStatus{};
}

// A job whose only notifier hears of successes.
FakeNotifier& one_notifier(Harness& harness) {
  harness.add_job("nightly");
  return harness.add_notifier("ops", "nightly", {EventKind::succeeded});
}

// A notifier that waits in its first attempt for ever.
void hang(Harness& harness, FakeNotifier& notifier, std::shared_ptr<async::Event>& gate) {
  notifier.before = [&](int attempt) -> Task<> {
    if (attempt > 1) co_return;
    gate = std::make_shared<async::Event>(harness.engine().loop());
    co_await gate->wait();
  };
}

}  // namespace

TEST_CASE("an event that was not delivered is tried again, first soon and then ever later") {
  Harness harness;
  auto& ops = one_notifier(harness);
  ops.results = {kAway, kAway, kAway, kAway};
  harness.run([&](Harness& h) -> Task<> {
    const auto begin = h.clock->now();
    (void)co_await h.run_job("nightly");
    co_await h.clock->settle();
    CHECK(ops.attempts().size() == 1);
    const auto waiting = co_await deliveries(h, "ops");
    CHECK(waiting.pending == 1);
    CHECK(waiting.oldest_pending == begin);
    CHECK(waiting.last_answer == kAway.answer);
    CHECK(waiting.next_attempt > begin + 2s);
    CHECK(waiting.next_attempt <= begin + 5s);
    for (std::size_t attempt = 2; attempt <= 5; ++attempt) {
      const auto next = (co_await deliveries(h, "ops")).next_attempt.value();
      co_await h.clock->advance(next - h.clock->now() - 1us);
      CHECK(ops.attempts().size() == attempt - 1);
      co_await h.clock->advance(1us);
      co_await h.clock->settle();
      CHECK(ops.attempts().size() == attempt);
    }
    CHECK(told(ops) == Kinds{"succeeded"});
    CHECK(
        std::ranges::all_of(ops.attempts(), [&](const auto& e) { return e == ops.attempts()[0]; }));
    const auto done = co_await deliveries(h, "ops");
    CHECK(done.pending == 0);
    CHECK(done.last_delivered == h.clock->now());
    CHECK(done.given_up == 0);
  });
  CHECK(lines_with(harness,
                   "warning: notifier 'ops': event succeeded of job nightly was not "
                   "delivered: 500 Internal Server Error") == 1);
  CHECK(lines_with(harness, "was not delivered") == 1);  // the others are for debugging
  CHECK(lines_with(harness, "info: notifier 'ops': event succeeded of job nightly delivered") == 1);
}

TEST_CASE("what a receiver rejects is given up at once and told in log and counters") {
  Harness harness;
  auto& ops = one_notifier(harness);
  ops.results = {kRejected};
  harness.run([&](Harness& h) -> Task<> {
    (void)co_await h.run_job("nightly");
    (void)co_await h.run_job("nightly");
    co_await h.clock->settle();
    CHECK(ops.attempts().size() == 2);
    CHECK(told(ops) == Kinds{"succeeded"});
    const auto status = co_await deliveries(h, "ops");
    CHECK(status.given_up == 1);
    CHECK(status.given_up_why == "rejected: 410 Gone in 3 ms");
    CHECK(status.pending == 0);
  });
  CHECK(lines_with(harness,
                   "error: notifier 'ops': event succeeded of job nightly is given up: "
                   "rejected: 410 Gone") == 1);
}

TEST_CASE("an event is given up when it is a week old, after a last attempt") {
  Harness harness;
  auto& ops = one_notifier(harness);
  for (int i = 0; i < 100; ++i) ops.results.push_back(kAway);
  harness.run([&](Harness& h) -> Task<> {
    const auto begin = h.clock->now();
    (void)co_await h.run_job("nightly");
    co_await h.clock->advance(notify::kGiveUpAfter);
    const auto status1 = co_await deliveries(h, "ops");
    CHECK(status1.pending == 1);
    co_await h.clock->advance(notify::kLongestPause);
    co_await h.clock->settle();
    const auto status = co_await deliveries(h, "ops");
    CHECK(status.pending == 0);
    CHECK(status.given_up == 1);
    CHECK(status.last_given_up > begin + notify::kGiveUpAfter);
    CHECK_THAT(status.given_up_why, ContainsText("500 Internal Server Error"));
    // Doubling pauses up to a day: some twenty attempts, not thousands.
    CHECK(ops.attempts().size() > 15);
    CHECK(ops.attempts().size() < 40);
  });
  CHECK(lines_with(harness, "error: notifier 'ops'") == 1);
}

TEST_CASE("a receiver that asks to be left alone is left alone, whatever happens meanwhile") {
  Harness harness;
  auto& ops = one_notifier(harness);
  ops.results = {{Outcome::retry, "429 Too Many Requests", 10min}};
  harness.run([&](Harness& h) -> Task<> {
    (void)co_await h.run_job("nightly");
    co_await h.clock->settle();
    CHECK(ops.attempts().size() == 1);
    co_await h.clock->advance(5min);
    (void)co_await h.run_job("nightly");
    co_await h.clock->advance(5min - 1s);
    CHECK(ops.attempts().size() == 1);
    co_await h.clock->advance(1s);
    co_await h.clock->settle();
    CHECK(told(ops) == Kinds{"succeeded", "succeeded"});
  });
}

TEST_CASE(
    "a newer event is reason to try the waiting ones, in their order, a minute after the last") {
  Harness harness;
  auto& ops = one_notifier(harness);
  for (int i = 0; i < 8; ++i) ops.results.push_back(kAway);
  harness.run([&](Harness& h) -> Task<> {
    (void)co_await h.run_job("nightly");
    while (ops.results.size() > 0) co_await h.clock->advance(1s);
    co_await h.clock->settle();
    const auto next = (co_await deliveries(h, "ops")).next_attempt.value();
    REQUIRE(next > h.clock->now() + 2min);
    (void)co_await h.run_job("nightly");
    co_await h.clock->settle();
    CHECK(ops.attempts().size() == 8);
    co_await h.clock->advance(1min);
    co_await h.clock->settle();
    REQUIRE(told(ops) == Kinds{"succeeded", "succeeded"});
    CHECK(ops.delivered()[0] == ops.attempts()[0]);
    CHECK(ops.delivered()[0].at < ops.delivered()[1].at);
    CHECK_FALSE(ops.overlapped());
  });
}

TEST_CASE("when the first of the waiting is due") {
  const auto now = at("2026-11-24T12:00:00Z");
  catalog::OutboxEntry entry;
  CHECK(engine::due_at(entry, false, {}, now) == now);
  CHECK(engine::due_at(entry, true, now + 1h, now) == now);  // never tried yet
  entry.last_attempt = now - 10s;
  entry.next_attempt = now + 6h;
  CHECK(engine::due_at(entry, false, {}, now) == now + 6h);
  CHECK(engine::due_at(entry, true, {}, now) == now + 50s);
  CHECK(engine::due_at(entry, true, now + 1h, now) == now + 1h);
  entry.next_attempt = now + 20s;
  CHECK(engine::due_at(entry, true, {}, now) == now + 20s);
  // A clock that was years ahead when the last attempt failed.
  entry.next_attempt = now + 24h + 1us;
  CHECK(engine::due_at(entry, false, {}, now) == now);
}

TEST_CASE("a clock that is set back does not put events off for years") {
  Harness harness;
  auto& ops = one_notifier(harness);
  ops.results = {kAway};
  harness.now += 24h * 365;
  harness.run([&](Harness& h) -> Task<> {
    (void)co_await h.run_job("nightly");
    co_await h.clock->settle();
    CHECK(ops.attempts().size() == 1);
    co_await h.clock->jump(ManualClock::kStart);
    co_await h.clock->settle();
    CHECK(told(ops) == Kinds{"succeeded"});
  });
}

TEST_CASE("what was not delivered is delivered after a restart, in order, under the same id") {
  Harness harness;
  auto& ops = one_notifier(harness);
  std::shared_ptr<async::Event> gate;
  hang(harness, ops, gate);
  harness.run([&](Harness& h) -> Task<> {
    (void)co_await h.run_job("nightly");
    (void)co_await h.run_job("nightly");
    co_await h.clock->settle();
    CHECK(ops.attempts().size() == 1);
  });
  CHECK(ops.cancelled() == 1);
  harness.run([&](Harness& h) -> Task<> {
    co_await h.clock->settle();
    REQUIRE(ops.delivered().size() == 2);
    CHECK(ops.delivered()[0] == ops.attempts()[0]);
    CHECK(ops.delivered()[0].id != ops.delivered()[1].id);
    const auto status2 = co_await deliveries(h, "ops");
    CHECK(status2.pending == 0);
  });
}

TEST_CASE("a notifier that hangs delays no run, no other notifier and no stop") {
  Harness harness;
  auto& hanging = one_notifier(harness);
  auto& dev = harness.add_notifier("dev", "nightly", {EventKind::succeeded});
  std::shared_ptr<async::Event> gate;
  hang(harness, hanging, gate);
  harness.run([&](Harness& h) -> Task<> {
    const auto begin = h.clock->now();
    (void)co_await h.run_job("nightly");
    (void)co_await h.run_job("nightly");
    co_await h.clock->settle();
    CHECK(told(dev) == Kinds{"succeeded", "succeeded"});
    CHECK(hanging.attempts().size() == 1);
    CHECK(h.clock->now() == begin);
  });
  CHECK(harness.now == ManualClock::kStart);
}

TEST_CASE("a reload swaps notifiers, and what is on its way ends with the old one") {
  Harness harness;
  auto& old = one_notifier(harness);
  std::shared_ptr<async::Event> gate;
  hang(harness, old, gate);
  harness.run([&](Harness& h) -> Task<> {
    (void)co_await h.run_job("nightly");
    (void)co_await h.run_job("nightly");
    co_await h.clock->settle();
    REQUIRE(gate != nullptr);
    auto fresh = std::make_shared<FakeNotifier>();
    h.config.notifiers["ops"].notifier = fresh;
    h.engine().reload(h.shared_config());
    co_await h.clock->settle();
    CHECK(fresh->attempts().empty());
    gate->set();
    co_await h.clock->settle();
    CHECK(told(old) == Kinds{"succeeded"});
    CHECK(told(*fresh) == Kinds{"succeeded"});
  });
}

TEST_CASE("a reload is reason to try again what waits") {
  Harness harness;
  auto& ops = one_notifier(harness);
  for (int i = 0; i < 10; ++i) ops.results.push_back(kAway);
  harness.run([&](Harness& h) -> Task<> {
    (void)co_await h.run_job("nightly");
    while (ops.results.size() > 0) co_await h.clock->advance(1s);
    co_await h.clock->advance(2min);
    const auto status3 = co_await deliveries(h, "ops");
    REQUIRE(status3.next_attempt > h.clock->now() + 5min);
    h.engine().reload(h.shared_config());
    co_await h.clock->settle();
    CHECK(told(ops) == Kinds{"succeeded"});
  });
}

TEST_CASE("what waits for a notifier that is not configured any more is given up, and counted") {
  Harness harness;
  auto& ops = one_notifier(harness);
  for (int i = 0; i < 100; ++i) ops.results.push_back(kAway);
  harness.run([&](Harness& h) -> Task<> {
    (void)co_await h.run_job("nightly");
    (void)co_await h.run_job("nightly");
    co_await h.clock->settle();
    h.config.notifiers.clear();
    h.job("nightly").notify.clear();
    h.engine().reload(h.shared_config());
    co_await h.clock->settle();
    const auto all4 = co_await h.engine().notifiers();
    CHECK(all4.empty());
    (void)co_await h.run_job("nightly");
    CHECK_FALSE(h.open_catalog().first_pending("ops").has_value());
  });
  auto status = harness.open_catalog().deliveries().at(0);
  CHECK(status.given_up == 2);
  CHECK(status.given_up_why == "no longer configured");
  CHECK(lines_with(harness, "notifier 'ops' is no longer configured: 2 events are given up") == 1);

  // The same when it went away while the daemon did not run.
  catalog::OutboxEntry stray;
  stray.notifier = "gone";
  harness.open_catalog().put_events({stray});
  harness.run([](Harness& h) -> Task<> { co_await h.clock->settle(); });
  CHECK_FALSE(harness.open_catalog().first_pending("gone").has_value());
  CHECK(lines_with(harness, "notifier 'gone' is no longer configured: 1 event is given up") == 1);
}

TEST_CASE("a notifier that breaks its contract and throws is tried again") {
  Harness harness;
  auto& ops = one_notifier(harness);
  ops.before = [](int attempt) -> Task<> {
    if (attempt == 1) throw std::runtime_error("a bug");
    co_return;
  };
  harness.run([&](Harness& h) -> Task<> {
    (void)co_await h.run_job("nightly");
    co_await h.clock->advance(1min);
    CHECK(told(ops) == Kinds{"succeeded"});
  });
  CHECK(lines_with(harness, "unexpected: a bug") == 1);
}

TEST_CASE("a test is sent at once, past what waits, and its answer comes back") {
  Harness harness;
  auto& ops = one_notifier(harness);
  ops.results = {kAway, {Outcome::delivered, "200 OK"}, kRejected};
  harness.run([&](Harness& h) -> Task<> {
    (void)co_await h.run_job("nightly");
    co_await h.clock->settle();
    const auto good = co_await h.engine().test_notifier("ops");
    CHECK(good.outcome == Outcome::delivered);
    CHECK(good.answer == "200 OK");
    REQUIRE(ops.attempts().size() == 2);
    CHECK(ops.attempts()[1].kind == EventKind::test);
    CHECK(ops.attempts()[1].at == h.clock->now());
    CHECK_THAT(text_at(ops.attempts()[1], "/message"), ContainsText("testhost"));
    const auto answer5 = co_await h.engine().test_notifier("ops");
    CHECK(answer5.outcome == Outcome::rejected);
    const auto status = co_await deliveries(h, "ops");
    CHECK(status.pending == 1);
    CHECK(status.given_up == 0);
    co_await h.clock->advance(5s);
    CHECK(told(ops) == Kinds{"test", "succeeded"});
    std::string refusal;
    try {
      (void)co_await h.engine().test_notifier("opps");
    } catch (const RequestError& error) {
      CHECK(error.kind() == ErrorKind::invalid_argument);
      refusal = error.what();
    }
    CHECK_THAT(refusal, ContainsText("no such notifier, did you mean 'ops'?"));
  });
}

TEST_CASE("a test waits for the attempt under way, and is refused when the daemon stops") {
  Harness harness;
  auto& ops = one_notifier(harness);
  std::shared_ptr<async::Event> gate;
  hang(harness, ops, gate);
  std::optional<ErrorKind> refused;
  const auto ask = [](Harness& h) -> Task<> { (void)co_await h.engine().test_notifier("ops"); };
  harness.run([&](Harness& h) -> Task<> {
    async::TaskGroup group(h.engine().loop());
    (void)co_await h.run_job("nightly");
    co_await h.clock->settle();
    group.spawn("test", ask(h), [&](std::exception_ptr error) {
      try {
        if (error) std::rethrow_exception(error);
      } catch (const RequestError& failure) {
        refused = failure.kind();
      }
    });
    co_await h.clock->settle();
    CHECK(ops.attempts().size() == 1);
    CHECK_FALSE(ops.overlapped());
    co_await h.engine().stop();
    co_await group.join();
    CHECK(refused == ErrorKind::shutting_down);
  });
}

TEST_CASE("time is given to notifiers for as long as they need, and no longer than said") {
  Harness harness;
  auto& ops = one_notifier(harness);
  ops.before = [&](int) -> Task<> { co_await harness.clock->sleep_for(3s); };
  const auto wait = [](Harness& h, bool& done) -> Task<> {
    co_await h.engine().deliver_pending(15s);
    done = true;
  };
  harness.run([&](Harness& h) -> Task<> {
    async::TaskGroup group(h.engine().loop());
    bool done = false;
    (void)co_await h.run_job("nightly");
    group.spawn("drain", wait(h, done));
    co_await h.clock->advance(2s);
    CHECK_FALSE(done);
    co_await h.clock->advance(1s);
    co_await h.clock->settle();
    CHECK(done);
    CHECK(told(ops) == Kinds{"succeeded"});

    // One that will not answer in time.
    done = false;
    ops.before = [&](int) -> Task<> { co_await harness.clock->sleep_for(1h); };
    (void)co_await h.run_job("nightly");
    group.spawn("drain", wait(h, done));
    co_await h.clock->advance(14s);
    CHECK_FALSE(done);
    co_await h.clock->advance(1s);
    co_await h.clock->settle();
    CHECK(done);
    co_await group.join();
  });
}
