#include "async/event.hpp"
#include "async/loop.hpp"
#include "async/task_group.hpp"
#include "base/error.hpp"
#include "support/catch.hpp"

#include <boost/asio/post.hpp>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace snapshotter;
using namespace snapshotter::async;

namespace {

class Sockets {
 public:
  Sockets() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_.data()) == 0); }
  ~Sockets() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }
  Sockets(const Sockets&) = delete;
  Sockets& operator=(const Sockets&) = delete;

  [[nodiscard]] int mine() const { return ends_[0]; }
  void send() const { REQUIRE(::write(ends_[1], "x", 1) == 1); }
  void receive() const {
    char byte = 0;
    REQUIRE(::read(ends_[0], &byte, 1) == 1);
  }

 private:
  std::array<int, 2> ends_{};
};

Task<> send(Sockets& sockets) {
  sockets.send();
  co_return;
}

// How many descriptors the process's epoll instances watch, also such as are closed by now.
std::size_t watched() {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
    std::ifstream info(entry.path());
    for (std::string word; info >> word;) count += word == "tfd:" ? 1 : 0;
  }
  return count;
}

Task<> wait_readable(int descriptor) { co_await Loop::readable(descriptor); }

Task<int> answer(int value) { co_return value; }

Task<int> fail() {
  throw std::runtime_error("main failed");
  co_return 0;
}

Task<int> join(TaskGroup& group) {
  co_await group.join();
  co_return 0;
}

}  // namespace

TEST_CASE("run returns what main returns, again and again") {
  Loop loop;
  CHECK(loop.run(answer(3)) == 3);
  CHECK(loop.run(answer(4)) == 4);
}

TEST_CASE("run rethrows what main throws after the loop ran dry") {
  Loop loop;
  bool ran = false;
  boost::asio::post(loop.executor(),
                    [&] { boost::asio::post(loop.executor(), [&] { ran = true; }); });
  CHECK_THROWS_AS(loop.run(fail()), std::runtime_error);
  CHECK(ran);
  CHECK(loop.run(answer(1)) == 1);
}

TEST_CASE("run rethrows what a handler throws and can go on") {
  Loop loop;
  boost::asio::post(loop.executor(), [] { throw std::runtime_error("handler"); });
  bool ran = false;
  boost::asio::post(loop.executor(), [&] { ran = true; });
  CHECK_THROWS_AS(loop.run(), std::runtime_error);
  loop.run();
  CHECK(ran);
}

TEST_CASE("signals are handled on the loop until the handle dies") {
  Loop loop;
  std::vector<int> seen;
  Event signalled(loop.executor());
  auto handle = loop.on_signals({SIGUSR1, SIGUSR2}, [&](int signal) {
    seen.push_back(signal);
    signalled.set();
  });
  const auto main = [](Event& event, std::shared_ptr<void>& held) -> Task<int> {
    for (const int signal : {SIGUSR1, SIGUSR2, SIGUSR1}) {
      ::raise(signal);
      co_await event.wait();
    }
    held.reset();
    co_return 0;
  };
  loop.run(main(signalled, handle));
  CHECK(seen == std::vector<int>{SIGUSR1, SIGUSR2, SIGUSR1});
  // With nobody left to handle it, the signal has its default effect again.
  struct sigaction action {};
  ::sigaction(SIGUSR1, nullptr, &action);
  CHECK(action.sa_handler == SIG_DFL);
}

TEST_CASE("a signal handler may end its own registration") {
  Loop loop;
  int calls = 0;
  std::shared_ptr<void> handle;
  handle = loop.on_signals({SIGUSR1}, [&](int) {
    ++calls;
    handle.reset();
  });
  boost::asio::post(loop.executor(), [] { ::raise(SIGUSR1); });
  loop.run();
  CHECK(calls == 1);
}

TEST_CASE("readable waits for bytes and leaves them to the caller") {
  Loop loop;
  Sockets sockets;
  TaskGroup tasks(loop.executor());
  const auto main = [](Sockets& pair, TaskGroup& group) -> Task<int> {
    for (int i = 0; i < 3; ++i) {
      group.spawn("send", send(pair));
      co_await Loop::readable(pair.mine());
      CHECK(group.size() == 0);
      pair.receive();
    }
    pair.send();
    co_await Loop::readable(pair.mine());
    co_return 0;
  };
  loop.run(main(sockets, tasks));
  sockets.receive();
}

TEST_CASE("a descriptor can be waited for both ways at the same time") {
  Loop loop;
  Sockets sockets;
  TaskGroup tasks(loop.executor());
  tasks.spawn("first reader", wait_readable(sockets.mine()));
  tasks.spawn("second reader", wait_readable(sockets.mine()));
  const auto main = [](Sockets& pair, TaskGroup& group) -> Task<int> {
    co_await Loop::writable(pair.mine());
    CHECK(group.size() == 2);
    pair.send();
    co_await group.join();
    co_return 0;
  };
  loop.run(main(sockets, tasks));
}

TEST_CASE("a cancelled wait for a descriptor leaves nothing behind") {
  Loop loop;
  Sockets sockets;
  TaskGroup tasks(loop.executor());
  std::string end;
  const auto note = [&](std::exception_ptr error) {
    try {
      if (error) std::rethrow_exception(error);
    } catch (const CancelledError&) {
      end = "cancelled";
    }
  };
  // Opens what the loop itself watches.
  const auto first_wait = [](Sockets& pair) -> Task<int> {
    co_await Loop::writable(pair.mine());
    co_return 0;
  };
  const auto main = [](Sockets& pair, TaskGroup& group, TaskGroup::Id task) -> Task<int> {
    co_await Loop::writable(pair.mine());
    group.cancel(task);
    co_await group.join();
    const int next_before = ::dup(pair.mine());
    ::close(next_before);
    pair.send();
    co_await Loop::readable(pair.mine());
    const int next = ::dup(pair.mine());
    CHECK(next == next_before);
    ::close(next);
    co_return 0;
  };
  loop.run(first_wait(sockets));
  const auto watched_before = watched();
  const auto id = tasks.spawn("wait", wait_readable(sockets.mine()), note);
  loop.run(main(sockets, tasks, id));
  CHECK(end == "cancelled");
  CHECK(watched() == watched_before);
}

TEST_CASE("what can't be waited for is an error") {
  Loop loop;
  TaskGroup tasks(loop.executor());
  std::vector<int> numbers;
  const auto note = [&](std::exception_ptr error) {
    try {
      std::rethrow_exception(error);
    } catch (const SystemError& failure) {
      numbers.push_back(failure.error_number());
    }
  };
  const int regular = ::open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
  tasks.spawn("closed", wait_readable(-1), note);
  tasks.spawn("regular", wait_readable(regular), note);
  loop.run(join(tasks));
  CHECK(numbers.size() == 2);
  CHECK(numbers.at(0) == EBADF);
  ::close(regular);
}
