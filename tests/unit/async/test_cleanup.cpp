#include "async/cancel_scope.hpp"
#include "async/cleanup.hpp"
#include "async/event.hpp"
#include "async/loop.hpp"
#include "async/task_group.hpp"
#include "base/error.hpp"
#include "support/catch.hpp"

#include <string>
#include <vector>

using namespace snapshotter;
using namespace snapshotter::async;

namespace {

using Log = std::vector<std::string>;

struct World {
  Loop loop;
  TaskGroup tasks{loop.executor()};
  Event started{loop.executor()};
  Event work{loop.executor()};
  Event cleaning{loop.executor()};
  Event cleaned{loop.executor()};
  Log log;
};

TaskGroup::Done note(World& world) {
  return [&world](std::exception_ptr error) {
    try {
      if (error) std::rethrow_exception(error);
      world.log.emplace_back("ok");
    } catch (const CancelledError&) {
      world.log.emplace_back("cancelled");
    } catch (const Error& failure) {
      world.log.emplace_back(failure.why());
    }
  };
}

Task<> clean_up(World& world) {
  world.log.emplace_back("cleaning");
  world.cleaning.set();
  co_await world.cleaned.wait();
  co_await check_cancelled();
  world.log.emplace_back("cleaned");
}

Task<> fail() {
  throw SystemError({"clean", "", "stuck"});
  co_return;
}

Task<> work_and_clean_up(World& world) {
  std::exception_ptr failure;
  world.started.set();
  try {
    co_await world.work.wait();
  } catch (...) {
    failure = std::current_exception();
  }
  co_await shielded(clean_up(world));
  if (failure) std::rethrow_exception(failure);
}

Task<> wait_for(Event& event) { co_await event.wait(); }

}  // namespace

TEST_CASE("a cancelled coroutine can clean up and a second cancel does not disturb it") {
  World world;
  const auto id = world.tasks.spawn("a", work_and_clean_up(world), note(world));
  const auto main = [](World& on, TaskGroup::Id task) -> Task<int> {
    co_await on.started.wait();
    on.tasks.cancel(task);
    co_await on.cleaning.wait();
    on.tasks.cancel(task);
    on.cleaned.set();
    co_await on.tasks.join();
    co_return 0;
  };
  world.loop.run(main(world, id));
  CHECK(world.log == Log{"cleaning", "cleaned", "cancelled"});
}

TEST_CASE("a cancel during the cleaning is noticed after it") {
  World world;
  const auto task = [](World& on) -> Task<> {
    co_await shielded(clean_up(on));
    on.log.emplace_back("goes on");
    co_await on.work.wait();
  };
  const auto id = world.tasks.spawn("a", task(world), note(world));
  const auto main = [](World& on, TaskGroup::Id which) -> Task<int> {
    co_await on.cleaning.wait();
    on.tasks.cancel(which);
    on.cleaned.set();
    co_await on.tasks.join();
    co_return 0;
  };
  world.loop.run(main(world, id));
  CHECK(world.log == Log{"cleaning", "cleaned", "goes on", "cancelled"});
}

TEST_CASE("an error of the cleaning propagates") {
  World world;
  world.tasks.spawn("a", shielded(fail()), note(world));
  const auto main = [](World& on) -> Task<int> {
    co_await on.tasks.join();
    co_return 0;
  };
  world.loop.run(main(world));
  CHECK(world.log == Log{"stuck"});
}

TEST_CASE("check_cancelled tells a cancel and nothing else") {
  World world;
  TaskGroup::Id id = 0;
  const auto task = [](World& on, TaskGroup::Id& self) -> Task<> {
    co_await check_cancelled();
    on.log.emplace_back("not yet");
    on.tasks.cancel(self);
    co_await check_cancelled();
    on.log.emplace_back("not reached");
  };
  id = world.tasks.spawn("a", task(world, id), note(world));
  const auto main = [](World& on) -> Task<int> {
    co_await check_cancelled();
    co_await on.tasks.join();
    co_return 0;
  };
  world.loop.run(main(world));
  CHECK(world.log == Log{"not yet", "cancelled"});
}

TEST_CASE("a scope cancels its piece and every later one but not its driver") {
  World world;
  CancelScope scope;
  const auto driver = [](World& on, CancelScope& pieces) -> Task<> {
    for (int i = 0; i < 2; ++i) {
      try {
        co_await pieces.run(wait_for(on.work));
      } catch (const CancelledError&) {
        on.log.emplace_back("piece cancelled");
      }
    }
    co_await check_cancelled();
    on.log.emplace_back("recorded");
  };
  const auto main = [](World& on, CancelScope& pieces, Task<> drive) -> Task<int> {
    on.tasks.spawn("driver", std::move(drive), note(on));
    Event turn(on.loop.executor());
    turn.set();
    co_await turn.wait();
    CHECK_FALSE(pieces.token().stop_requested());
    pieces.cancel();
    pieces.cancel();
    CHECK(pieces.token().stop_requested());
    CHECK(pieces.cancelled());
    co_await on.tasks.join();
    co_return 0;
  };
  world.loop.run(main(world, scope, driver(world, scope)));
  CHECK(world.log == Log{"piece cancelled", "piece cancelled", "recorded", "ok"});
}

TEST_CASE("a scope passes results and errors of its pieces on") {
  World world;
  world.work.set();
  const auto main = [](World& on) -> Task<int> {
    CancelScope scope;
    co_await scope.run(wait_for(on.work));
    try {
      co_await scope.run(fail());
    } catch (const SystemError& error) {
      on.log.push_back(error.why());
    }
    scope.cancel();
    CHECK(scope.cancelled());
    co_return 0;
  };
  world.loop.run(main(world));
  CHECK(world.log == Log{"stuck"});
}
