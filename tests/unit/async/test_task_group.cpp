#include "async/cleanup.hpp"
#include "async/event.hpp"
#include "async/loop.hpp"
#include "async/task_group.hpp"
#include "base/error.hpp"
#include "support/catch.hpp"
#include "unit/async/death.hpp"

#include <algorithm>
#include <string>
#include <vector>

using namespace snapshotter;
using namespace snapshotter::async;
using namespace snapshotter::test;

namespace {

using Log = std::vector<std::string>;

std::string text_of(const std::exception_ptr& error) {
  if (!error) return "ok";
  try {
    std::rethrow_exception(error);
  } catch (const CancelledError&) {
    return "cancelled";
  } catch (const std::exception& failure) {
    return failure.what();
  }
}

TaskGroup::Done note(Log& log, std::string name) {
  return [&log, name](std::exception_ptr error) { log.push_back(name + " " + text_of(error)); };
}

Task<> say(Log& log, std::string what) {
  log.push_back(std::move(what));
  co_return;
}

Task<> wait_for(Event& event) { co_await event.wait(); }

Task<> fail(std::string why) {
  throw SystemError({"try", "", std::move(why)});
  co_return;
}

Task<int> join(TaskGroup& group) {
  co_await group.join();
  co_return 0;
}

}  // namespace

TEST_CASE("a task starts at the next turn of the loop and its end is told once") {
  Loop loop;
  TaskGroup group(loop.executor());
  Log log;
  const auto main = [](TaskGroup& tasks, Log& lines) -> Task<int> {
    tasks.spawn("a", say(lines, "a runs"), note(lines, "a"));
    lines.emplace_back("spawned");
    CHECK(tasks.size() == 1);
    co_await tasks.join();
    CHECK(tasks.size() == 0);
    lines.emplace_back("joined");
    co_return 0;
  };
  loop.run(main(group, log));
  CHECK(log == Log{"spawned", "a runs", "a ok", "joined"});
}

TEST_CASE("an error of a task reaches its done handler") {
  Loop loop;
  TaskGroup group(loop.executor());
  Log log;
  group.spawn("a", fail("no luck"), note(log, "a"));
  loop.run(join(group));
  CHECK(log == Log{"a cannot try: no luck"});
}

TEST_CASE("cancelling ends one waiting task and leaves the others") {
  Loop loop;
  TaskGroup group(loop.executor());
  Event never(loop.executor());
  Event later(loop.executor());
  Log log;
  const auto main = [](TaskGroup& tasks, Event& a, Event& b, Log& lines) -> Task<int> {
    const auto first = tasks.spawn("first", wait_for(a), note(lines, "first"));
    Event started(tasks.loop());
    const auto second = [](Event& go, Event& wait) -> Task<> {
      go.set();
      co_await wait.wait();
    };
    tasks.spawn("second", second(started, b), note(lines, "second"));
    co_await started.wait();
    tasks.cancel(first);
    tasks.cancel(first);
    tasks.cancel(999);
    b.set();
    co_await tasks.join();
    tasks.cancel(first);
    co_return 0;
  };
  loop.run(main(group, never, later, log));
  std::sort(log.begin(), log.end());
  CHECK(log == Log{"first cancelled", "second ok"});
}

TEST_CASE("a cancel before the start is not lost and the task never runs") {
  Loop loop;
  TaskGroup group(loop.executor());
  Log log;
  SECTION("from outside the loop") {
    group.cancel(group.spawn("a", say(log, "a runs"), note(log, "a")));
    loop.run(join(group));
  }
  SECTION("from the loop") {
    const auto main = [](TaskGroup& tasks, Log& lines) -> Task<int> {
      tasks.cancel(tasks.spawn("a", say(lines, "a runs"), note(lines, "a")));
      co_await tasks.join();
      co_return 0;
    };
    loop.run(main(group, log));
  }
  CHECK(log == Log{"a cancelled"});
}

TEST_CASE("a cancel between two waits ends the second one") {
  Loop loop;
  TaskGroup group(loop.executor());
  Event first(loop.executor());
  Event second(loop.executor());
  Log log;
  const auto task = [](Event& a, Event& b, TaskGroup& tasks, TaskGroup::Id& self,
                       Log& lines) -> Task<> {
    co_await a.wait();
    tasks.cancel(self);
    lines.emplace_back("goes on");
    co_await b.wait();
    lines.emplace_back("not reached");
  };
  TaskGroup::Id id = 0;
  id = group.spawn("a", task(first, second, group, id, log), note(log, "a"));
  first.set();
  loop.run(join(group));
  CHECK(log == Log{"goes on", "a cancelled"});
}

