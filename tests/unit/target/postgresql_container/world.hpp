// Container tools on a fake engine, with a clock that stands still.
#pragma once

#include "async/loop.hpp"
#include "async/task_group.hpp"
#include "base/error.hpp"
#include "fake_engine.hpp"
#include "support/catch.hpp"
#include "support/fake/fake_memory.hpp"
#include "support/fake/manual_clock.hpp"
#include "target/postgresql/client_tools.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace snapshotter::test {

namespace postgresql = target::postgresql;

struct World {
  explicit World(boost::asio::any_io_executor its_loop) : loop(std::move(its_loop)) {
    settings.container = "db";
    settings.engine = engine.url();
    settings.login.user = "postgres";
    settings.login.password = Secret(std::string("s3cret"));
    output = [this](std::span<const std::byte> bytes) {
      const std::lock_guard lock(mutex);
      kept.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    };
  }

  boost::asio::any_io_executor loop;
  async::WorkerPool pool{"worker", 1};
  ManualClock clock{loop};
  std::unique_ptr<platform::Random> random = platform::seeded_random(7);
  FakeMemory memory;
  target::Surroundings surroundings{loop, pool, clock, *random, memory};
  FakeEngine engine{loop};
  postgresql::ContainerSettings settings;
  postgresql::Output output;

  // What arrived so far.
  [[nodiscard]] std::string saved() {
    const std::lock_guard lock(mutex);
    return kept;
  }
  std::mutex mutex;
  std::string kept;
};

// A call of the tools in the background, and what became of it.
class Call {
 public:
  explicit Call(World& world)
      : world_(world), tools_(make_container_tools(world.settings)), group_(world.loop) {}

  void run(std::vector<std::string> argv) {
    spawn(keep(result, tools_->run(std::move(argv), world_.output, world_.surroundings)));
  }
  void recover() { spawn(tools_->recover(world_.surroundings)); }
  void cancel() { group_.cancel_all(); }

  // Waits without letting time pass.
  Task<> finish() {
    while (!ended) co_await world_.clock.settle();
  }
  // Lets time pass, by `step` whenever nothing else goes on but `sleeps` waits for the clock.
  Task<> finish(std::size_t sleeps, Duration step) {
    while (!ended) {
      co_await world_.clock.settle();
      if (!ended && world_.engine.server().open() == 0 && world_.clock.waiters() == sleeps)
        co_await world_.clock.advance(step);
    }
  }
  // The end of a program asked for every 50 ms; the end of its sessions every 200 ms.
  Task<> finish_asking() { return finish(1, std::chrono::milliseconds{50}); }
  Task<> finish_ending() { return finish(2, std::chrono::milliseconds{200}); }

  bool ended = false;
  std::optional<postgresql::ToolResult> result;
  std::exception_ptr error;

  [[nodiscard]] std::string what() const {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const std::exception& failure) {
      return failure.what();
    }
    return {};
  }
  template <class Kind>
  [[nodiscard]] bool threw() const {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const Kind&) {
      return true;
    } catch (...) {
    }
    return false;
  }

 private:
  static Task<> keep(std::optional<postgresql::ToolResult>& into,
                     Task<postgresql::ToolResult> work) {
    into = co_await std::move(work);
  }
  void spawn(Task<> work) {
    group_.spawn("call", std::move(work), [this](std::exception_ptr failure) {
      ended = true;
      error = std::move(failure);
    });
  }

  World& world_;
  std::unique_ptr<postgresql::ClientTools> tools_;
  async::TaskGroup group_;
};

// Runs a test's coroutine in a world of its own.
inline void in_world(Task<> (*test)(World&)) {
  struct Main {
    static Task<int> run(async::Loop& loop, Task<> (*body)(World&)) {
      World world(loop.executor());
      co_await body(world);
      co_return 0;
    }
  };
  async::Loop loop;
  loop.run(Main::run(loop, test));
}

}  // namespace snapshotter::test
