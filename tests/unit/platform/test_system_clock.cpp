// Short waits with the machine's clocks; nothing here is timed from above.
#include "async/loop.hpp"
#include "async/task_group.hpp"
#include "base/error.hpp"
#include "platform/clock.hpp"
#include "support/catch.hpp"

#include <memory>
#include <string>
#include <vector>

using namespace snapshotter;
using namespace snapshotter::async;
using namespace snapshotter::platform;
using namespace std::chrono_literals;
using Woke = Clock::Woke;

namespace {

Task<> sleep(Clock& clock, Duration duration) { co_await clock.sleep_for(duration); }

Task<> wait_until(Clock& clock, Time time) { co_await clock.wait_until(time); }

}  // namespace

TEST_CASE("the system clock agrees with the library's") {
  Loop loop;
  const auto clock = system_clock(loop.executor());
  const auto before = std::chrono::system_clock::now();
  const auto now = clock->now();
  CHECK(now >= std::chrono::floor<Duration>(before));
  CHECK(now <= std::chrono::system_clock::now());
  const auto steady = clock->steady_now();
  CHECK(clock->steady_now() >= steady);
}

TEST_CASE("past times and empty sleeps return at once") {
  Loop loop;
  const auto clock = system_clock(loop.executor());
  const auto main = [](Clock& on) -> Task<int> {
    CHECK(co_await on.wait_until(on.now()) == Woke::reached);
    CHECK(co_await on.wait_until(Time{}) == Woke::reached);
    CHECK(co_await on.wait_until(Time::min()) == Woke::reached);
    co_await on.sleep_for(0us);
    co_await on.sleep_for(Duration::min());
    co_return 0;
  };
  loop.run(main(*clock));
}

TEST_CASE("waits end when their time has come and not before") {
  Loop loop;
  const auto clock = system_clock(loop.executor());
  const auto main = [](Clock& on) -> Task<int> {
    const auto due = on.now() + 3ms;
    // Somebody may set the machine's clock meanwhile.
    if (co_await on.wait_until(due) == Woke::reached) CHECK(on.now() >= due);
    const auto begun = on.steady_now();
    co_await on.sleep_for(3ms);
    CHECK(on.steady_now() - begun >= 3ms);
    co_await on.sleep_for(1us);
    co_return 0;
  };
  loop.run(main(*clock));
}

TEST_CASE("many waits run at a time and each can be cancelled") {
  Loop loop;
  const auto clock = system_clock(loop.executor());
  TaskGroup tasks(loop.executor());
  int ended = 0;
  int cancelled = 0;
  const auto count = [&](std::exception_ptr error) { ++(error ? cancelled : ended); };
  for (int i = 0; i < 50; ++i) {
    tasks.spawn("short", sleep(*clock, std::chrono::milliseconds(i % 3)), count);
  }
  std::vector<TaskGroup::Id> endless;
  endless.push_back(tasks.spawn("sleep", sleep(*clock, Duration::max()), count));
  endless.push_back(tasks.spawn("wait", wait_until(*clock, Time::max()), count));
  const auto main = [](Clock& on, TaskGroup& group, std::vector<TaskGroup::Id> ids) -> Task<int> {
    co_await on.sleep_for(5ms);
    for (const auto id : ids) group.cancel(id);
    co_await group.join();
    co_return 0;
  };
  loop.run(main(*clock, tasks, endless));
  CHECK(ended == 50);
  CHECK(cancelled == 2);
}
