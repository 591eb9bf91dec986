#include "async/event.hpp"
#include "async/loop.hpp"
#include "async/task_group.hpp"
#include "base/error.hpp"
#include "support/catch.hpp"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

using namespace snapshotter;
using namespace snapshotter::async;

namespace {

Task<> wait(Event& event) { co_await event.wait(); }

Task<> set(Event& event) {
  event.set();
  co_return;
}

}  // namespace

TEST_CASE("a wait returns at once when the event was set before") {
  Loop loop;
  Event event(loop.executor());
  event.set();
  event.set();
  const auto main = [](Event& it) -> Task<int> {
    co_await it.wait();
    it.set();
    co_await it.wait();
    co_return 0;
  };
  CHECK(loop.run(main(event)) == 0);
}

TEST_CASE("two sets before a wait count once") {
  Loop loop;
  Event event(loop.executor());
  event.set();
  event.set();
  TaskGroup tasks(loop.executor());
  int waits = 0;
  const auto waiter = [](Event& it, int& count) -> Task<> {
    for (;;) {
      co_await it.wait();
      ++count;
    }
  };
  const auto id = tasks.spawn("waiter", waiter(event, waits));
  Event idle(loop.executor());
  const auto main = [](TaskGroup& group, TaskGroup::Id task, Event& turn) -> Task<int> {
    for (int i = 0; i < 10; ++i) {
      group.spawn("turn", set(turn));
      co_await turn.wait();
    }
    group.cancel(task);
    co_await group.join();
    co_return 0;
  };
  loop.run(main(tasks, id, idle));
  CHECK(waits == 1);
}

TEST_CASE("a wait ends when another coroutine sets the event") {
  Loop loop;
  Event event(loop.executor());
  TaskGroup tasks(loop.executor());
  const auto main = [](TaskGroup& group, Event& it) -> Task<int> {
    group.spawn("set", set(it));
    co_await it.wait();
    co_await group.join();
    co_return 7;
  };
  CHECK(loop.run(main(tasks, event)) == 7);
}

TEST_CASE("a cancelled wait leaves the event usable and keeps its signal") {
  Loop loop;
  Event event(loop.executor());
  TaskGroup tasks(loop.executor());
  int cancelled = 0;
  const auto main = [](TaskGroup& group, Event& it, int& count) -> Task<int> {
    const auto note = [&count](std::exception_ptr error) { count += error ? 1 : 0; };
    const auto waiting = group.spawn("waiting", wait(it), note);
    Event turn(group.loop());
    group.spawn("turn", set(turn));
    co_await turn.wait();
    group.cancel(waiting);
    co_await group.join();

    it.set();
    group.cancel(group.spawn("not started", wait(it), note));
    co_await group.join();
    co_await it.wait();  // the signal is still there
    co_return 0;
  };
  loop.run(main(tasks, event, cancelled));
  CHECK(cancelled == 2);
}

TEST_CASE("an event set from many threads loses nothing") {
  Loop loop;
  Event event(loop.executor());
  std::atomic<int> produced = 0;
  constexpr int kThreads = 8;
  constexpr int kEach = 2000;
  std::vector<std::jthread> threads;
  const auto main = [](Event& it, std::atomic<int>& count) -> Task<int> {
    int seen = 0;
    while (seen < kThreads * kEach) {
      co_await it.wait();
      seen = count.load();
    }
    co_return seen;
  };
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < kEach; ++i) {
        ++produced;
        event.set();
      }
    });
  }
  CHECK(loop.run(main(event, produced)) == kThreads * kEach);
}

TEST_CASE("a signal that was posted may come after the end of its event") {
  Loop loop;
  auto event = std::make_unique<Event>(loop.executor());
  event->set();
  event.reset();
  loop.run();
}
