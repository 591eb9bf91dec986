#include "async/event.hpp"
#include "async/loop.hpp"
#include "async/offload.hpp"
#include "async/task_group.hpp"
#include "base/error.hpp"
#include "support/catch.hpp"

#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace snapshotter;
using namespace snapshotter::async;
using namespace snapshotter::test;

namespace {

void wait_for_stop(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait(lock, stop, [] { return false; });
}

// Runs `task`, cancels it when `started` is set, and tells how it ended.
std::exception_ptr cancel_when_started(Loop& loop, Task<> task, Event& started) {
  TaskGroup group(loop.executor());
  std::exception_ptr result;
  const auto id =
      group.spawn("task", std::move(task), [&](std::exception_ptr error) { result = error; });
  const auto main = [](TaskGroup& tasks, TaskGroup::Id which, Event& signal) -> Task<int> {
    co_await signal.wait();
    tasks.cancel(which);
    co_await tasks.join();
    co_return 0;
  };
  loop.run(main(group, id, started));
  return result;
}

struct World {
  Loop loop;
  WorkerPool pool{"test", 2};
  Event started{loop.executor()};
  std::string result;
  std::atomic<bool> work_ended = false;
};

enum class AtStop { returns, cancels, fails };

Task<> worker_until_stop(World& world, AtStop what) {
  world.result = co_await offload(world.pool, [&](std::stop_token stop) -> std::string {
    world.started.set();
    wait_for_stop(stop);
    // Gives the loop every chance to go on too early.
    for (int i = 0; i < 100; ++i) std::this_thread::yield();
    world.work_ended = true;
    if (what == AtStop::cancels) throw CancelledError("copy");
    if (what == AtStop::fails) throw SystemError({"read", "x", "gone"});
    return "done";
  });
  CHECK(world.work_ended);
}

}  // namespace

TEST_CASE("offload returns what the work returns on another thread") {
  Loop loop;
  WorkerPool pool("test", 1);
  const auto main = [](WorkerPool& workers) -> Task<int> {
    const auto loop_thread = std::this_thread::get_id();
    const auto where =
        co_await offload(workers, [](std::stop_token) { return std::this_thread::get_id(); });
    CHECK(where != loop_thread);
    CHECK(std::this_thread::get_id() == loop_thread);
    const auto moved =
        co_await offload(workers, [](std::stop_token) { return std::make_unique<int>(5); });
    bool ran = false;
    co_await offload(workers, [&](std::stop_token) { ran = true; });
    CHECK(ran);
    co_return *moved;
  };
  CHECK(loop.run(main(pool)) == 5);
}

TEST_CASE("offload rethrows what the work throws") {
  Loop loop;
  for (const std::size_t threads : {0U, 1U}) {
    WorkerPool pool("test", threads);
    const auto main = [](WorkerPool& workers) -> Task<int> {
      co_await offload(workers, [](std::stop_token) { throw SystemError({"read", "x", "gone"}); });
      co_return 0;
    };
    CHECK_THROWS_AS(loop.run(main(pool)), SystemError);
  }
}

TEST_CASE("the loop goes on while a worker works") {
  Loop loop;
  WorkerPool pool("test", 1);
  TaskGroup tasks(loop.executor());
  std::promise<void> release;
  const auto blocked = [](WorkerPool& workers, std::promise<void>& go) -> Task<> {
    co_await offload(workers, [&](std::stop_token) { go.get_future().wait(); });
  };
  const auto main = [](TaskGroup& group, Task<> work, std::promise<void>& go) -> Task<int> {
    group.spawn("blocked", std::move(work));
    Event turn(group.loop());
    const auto set = [](Event& it) -> Task<> {
      it.set();
      co_return;
    };
    for (int i = 0; i < 10; ++i) {
      group.spawn("turn", set(turn));
      co_await turn.wait();
    }
    CHECK(group.size() == 1);
    go.set_value();
    co_await group.join();
    co_return 0;
  };
  loop.run(main(tasks, blocked(pool, release), release));
}

