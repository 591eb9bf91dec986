#include "async/worker_pool.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "unit/async/death.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <future>
#include <string>
#include <thread>
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

int nice_of_thread() { return ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())); }

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

TEST_CASE("nice lowers the workers and nobody else") {
  const int before = nice_of_thread();
  WorkerPool pool("nice", 1, 3);
  WorkerPool lowest("lowest", 1, 19);
  WorkerPool plain("plain", 1);
  CHECK(on_worker(pool, nice_of_thread) == std::min(before + 3, 19));
  CHECK(on_worker(lowest, nice_of_thread) == 19);
  CHECK(on_worker(plain, nice_of_thread) == before);
  CHECK(nice_of_thread() == before);
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