TEST_CASE("every wait after a cancel says CancelledError and none of Asio's own errors") {
  Loop loop;
  TaskGroup group(loop.executor());
  Event never(loop.executor());
  Log log;
  const auto task = [](Event& event, Log& lines) -> Task<> {
    for (int i = 0; i < 3; ++i) {
      try {
        co_await event.wait();
      } catch (const CancelledError&) {
        lines.emplace_back("CancelledError");
      }
    }
  };
  const auto main = [](TaskGroup& tasks, Task<> work, Log& lines) -> Task<int> {
    const auto id = tasks.spawn("a", std::move(work), note(lines, "a"));
    tasks.spawn("b", say(lines, "b runs"), [&tasks, id](std::exception_ptr) { tasks.cancel(id); });
    co_await tasks.join();
    co_return 0;
  };
  loop.run(main(group, task(never, log), log));
  CHECK(log == Log{"b runs", "CancelledError", "CancelledError", "CancelledError", "a ok"});
}

TEST_CASE("cancel_all ends every task") {
  Loop loop;
  TaskGroup group(loop.executor());
  std::vector<std::unique_ptr<Event>> events;
  Log log;
  for (int i = 0; i < 5; ++i) {
    events.push_back(std::make_unique<Event>(loop.executor()));
    group.spawn("t", wait_for(*events.back()), note(log, "t"));
  }
  const auto main = [](TaskGroup& tasks) -> Task<int> {
    tasks.cancel_all();
    co_await tasks.join();
    co_return 0;
  };
  loop.run(main(group));
  CHECK(log == Log(5, "t cancelled"));
}

TEST_CASE("a done handler may spawn the next task and join waits for it too") {
  Loop loop;
  TaskGroup group(loop.executor());
  Log log;
  group.spawn("a", say(log, "a"),
              [&](std::exception_ptr) { group.spawn("b", say(log, "b"), note(log, "b")); });
  loop.run(join(group));
  CHECK(log == Log{"a", "b", "b ok"});
}

TEST_CASE("join is not cancelled") {
  Loop loop;
  TaskGroup inner(loop.executor());
  TaskGroup outer(loop.executor());
  Event go(loop.executor());
  Log log;
  const auto joiner = [](TaskGroup& tasks) -> Task<> { co_await tasks.join(); };
  const auto main = [](TaskGroup& in, TaskGroup& out, Task<> work, Task<> join_it, Event& event,
                       Log& lines) -> Task<int> {
    in.spawn("inner", std::move(work), note(lines, "inner"));
    out.spawn("outer", std::move(join_it), note(lines, "outer"));
    const auto last = [](TaskGroup& tasks, Event& release) -> Task<> {
      tasks.cancel_all();
      release.set();
      co_return;
    };
    in.spawn("last", last(out, event));
    co_await out.join();
    co_return 0;
  };
  loop.run(main(inner, outer, wait_for(go), joiner(inner), go, log));
  CHECK(log == Log{"inner ok", "outer ok"});
}

TEST_CASE("a group dies with the name of a task that outlives it") {
  const auto end = run_in_child([] {
    Loop loop;
    Event never(loop.executor());
    const TaskGroup group(loop.executor());
    const_cast<TaskGroup&>(group).spawn("nightly run", wait_for(never));
  });
  CHECK(end.signal == SIGABRT);
  CHECK_THAT(end.errors, ContainsText("'nightly run' outlives its owner"));
}

TEST_CASE("an error that nobody would hear of ends the process") {
  const auto end = run_in_child([] {
    Loop loop;
    TaskGroup group(loop.executor());
    group.spawn("watcher", fail("disk gone"));
    loop.run(join(group));
  });
  CHECK(end.signal == SIGABRT);
  CHECK_THAT(end.errors, ContainsText("'watcher' failed"));
  CHECK_THAT(end.errors, ContainsText("disk gone"));
}

TEST_CASE("a cancel that nobody hears of is no error") {
  Loop loop;
  TaskGroup group(loop.executor());
  Event never(loop.executor());
  group.spawn("a", wait_for(never));
  group.cancel_all();
  loop.run(join(group));
  CHECK(group.size() == 0);
}
