#include "async/loop.hpp"
#include "base/error.hpp"
#include "platform/rate_limiter.hpp"
#include "support/catch.hpp"
#include "support/fake/manual_clock.hpp"

#include <atomic>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

using namespace snapshotter;
using namespace snapshotter::test;
using namespace std::chrono_literals;
using platform::RateLimiter;

namespace {

constexpr std::uint64_t kMiB = 1U << 20U;

// A limiter in a world where time passes only while somebody waits for bandwidth.
struct World {
  // How long it takes to be let through.
  Duration take(std::uint64_t bytes) {
    const auto before = clock.steady_now();
    limiter.take(bytes, stop.get_token());
    return std::chrono::duration_cast<Duration>(clock.steady_now() - before);
  }

  async::Loop loop;
  ManualClock clock{loop.executor()};
  RateLimiter limiter{clock};
  std::stop_source stop;
};

bool about(Duration value, Duration wanted) { return std::chrono::abs(value - wanted) <= 10us; }

}  // namespace

TEST_CASE("without a limit nobody waits") {
  World world;
  CHECK(world.take(1'000'000 * kMiB) == 0us);
  world.limiter.set_rate({});
  CHECK(world.take(1'000'000 * kMiB) == 0us);
}

TEST_CASE("a burst passes at once and what is more waits until it is earned") {
  World world;
  world.limiter.set_rate(4_MiB);
  CHECK(world.take(kMiB) == 0us);  // a quarter of a second's worth
  CHECK(about(world.take(kMiB), 250ms));
  CHECK(about(world.take(8 * kMiB), 2s));  // more than the bucket holds
  CHECK(about(world.take(1), 0us));
}

TEST_CASE("what is not asked for is kept for a quarter of a second and no longer") {
  World world;
  world.limiter.set_rate(4_MiB);
  CHECK(world.take(kMiB) == 0us);
  world.clock.pass(1h);
  CHECK(world.take(kMiB) == 0us);
  CHECK(about(world.take(kMiB), 250ms));
}

TEST_CASE("over a long time the rate is kept, whatever the sizes") {
  World world;
  world.limiter.set_rate(ByteSize{1'000'000});
  const auto start = world.clock.steady_now();
  std::uint64_t total = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const std::uint64_t size = (i * 7919) % 100'000;
    total += size;
    world.limiter.take(size, {});
    if (i % 3 == 0) world.clock.pass(1ms);  // the work between
  }
  const auto took = std::chrono::duration<double>(world.clock.steady_now() - start).count();
  const double expected = (static_cast<double>(total) - 250'000) / 1'000'000;
  CHECK(took >= expected - 0.001);
  CHECK(took <= expected + 0.01);
}

TEST_CASE("a rate that changes while somebody waits counts for the rest of the wait") {
  World world;
  world.limiter.set_rate(1_MiB);
  world.take(kMiB / 4);
  bool first = true;
  world.clock.during_wait = [&](Duration) {
    if (!std::exchange(first, false)) return;
    world.clock.pass(4s);
    world.limiter.set_rate(2_MiB);
  };
  CHECK(about(world.take(10 * kMiB), 4s + 3s));
}

TEST_CASE("a limit that is removed lets everybody through, and one that comes back begins anew") {
  World world;
  world.limiter.set_rate(1_MiB);
  world.clock.during_wait = [&](Duration) { world.limiter.set_rate({}); };
  CHECK(world.take(1'000 * kMiB) == 0us);
  world.clock.during_wait = {};
  world.limiter.set_rate(1_MiB);
  CHECK(world.take(kMiB / 4) == 0us);  // no debt of before
  CHECK(about(world.take(kMiB), 1s));
}

TEST_CASE("a stop ends a wait at once and the others get what it had reserved") {
  World world;
  world.limiter.set_rate(1_MiB);
  world.take(kMiB / 4);
  world.clock.during_wait = [&](Duration) { world.stop.request_stop(); };
  CHECK_THROWS_AS(world.take(1'000 * kMiB), CancelledError);
  world.clock.during_wait = {};
  const auto before = world.clock.steady_now();
  world.limiter.take(kMiB, {});
  CHECK(about(std::chrono::duration_cast<Duration>(world.clock.steady_now() - before), 1s));
}

TEST_CASE("after a stop what need not wait still passes") {
  World world;
  world.stop.request_stop();
  CHECK(world.take(kMiB) == 0us);
  world.limiter.set_rate(4_MiB);
  CHECK(world.take(kMiB) == 0us);
  CHECK_THROWS_AS(world.take(kMiB), CancelledError);
}

TEST_CASE("many threads together keep to the rate") {
  World world;
  world.limiter.set_rate(1_MiB);
  world.take(kMiB / 4);
  const auto start = world.clock.steady_now();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 250; ++i) world.limiter.take(kMiB / 100, {});
    });
  }
  for (auto& thread : threads) thread.join();
  // Each wait passes time of its own here, so it may be more; less would break the limit.
  CHECK(world.clock.steady_now() - start >= 9'990ms);
}

// With the machine's clock: each of these hangs if nobody wakes it.
TEST_CASE("real waits end when the limit is lifted and when they are stopped") {
  async::Loop loop;
  const auto clock = platform::system_clock(loop.executor());
  RateLimiter limiter(*clock);
  limiter.set_rate(ByteSize{1});
  std::latch started(3);
  std::stop_source stop;
  std::atomic<int> cancelled = 0;
  std::atomic<int> passed = 0;
  const auto take = [&](std::stop_token token) {
    started.count_down();
    try {
      limiter.take(kMiB, token);
      ++passed;
    } catch (const CancelledError&) {
      ++cancelled;
    }
  };
  std::thread one(take, stop.get_token());
  std::thread two(take, std::stop_token{});
  std::thread three(take, std::stop_token{});
  started.wait();
  stop.request_stop();
  one.join();
  CHECK(cancelled == 1);
  limiter.set_rate({});
  two.join();
  three.join();
  CHECK(passed == 2);
}

TEST_CASE("real bytes pass when their time has come") {
  async::Loop loop;
  const auto clock = platform::system_clock(loop.executor());
  RateLimiter limiter(*clock);
  limiter.set_rate(100_MiB);
  const auto start = clock->steady_now();
  for (int i = 0; i < 30; ++i) limiter.take(kMiB, {});
  CHECK(clock->steady_now() - start >= 45ms);  // 30 MiB less a burst of 25
}
