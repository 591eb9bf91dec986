#include "async/cleanup.hpp"
#include "async/deadline.hpp"
#include "async/event.hpp"
#include "async/loop.hpp"
#include "async/task_group.hpp"
#include "base/error.hpp"
#include "support/catch.hpp"

#include <string>

using namespace snapshotter;
using namespace snapshotter::async;
using namespace snapshotter::test;

namespace {

// Both sides wait for events that the test sets.
struct World {
  Loop loop;
  TaskGroup tasks{loop.executor()};
  Event work{loop.executor()};
  Event expiry{loop.executor()};
  Event cleaned{loop.executor()};
  std::string log;
  std::exception_ptr error;
};

Task<> wait_for(Event& event) { co_await event.wait(); }

Task<> work_in(World& world) {
  try {
    co_await world.work.wait();
    world.log += "work done;";
  } catch (const CancelledError&) {
    world.log += "work cancelled;";
    throw;
  }
}

Task<> expiry_in(World& world) {
  try {
    co_await world.expiry.wait();
    world.log += "expired;";
  } catch (const CancelledError&) {
    world.log += "expiry cancelled;";
    throw;
  }
}

Task<> fail(Event& event, std::string why) {
  co_await event.wait();
  throw SystemError({"try", "", why});
}

Error::Parts parts() {
  return {"dump database", "app", "took longer than 6h", "raise the timeout"};
}

TaskGroup::Id spawn(World& world, Task<> work, Task<> expiry) {
  return world.tasks.spawn("deadline", with_deadline(std::move(work), std::move(expiry), parts()),
                           [&world](std::exception_ptr error) { world.error = error; });
}

Task<> turns(World& world, int count) {
  Event turn(world.loop.executor());
  const auto set = [](Event& it) -> Task<> {
    it.set();
    co_return;
  };
  for (int i = 0; i < count; ++i) {
    world.tasks.spawn("turn", set(turn));
    co_await turn.wait();
  }
}

template <class Act>
void run(World& world, Act act) {
  const auto main = [](World& on, Act& then) -> Task<int> {
    co_await turns(on, 10);
    then();
    co_await on.tasks.join();
    co_return 0;
  };
  world.loop.run(main(world, act));
}

std::string text_of(const std::exception_ptr& error) {
  try {
    if (error) std::rethrow_exception(error);
    return "ok";
  } catch (const CancelledError&) {
    return "cancelled";
  } catch (const TimeoutError& failure) {
    return std::string("timeout: ") + failure.what();
  } catch (const Error& failure) {
    return failure.what();
  }
}

}  // namespace

TEST_CASE("work that ends in time cancels the expiry") {
  World world;
  spawn(world, work_in(world), expiry_in(world));
  run(world, [&] { world.work.set(); });
  CHECK(text_of(world.error) == "ok");
  CHECK(world.log == "work done;expiry cancelled;");
}

TEST_CASE("an expiry cancels the work and says what took too long") {
  World world;
  spawn(world, work_in(world), expiry_in(world));
  run(world, [&] { world.expiry.set(); });
  CHECK(text_of(world.error) ==
        "timeout: cannot dump database 'app': took longer than 6h (raise the timeout)");
  CHECK(world.log == "expired;work cancelled;");
}

TEST_CASE("the timeout is told only when the work has ended") {
  World world;
  const auto slow = [](World& on) -> Task<> {
    std::exception_ptr cancelled;
    try {
      co_await on.work.wait();
    } catch (...) {
      cancelled = std::current_exception();
    }
    co_await shielded(wait_for(on.cleaned));
    on.log += "cleaned;";
    std::rethrow_exception(cancelled);
  };
  spawn(world, slow(world), expiry_in(world));
  const auto main = [](World& on) -> Task<int> {
    co_await turns(on, 10);
    on.expiry.set();
    co_await turns(on, 20);
    CHECK_FALSE(on.error);
    CHECK(on.tasks.size() == 1);
    on.cleaned.set();
    co_await on.tasks.join();
    co_return 0;
  };
  world.loop.run(main(world));
  CHECK(world.log == "expired;cleaned;");
  CHECK_THAT(text_of(world.error), ContainsText("timeout"));
}

TEST_CASE("work that ends at the same time as the expiry wins") {
  for (const bool work_first : {true, false}) {
    World world;
    spawn(world, work_in(world), expiry_in(world));
    run(world, [&] {
      if (work_first) world.work.set();
      world.expiry.set();
      world.work.set();
    });
    CHECK(text_of(world.error) == "ok");
  }
}

TEST_CASE("neither side needs to wait") {
  const auto nothing = []() -> Task<> { co_return; };
  World world;
  spawn(world, nothing(), nothing());
  run(world, [] {});
  CHECK(text_of(world.error) == "ok");

  spawn(world, work_in(world), nothing());
  run(world, [] {});
  CHECK_THAT(text_of(world.error), ContainsText("timeout"));
}

TEST_CASE("an error of the work propagates") {
  World world;
  spawn(world, fail(world.work, "no luck"), expiry_in(world));
  run(world, [&] { world.work.set(); });
  CHECK(text_of(world.error) == "cannot try: no luck");
  CHECK(world.log == "expiry cancelled;");
}

TEST_CASE("an error of the expiry ends the work and propagates") {
  World world;
  spawn(world, work_in(world), fail(world.expiry, "no timer"));
  run(world, [&] { world.expiry.set(); });
  CHECK(text_of(world.error) == "cannot try: no timer");
  CHECK(world.log == "work cancelled;");
}

TEST_CASE("cancelling the whole cancels both sides") {
  World world;
  const auto id = spawn(world, work_in(world), expiry_in(world));
  run(world, [&] { world.tasks.cancel(id); });
  CHECK(text_of(world.error) == "cancelled");
  CHECK(world.log == "work cancelled;expiry cancelled;");
}

TEST_CASE("a cancel before the start begins neither side") {
  World world;
  const auto id = spawn(world, work_in(world), expiry_in(world));
  world.tasks.cancel(id);
  run(world, [] {});
  CHECK(text_of(world.error) == "cancelled");
  CHECK(world.log.empty());
}

TEST_CASE("deadlines nest") {
  World world;
  Event outer(world.loop.executor());
  spawn(world, with_deadline(work_in(world), expiry_in(world), parts()), wait_for(outer));
  run(world, [&] { outer.set(); });
  CHECK_THAT(text_of(world.error), ContainsText("timeout"));
  CHECK(world.log == "work cancelled;expiry cancelled;");
}
