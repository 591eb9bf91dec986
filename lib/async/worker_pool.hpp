// Threads for blocking or computing work, off the loop.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace snapshotter::async {

// A fixed number of threads that run plain functions in the order they were posted.
//
// The threads block all signals, so that no system call ends early with EINTR and the loop's thread
// gets them; a program started from a worker must get its own mask.
//
// With zero threads, post() runs the function at once in the caller: for deterministic tests and
// simulations. All members may be called from any thread. The destructor runs what is still queued
// and joins; posting after that is a bug.
class WorkerPool {
 public:
  // `name` (≤ 12 characters) shows in `ps -L`; `nice` is added to the threads' nice value (0…19).
  WorkerPool(std::string name, std::size_t threads, int nice = 0);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  // The function must not throw.
  void post(std::function<void()> work);
  [[nodiscard]] std::size_t size() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace snapshotter::async
