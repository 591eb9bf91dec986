#include "async/worker_pool.hpp"

#include "base/error.hpp"

#include <linux/ioprio.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <list>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace snapshotter::async {
namespace {

// Threads inherit the mask: signals go to the loop's thread, and no system call of a worker ends
// early with EINTR.
class BlockedSignals {
 public:
  BlockedSignals() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~BlockedSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  BlockedSignals(const BlockedSignals&) = delete;
  BlockedSignals& operator=(const BlockedSignals&) = delete;

 private:
  sigset_t before_{};
};

void run(const std::function<void()>& work) noexcept { work(); }

int nice_of(pid_t thread) { return getpriority(PRIO_PROCESS, static_cast<id_t>(thread)); }

// On Linux a nice value belongs to a thread.
int set_nice(pid_t thread, int nice) {
  return setpriority(PRIO_PROCESS, static_cast<id_t>(thread), nice) == 0 ? 0 : errno;
}

// glibc has no function for it.
int set_io(pid_t thread, IoPriority priority) {
  const int of = priority.of == IoPriority::Class::idle ? IOPRIO_CLASS_IDLE : IOPRIO_CLASS_BE;
  const int value = IOPRIO_PRIO_VALUE(of, priority.level);
  return syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, thread, value) == 0 ? 0 : errno;
}

}  // namespace

struct WorkerPool::Impl {
  struct Worker {
    std::size_t number;
    std::thread thread = {};
    pid_t id = 0;  // 0: has not begun yet
    bool left = false;
  };

  Impl(std::string name_of_all, std::size_t threads)
      : name(std::move(name_of_all)), size(threads), runs_in_caller(threads == 0) {}

  void serve(Worker& self);
  void start_missing();
  bool start_one();
  void join();
  Refusal apply(const Worker& worker) const;

  const std::string name;
  const int nice_of_process = nice_of(gettid());
  std::mutex shape;  // held by whoever changes the threads; before `mutex`

  std::mutex mutex;
  std::condition_variable filled;
  std::condition_variable begun;
  std::deque<std::function<void()>> queue;
  std::list<Worker> workers;
  std::size_t staying = 0;  // workers that have not left
  std::atomic<std::size_t> size;
  std::optional<Priority> priority;
  bool closing = false;
  const bool runs_in_caller;
};

// A thread that leaves takes no wake-up away: while there are too many, none of them waits.
void WorkerPool::Impl::serve(Worker& self) {
  std::unique_lock lock(mutex);
  self.id = gettid();
  begun.notify_all();
  for (;;) {
    filled.wait(lock, [this] { return closing || staying > size || !queue.empty(); });
    if (staying > size || queue.empty()) break;
    auto work = std::move(queue.front());
    queue.pop_front();
    lock.unlock();
    run(work);
    work = {};
    lock.lock();
  }
  --staying;
  self.left = true;
}

void WorkerPool::Impl::start_missing() {
  const BlockedSignals blocked;
  try {
    while (start_one()) {
    }
  } catch (const std::system_error& error) {
    {
      const std::lock_guard lock(mutex);
      size = staying;
    }
    throw_system_error(
        "start worker threads", name, error.code().value(),
        "lower 'workers' or 'max_concurrent_runs', or raise the service's TasksMax=");
  }
}

// False: there are enough. Returns when the thread has begun, so that it can be given its priority.
bool WorkerPool::Impl::start_one() {
  std::unique_lock lock(mutex);
  if (staying >= size) return false;
  std::size_t number = 0;
  const auto taken = [&](const Worker& worker) { return !worker.left && worker.number == number; };
  while (std::any_of(workers.begin(), workers.end(), taken)) ++number;
  Worker& worker = workers.emplace_back(Worker{.number = number});
  try {
    worker.thread = std::thread([this, &worker, label = name + '-' + std::to_string(number)] {
      pthread_setname_np(pthread_self(), label.substr(0, 15).c_str());
      serve(worker);
    });
  } catch (...) {
    workers.pop_back();
    throw;
  }
  ++staying;
  begun.wait(lock, [&] { return worker.id != 0; });
  static_cast<void>(apply(worker));  // set_priority() has told what the kernel refuses
  return true;
}

void WorkerPool::Impl::join() {
  {
    const std::lock_guard lock(mutex);
    closing = true;
  }
  filled.notify_all();
  for (auto& worker : workers) worker.thread.join();
}

WorkerPool::Refusal WorkerPool::Impl::apply(const Worker& worker) const {
  if (!priority || worker.left) return {};
  const int nice = std::min(nice_of_process + priority->nice, 19);
  return {set_nice(worker.id, nice), set_io(worker.id, priority->io)};
}

WorkerPool::WorkerPool(std::string name, std::size_t threads)
    : impl_(std::make_unique<Impl>(std::move(name), threads)) {
  try {
    impl_->start_missing();
  } catch (...) {
    impl_->join();
    throw;
  }
}

WorkerPool::~WorkerPool() { impl_->join(); }

void WorkerPool::post(std::function<void()> work) {
  if (impl_->runs_in_caller) return run(work);
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->queue.push_back(std::move(work));
  }
  impl_->filled.notify_one();
}

std::size_t WorkerPool::size() const noexcept { return impl_->size; }

void WorkerPool::resize(std::size_t threads) {
  if (impl_->runs_in_caller) return;
  const std::lock_guard changing(impl_->shape);
  {
    const std::lock_guard lock(impl_->mutex);
    // Who has left needs no lock any more, so this waits for next to nothing.
    impl_->workers.remove_if([](Impl::Worker& worker) {
      if (worker.left) worker.thread.join();
      return worker.left;
    });
    impl_->size = std::max<std::size_t>(threads, 1);
  }
  impl_->filled.notify_all();
  impl_->start_missing();
}

WorkerPool::Refusal WorkerPool::set_priority(const Priority& priority) {
  const std::lock_guard changing(impl_->shape);
  const std::lock_guard lock(impl_->mutex);
  impl_->priority = priority;
  Refusal refused;
  for (const auto& worker : impl_->workers) {
    const auto of_one = impl_->apply(worker);
    if (of_one.nice != 0) refused.nice = of_one.nice;
    if (of_one.io != 0) refused.io = of_one.io;
  }
  return refused;
}

}  // namespace snapshotter::async
