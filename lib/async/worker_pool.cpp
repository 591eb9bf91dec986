#include "async/worker_pool.hpp"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

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

// On Linux a nice value belongs to a thread. Lowering one's own priority is always allowed.
void lower_priority(int nice) {
  if (nice == 0) return;
  const auto thread = static_cast<id_t>(gettid());
  setpriority(PRIO_PROCESS, thread, getpriority(PRIO_PROCESS, thread) + nice);
}

}  // namespace

struct WorkerPool::Impl {
  void serve() {
    std::unique_lock lock(mutex);
    for (;;) {
      filled.wait(lock, [this] { return closing || !queue.empty(); });
      if (queue.empty()) return;
      auto work = std::move(queue.front());
      queue.pop_front();
      lock.unlock();
      run(work);
      work = {};
      lock.lock();
    }
  }

  void join() {
    {
      const std::lock_guard lock(mutex);
      closing = true;
    }
    filled.notify_all();
    for (auto& thread : threads) thread.join();
  }

  std::mutex mutex;
  std::condition_variable filled;
  std::deque<std::function<void()>> queue;
  bool closing = false;
  std::vector<std::thread> threads;
};

WorkerPool::WorkerPool(std::string name, std::size_t threads, int nice)
    : impl_(std::make_unique<Impl>()) {
  const BlockedSignals blocked;
  impl_->threads.reserve(threads);
  try {
    for (std::size_t i = 0; i < threads; ++i) {
      impl_->threads.emplace_back(
          [impl = impl_.get(), nice, label = name + '-' + std::to_string(i)] {
            pthread_setname_np(pthread_self(), label.substr(0, 15).c_str());
            lower_priority(nice);
            impl->serve();
          });
    }
  } catch (...) {
    impl_->join();
    throw;
  }
}

WorkerPool::~WorkerPool() { impl_->join(); }

void WorkerPool::post(std::function<void()> work) {
  if (impl_->threads.empty()) return run(work);
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->queue.push_back(std::move(work));
  }
  impl_->filled.notify_one();
}

std::size_t WorkerPool::size() const noexcept { return impl_->threads.size(); }

}  // namespace snapshotter::async