TEST_CASE("a cancelled offload asks the work to stop and waits for its end") {
  World world;
  const auto error =
      cancel_when_started(world.loop, worker_until_stop(world, AtStop::cancels), world.started);
  CHECK(world.work_ended);
  REQUIRE(error);
  CHECK_THROWS_AS(std::rethrow_exception(error), CancelledError);
  CHECK(world.result.empty());
}

TEST_CASE("work that finished in spite of a cancel is not thrown away") {
  World world;
  const auto error =
      cancel_when_started(world.loop, worker_until_stop(world, AtStop::returns), world.started);
  CHECK_FALSE(error);
  CHECK(world.result == "done");
}

TEST_CASE("work that failed after a cancel counts as cancelled") {
  World world;
  const auto error =
      cancel_when_started(world.loop, worker_until_stop(world, AtStop::fails), world.started);
  REQUIRE(error);
  CHECK_THROWS_AS(std::rethrow_exception(error), CancelledError);
}

TEST_CASE("work of a coroutine that is cancelled already does not begin") {
  for (const std::size_t threads : {0U, 1U}) {
    Loop loop;
    WorkerPool pool("test", threads);
    TaskGroup group(loop.executor());
    bool ran = false;
    TaskGroup::Id id = 0;
    const auto task = [](TaskGroup& tasks, TaskGroup::Id& self, WorkerPool& workers,
                         bool& flag) -> Task<> {
      tasks.cancel(self);
      co_await offload(workers, [&](std::stop_token) { flag = true; });
    };
    id = group.spawn("task", task(group, id, pool, ran));
    const auto main = [](TaskGroup& tasks) -> Task<int> {
      co_await tasks.join();
      co_return 0;
    };
    loop.run(main(group));
    CHECK_FALSE(ran);
  }
}

TEST_CASE("a pool without threads works the same and deep sequences do not recurse") {
  Loop loop;
  WorkerPool pool("none", 0);
  const auto main = [](WorkerPool& workers) -> Task<int> {
    int sum = 0;
    for (int i = 0; i < 100'000; ++i) {
      sum += co_await offload(workers,
                              [](std::stop_token stop) { return stop.stop_requested() ? 0 : 1; });
    }
    co_return sum;
  };
  CHECK(loop.run(main(pool)) == 100'000);
}

TEST_CASE("many coroutines share the pool") {
  Loop loop;
  WorkerPool pool("test", 4);
  TaskGroup group(loop.executor());
  int sum = 0;  // of the loop thread
  const auto task = [](WorkerPool& workers, int& total) -> Task<> {
    for (int i = 0; i < 100; ++i) {
      total += co_await offload(workers, [i](std::stop_token) { return i; });
    }
  };
  for (int t = 0; t < 50; ++t) group.spawn("task", task(pool, sum));
  const auto main = [](TaskGroup& tasks) -> Task<int> {
    co_await tasks.join();
    co_return 0;
  };
  loop.run(main(group));
  CHECK(sum == 50 * 4950);
}

TEST_CASE("cancels race with the end of the work without loss") {
  // Every task ends exactly once, done or cancelled; the sanitizers watch.
  Loop loop;
  WorkerPool pool("test", 4);
  TaskGroup group(loop.executor());
  int ended = 0;
  const auto task = [](WorkerPool& workers) -> Task<> {
    for (;;) co_await offload(workers, [](std::stop_token) { std::this_thread::yield(); });
  };
  std::vector<TaskGroup::Id> ids;
  for (int i = 0; i < 200; ++i) {
    ids.push_back(group.spawn("task", task(pool), [&](std::exception_ptr) { ++ended; }));
  }
  const auto main = [](TaskGroup& tasks, WorkerPool& workers,
                       std::vector<TaskGroup::Id> all) -> Task<int> {
    for (const auto id : all) {
      co_await offload(workers, [](std::stop_token) {});
      tasks.cancel(id);
    }
    co_await tasks.join();
    co_return 0;
  };
  loop.run(main(group, pool, ids));
  CHECK(ended == 200);
}
