#include "async/worker_pool.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "unit/async/death.hpp"

#include <linux/ioprio.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <future>
#include <latch>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace snapshotter::async;
using namespace snapshotter::test;

namespace {

// What `ask` says on a thread of the pool.
template <class Ask>
auto on_worker(WorkerPool& pool, Ask ask) {
  std::promise<decltype(ask())> answer;
  auto future = answer.get_future();
  pool.post([&] { answer.set_value(ask()); });
  return future.get();
}

// The same of `count` threads, that is, of all.
template <class Ask>
auto on_each(WorkerPool& pool, std::ptrdiff_t count, Ask ask) {
  std::latch all(count);
  std::vector<std::future<decltype(ask())>> waiting;
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    auto task = std::make_shared<std::packaged_task<decltype(ask())()>>([&] {
      all.arrive_and_wait();
      return ask();
    });
    waiting.push_back(task->get_future());
    pool.post([task] { (*task)(); });
  }
  std::vector<decltype(ask())> answers;
  for (auto& future : waiting) answers.push_back(future.get());
  return answers;
}

using Class = snapshotter::IoPriority::Class;

int io_of_thread() {
  return static_cast<int>(syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, ::gettid()));
}

int nice_of_thread() { return ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())); }

std::pair<int, int> priority_of_thread() { return {nice_of_thread(), io_of_thread()}; }

std::vector<std::string> thread_names() {
  std::vector<std::string> names;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    names.push_back(read_file(task.path() / "comm"));
  }
  return names;
}

}  // namespace

TEST_CASE("one worker runs what was posted in order and the destructor waits for all") {
  std::vector<int> ran;
  {
    WorkerPool pool("order", 1);
    CHECK(pool.size() == 1);
    for (int i = 0; i < 1000; ++i) pool.post([&ran, i] { ran.push_back(i); });
  }
  REQUIRE(ran.size() == 1000);
  CHECK(std::is_sorted(ran.begin(), ran.end()));
}

TEST_CASE("workers run at the same time") {
  WorkerPool pool("both", 2);
  std::promise<void> met;
  std::promise<void> done;
  pool.post([&] {
    met.get_future().wait();  // ends only if the other one runs meanwhile
    done.set_value();
  });
  pool.post([&] { met.set_value(); });
  done.get_future().wait();
}

TEST_CASE("every thread may post and work that is running may post more") {
  std::atomic<int> ran = 0;
  {
    WorkerPool pool("many", 4);
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 250; ++i) {
          pool.post([&] {
            ++ran;
            pool.post([&] { ++ran; });
          });
        }
      });
    }
    for (auto& thread : threads) thread.join();
  }
  CHECK(ran == 2000);
}

TEST_CASE("without threads the caller runs the work at once") {
  WorkerPool pool("none", 0);
  CHECK(pool.size() == 0);
  std::thread::id where;
  pool.post([&] { where = std::this_thread::get_id(); });
  CHECK(where == std::this_thread::get_id());
}

TEST_CASE("the system shows the names of the workers") {
  WorkerPool pool("backup", 2);
  const WorkerPool long_name("a-very-long-name", 1);
  // A thread has its name before it takes work; the second one may still be starting.
  CHECK(on_worker(pool, [] {
          std::string name(16, '\0');
          pthread_getname_np(pthread_self(), name.data(), name.size());
          return name.substr(0, 7);
        }) == "backup-");
  std::promise<void> first;
  std::promise<void> second;
  pool.post([&] { second.get_future().wait(), first.set_value(); });
  pool.post([&] { second.set_value(); });
  first.get_future().wait();
  const auto names = thread_names();
  CHECK(std::count(names.begin(), names.end(), "backup-0\n") == 1);
  CHECK(std::count(names.begin(), names.end(), "backup-1\n") == 1);
}

TEST_CASE("a priority is that of the workers and nobody else") {
  const int before = nice_of_thread();
  const int io_before = io_of_thread();
  WorkerPool pool("nice", 2);
  WorkerPool lowest("lowest", 1);
  WorkerPool plain("plain", 1);
  const auto refused = pool.set_priority({3, {Class::best_effort, 6}});
  CHECK(refused.nice == 0);
  CHECK(refused.io == 0);
  static_cast<void>(lowest.set_priority({19, {Class::idle, 0}}));
  for (const auto& [nice, io] : on_each(pool, 2, priority_of_thread)) {
    CHECK(nice == std::min(before + 3, 19));
    CHECK(io == IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6));
  }
  CHECK(on_worker(lowest, nice_of_thread) == 19);
  CHECK(on_worker(lowest, io_of_thread) == IOPRIO_PRIO_VALUE(IOPRIO_CLASS_IDLE, 0));
  CHECK(on_worker(plain, nice_of_thread) == before);
  CHECK(nice_of_thread() == before);
  CHECK(io_of_thread() == io_before);
}

