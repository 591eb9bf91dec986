#include "async/loop.hpp"
#include "async/task_group.hpp"
#include "base/error.hpp"
#include "support/catch.hpp"
#include "support/fake/manual_clock.hpp"

#include <string>
#include <vector>

using namespace snapshotter;
using namespace snapshotter::async;
using namespace snapshotter::test;
using namespace std::chrono_literals;
using Woke = platform::Clock::Woke;

namespace {

using Log = std::vector<std::string>;

struct World {
  Loop loop;
  ManualClock clock{loop.executor()};
  TaskGroup tasks{loop.executor()};
  Log log;

  std::string minute() const {
    const auto passed = clock.steady_now().time_since_epoch();
    return std::to_string(std::chrono::duration_cast<std::chrono::minutes>(passed).count());
  }
};

Task<> sleeper(World& world, std::string name, Duration duration) {
  try {
    co_await world.clock.sleep_for(duration);
    world.log.push_back(name + " woke at " + world.minute());
  } catch (const CancelledError&) {
    world.log.push_back(name + " cancelled");
  }
}

Task<> waiter(World& world, std::string name, Duration from_now) {
  const auto woke = co_await world.clock.wait_until(world.clock.now() + from_now);
  world.log.push_back(name + (woke == Woke::reached ? " reached at " : " changed at ") +
                      world.minute());
}

Task<> every_ten_minutes(World& world, int times) {
  for (int i = 0; i < times; ++i) {
    co_await world.clock.sleep_for(10min);
    world.log.push_back("tick at " + world.minute());
  }
}

}  // namespace

TEST_CASE("time passes only by advance and wakes what is due in order") {
  World world;
  world.tasks.spawn("c", sleeper(world, "c", 30min));
  world.tasks.spawn("a", waiter(world, "a", 10min));
  world.tasks.spawn("b", sleeper(world, "b", 20min));
  const auto main = [](World& on) -> Task<int> {
    co_await on.clock.settle();
    CHECK(on.clock.waiters() == 3);
    CHECK(on.log.empty());
    co_await on.clock.advance(25min);
    CHECK(on.log == Log{"a reached at 10", "b woke at 20"});
    CHECK(on.clock.now() == ManualClock::kStart + 25min);
    CHECK(on.clock.waiters() == 1);
    co_await on.clock.advance(5min);
    CHECK(on.clock.waiters() == 0);
    co_await on.tasks.join();
    co_return 0;
  };
  world.loop.run(main(world));
  CHECK(world.log.back() == "c woke at 30");
}

TEST_CASE("a coroutine that waits again within the interval is woken again") {
  World world;
  world.tasks.spawn("ticks", every_ten_minutes(world, 3));
  const auto main = [](World& on) -> Task<int> {
    co_await on.clock.advance(1h);
    co_await on.tasks.join();
    co_return 0;
  };
  world.loop.run(main(world));
  CHECK(world.log == Log{"tick at 10", "tick at 20", "tick at 30"});
  CHECK(world.minute() == "60");
}

TEST_CASE("waits due at the same moment wake in the order in which they began") {
  World world;
  for (const char* name : {"a", "b", "c"}) world.tasks.spawn(name, sleeper(world, name, 5min));
  const auto main = [](World& on) -> Task<int> {
    co_await on.clock.advance(5min);
    co_await on.tasks.join();
    co_return 0;
  };
  world.loop.run(main(world));
  CHECK(world.log == Log{"a woke at 5", "b woke at 5", "c woke at 5"});
}

TEST_CASE("setting the clock wakes waits for real time and no sleeps") {
  World world;
  world.tasks.spawn("wait", waiter(world, "wait", 10min));
  world.tasks.spawn("sleep", sleeper(world, "sleep", 10min));
  const auto main = [](World& on) -> Task<int> {
    co_await on.clock.advance(1min);
    co_await on.clock.jump(ManualClock::kStart - 2h);
    CHECK(on.log == Log{"wait changed at 1"});
    CHECK(on.clock.now() == ManualClock::kStart - 2h);
    CHECK(on.clock.steady_now() == Steady{1min});
    co_await on.clock.advance(9min);
    co_await on.tasks.join();
    co_return 0;
  };
  world.loop.run(main(world));
  CHECK(world.log == Log{"wait changed at 1", "sleep woke at 10"});
}

TEST_CASE("past times and empty sleeps do not wait") {
  World world;
  const auto main = [](World& on) -> Task<int> {
    CHECK(co_await on.clock.wait_until(on.clock.now()) == Woke::reached);
    CHECK(co_await on.clock.wait_until(on.clock.now() - 1h) == Woke::reached);
    co_await on.clock.sleep_for(0us);
    co_await on.clock.sleep_for(-1s);
    CHECK(on.clock.waiters() == 0);
    co_return 0;
  };
  world.loop.run(main(world));
}

TEST_CASE("a cancelled wait leaves the clock") {
  World world;
  const auto id = world.tasks.spawn("a", sleeper(world, "a", Duration::max()));
  const auto main = [](World& on, TaskGroup::Id task) -> Task<int> {
    co_await on.clock.advance(1h);
    CHECK(on.clock.waiters() == 1);
    on.tasks.cancel(task);
    co_await on.tasks.join();
    CHECK(on.clock.waiters() == 0);
    co_return 0;
  };
  world.loop.run(main(world, id));
  CHECK(world.log == Log{"a cancelled"});
}
