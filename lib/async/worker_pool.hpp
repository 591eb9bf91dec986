// Threads for blocking or computing work, off the loop.
#pragma once

#include "base/priority.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace snapshotter::async {

// Threads that run plain functions in the order they were posted.
//
// The threads block all signals, so that no system call ends early with EINTR and the loop's thread
// gets them; a program started from a worker must get its own mask.
//
// With zero threads, post() runs the function at once in the caller: for deterministic tests and
// simulations; such a pool stays one. All members may be called from any thread. The destructor
// runs what is still queued and joins; posting after that is a bug.
class WorkerPool {
 public:
  // `name` (≤ 12 characters) shows in `ps -L`. The threads begin with the priority of the creating
  // one. Throws SystemError when the system has no more threads.
  WorkerPool(std::string name, std::size_t threads);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // The function must not throw.
  void post(std::function<void()> work);
  [[nodiscard]] std::size_t size() const noexcept;

  // Makes it a pool of so many threads, at least one. New ones are there when this returns; those
  // that are too many leave as soon as they have finished what they do. Throws SystemError when the
  // system has no more threads; the pool then has those that it got.
  void resize(std::size_t threads);

  // Why the kernel did not do it: error numbers, 0 where it did.
  struct Refusal {
    int nice = 0;
    int io = 0;
  };
  // For all threads, and those that come later; also while they work. Programs that a worker starts
  // from now on have it too. Taking more of the machine than now may need a right: RLIMIT_NICE for
  // the nice value. What is refused stays as it is.
  [[nodiscard]] Refusal set_priority(const Priority& priority);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace snapshotter::async