TEST_CASE("a priority changes while the workers work, and is that of workers who come later") {
  const int before = nice_of_thread();
  WorkerPool pool("later", 1);
  static_cast<void>(pool.set_priority({2, {}}));
  std::promise<void> go_on;
  std::promise<int> seen;
  pool.post([&] {
    go_on.get_future().wait();
    seen.set_value(nice_of_thread());
  });
  static_cast<void>(pool.set_priority({5, {Class::best_effort, 1}}));
  go_on.set_value();
  CHECK(seen.get_future().get() == std::min(before + 5, 19));
  pool.resize(3);
  for (const auto& [nice, io] : on_each(pool, 3, priority_of_thread)) {
    CHECK(nice == std::min(before + 5, 19));
    CHECK(io == IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 1));
  }
}

TEST_CASE("what the kernel refuses is told and changes nothing") {
  const auto end = run_in_child([] {
    const rlimit none{0, 0};
    setrlimit(RLIMIT_NICE, &none);
    if (setuid(65534) != 0 && geteuid() == 0) _exit(2);
    WorkerPool pool("refused", 1);
    const auto raised = pool.set_priority({10, {}});
    const auto lowered = pool.set_priority({4, {Class::best_effort, 2}});
    const bool right = raised.nice == 0 && raised.io == 0 && lowered.nice == EACCES &&
                       lowered.io == 0 && on_worker(pool, nice_of_thread) >= 10;
    _exit(right ? 42 : 1);
  });
  CHECK(end.status == 42);
}

TEST_CASE("a pool that grows works with the new threads at once") {
  WorkerPool pool("grows", 1);
  pool.resize(3);
  CHECK(pool.size() == 3);
  CHECK(on_each(pool, 3, [] { return 1; }).size() == 3);  // ends only if three are at work
  const auto names = thread_names();
  for (const auto* name : {"grows-0\n", "grows-1\n", "grows-2\n"}) {
    CHECK(std::count(names.begin(), names.end(), name) == 1);
  }
}

TEST_CASE("workers that are too many leave when they have finished what they do") {
  WorkerPool pool("shrinks", 3);
  std::promise<void> go_on;
  const auto gate = go_on.get_future().share();
  std::atomic<int> ended = 0;
  std::latch busy(3);
  for (int i = 0; i < 3; ++i) {
    pool.post([&] {
      busy.count_down();
      gate.wait();
      ++ended;
    });
  }
  busy.wait();
  pool.resize(1);
  CHECK(pool.size() == 1);
  CHECK(ended == 0);  // nobody waited for them, nobody was torn away
  std::vector<int> order;
  std::promise<void> last;
  for (int i = 0; i < 100; ++i) {
    pool.post([&order, i] { order.push_back(i); });  // by one thread: else this is a race
  }
  pool.post([&] { last.set_value(); });
  pool.resize(2);  // grows again before anybody has left: nobody has to
  pool.resize(1);
  go_on.set_value();
  last.get_future().wait();
  CHECK(ended >= 1);
  CHECK(order.size() == 100);
}

TEST_CASE("a pool whose size changes all the time runs everything once") {
  std::atomic<int> ran = 0;
  {
    WorkerPool pool("sizes", 2);
    std::thread changes([&] {
      for (std::size_t i = 0; i < 200; ++i) {
        pool.resize(1 + i % 4);
        static_cast<void>(pool.set_priority({static_cast<int>(i % 2), {}}));
      }
    });
    for (int i = 0; i < 5000; ++i) pool.post([&] { ++ran; });
    changes.join();
  }
  CHECK(ran == 5000);
}

TEST_CASE("a pool never shrinks to nothing, and one without threads gets none") {
  WorkerPool pool("least", 2);
  pool.resize(0);
  CHECK(pool.size() == 1);
  CHECK(on_worker(pool, [] { return 7; }) == 7);
  WorkerPool none("none", 0);
  none.resize(4);
  CHECK(none.size() == 0);
}

TEST_CASE("workers take no signals and the caller keeps its mask") {
  sigset_t before;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  WorkerPool pool("signals", 1);
  sigset_t after;
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGCHLD}) {
    CHECK(sigismember(&before, signal) == sigismember(&after, signal));
    CHECK(on_worker(pool, [signal] {
      sigset_t mask;
      pthread_sigmask(SIG_SETMASK, nullptr, &mask);
      return sigismember(&mask, signal) == 1;
    }));
  }
}

TEST_CASE("an exception out of posted work ends the process") {
  const auto end = run_in_child([] {
    WorkerPool pool("throws", 0);
    pool.post([] { throw 1; });
  });
  CHECK(end.signal == SIGABRT);
}
