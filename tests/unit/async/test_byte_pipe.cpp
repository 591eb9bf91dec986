#include "async/byte_pipe.hpp"
#include "async/loop.hpp"
#include "async/offload.hpp"
#include "async/task_group.hpp"
#include "async/worker_pool.hpp"
#include "base/error.hpp"
#include "support/catch.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <string>
#include <thread>

using namespace snapshotter;
using namespace snapshotter::async;

namespace {

std::vector<std::byte> bytes_of(const std::string& text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::string text_of(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct World {
  Loop loop;
  TaskGroup tasks{loop.executor()};
  BytePipe pipe;
  std::stop_source stop;
  std::vector<bool> written;  // what each write() said
  bool cancelled = false;

  explicit World(std::size_t capacity) : pipe(loop.executor(), capacity) {}

  Task<> write_all(std::vector<std::string> pieces) {
    try {
      for (const auto& piece : pieces) written.push_back(co_await pipe.write(bytes_of(piece)));
      pipe.close();
    } catch (const CancelledError&) {
      cancelled = true;
      pipe.close(std::current_exception());
    }
  }
  void write(std::vector<std::string> pieces) {
    tasks.spawn("writer", write_all(std::move(pieces)));
  }
  // Until nothing happens by itself any more.
  Task<> settle() {
    for (int turn = 0; turn < 50; ++turn) {
      co_await boost::asio::post(loop.executor(), boost::asio::use_awaitable);
    }
  }
  std::string read() { return text_of(pipe.read(stop.get_token())); }
};

}  // namespace

TEST_CASE("a pipe gives what was written, and then the end") {
  World world(100);
  world.write({"one", "", "two"});
  world.loop.run();
  CHECK(world.written == std::vector{true, true, true});
  CHECK(world.read() == "one");
  CHECK(world.read() == "two");
  CHECK(world.read().empty());
  CHECK(world.read().empty());
}

TEST_CASE("a writer waits while the pipe is full") {
  World world(10);
  world.write({"12345", "12345", "6", "larger than the whole pipe", "7"});
  const auto test = [&]() -> Task<int> {
    co_await world.settle();
    CHECK(world.written.size() == 2);
    CHECK(world.read() == "12345");
    co_await world.settle();
    CHECK(world.written.size() == 3);
    CHECK(world.read() == "12345");
    co_await world.settle();
    CHECK(world.written.size() == 3);
    CHECK(world.read() == "6");
    co_await world.settle();
    CHECK(world.written.size() == 4);
    CHECK(world.read() == "larger than the whole pipe");
    co_return 0;
  };
  world.loop.run(test());
  CHECK(world.written == std::vector(5, true));
  CHECK(world.read() == "7");
  CHECK(world.read().empty());
}

TEST_CASE("a failure of the writer comes before what is left") {
  World world(10);
  world.write({"1"});
  world.loop.run();
  world.pipe.close(std::make_exception_ptr(SystemError({"try", "", "broken"})));
  CHECK_THROWS_AS(world.read(), SystemError);
  CHECK_THROWS_AS(world.read(), SystemError);
}

TEST_CASE("a reader that leaves frees the writer") {
  World world(4);
  world.write({"1234", "5678", "9"});
  const auto test = [&]() -> Task<int> {
    co_await world.settle();
    CHECK(world.written.size() == 1);
    world.pipe.leave();
    co_return 0;
  };
  world.loop.run(test());
  CHECK(world.written == std::vector{true, false, false});

  World before(4);
  before.pipe.leave();
  before.write({"1", ""});
  before.loop.run();
  CHECK(before.written == std::vector{false, false});
}

TEST_CASE("a writer that waits can be cancelled, and its reader hears of it") {
  World world(4);
  world.write({"1234", "5678"});
  const auto test = [&]() -> Task<int> {
    co_await world.settle();
    world.tasks.cancel_all();
    co_return 0;
  };
  world.loop.run(test());
  CHECK(world.cancelled);
  CHECK(world.written == std::vector{true});
  CHECK_THROWS_AS(world.read(), CancelledError);
}

TEST_CASE("a stop ends a reader, also one that waits") {
  World world(4);
  world.stop.request_stop();
  CHECK_THROWS_AS(world.read(), CancelledError);

  World waiting(4);
  std::jthread stopper([&] { waiting.stop.request_stop(); });
  CHECK_THROWS_AS(waiting.read(), CancelledError);
}

TEST_CASE("a pipe between a loop and a worker") {
  constexpr int kPieces = 2000;
  World world(1000);
  WorkerPool pool("reader", 1);
  std::string got;
  auto worker = [&](std::stop_token stop) {
    for (;;) {
      const auto piece = world.pipe.read(stop);
      if (piece.empty()) break;
      got += text_of(piece);
    }
    world.pipe.leave();
  };
  std::vector<std::string> pieces;
  std::string wanted;
  for (int i = 0; i < kPieces; ++i) {
    pieces.push_back(
        std::string(static_cast<std::size_t>(i) % 700 + 1, static_cast<char>('a' + i % 26)));
    wanted += pieces.back();
  }
  world.write(pieces);
  const auto read = [&]() -> Task<int> {
    co_await offload(pool, std::ref(worker));
    co_return 0;
  };
  world.loop.run(read());
  CHECK(got == wanted);
}

TEST_CASE("a worker that leaves in the middle of it") {
  World world(100);
  WorkerPool pool("reader", 1);
  auto worker = [&](std::stop_token stop) {
    for (int i = 0; i < 10; ++i) static_cast<void>(world.pipe.read(stop));
    world.pipe.leave();
  };
  world.write(std::vector<std::string>(1000, std::string(60, 'x')));
  const auto read = [&]() -> Task<int> {
    co_await offload(pool, std::ref(worker));
    co_return 0;
  };
  world.loop.run(read());
  REQUIRE(world.written.size() == 1000);
  CHECK(world.written.front());
  CHECK(!world.written.back());
}
