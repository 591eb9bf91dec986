// The owner of coroutines: no coroutine of this project runs without one.
#pragma once

#include "async/task.hpp"

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>

namespace snapshotter::async {

// Loop thread only. The group must be empty when it is destroyed (join() it); a coroutine that
// outlives its owner is a bug, and ends the process with its name.
class TaskGroup {
 public:
  using Id = std::uint64_t;
  // Called on the loop when the task has ended; `error` is null for a normal end. Must not throw.
  using Done = std::function<void(std::exception_ptr error)>;

  explicit TaskGroup(boost::asio::any_io_executor loop);
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // Starts the task at the loop's next turn; a task that is cancelled before never starts, its
  // `done` is told CancelledError. Asio's operation_aborted is told as CancelledError too. Without
  // `done`, an error other than CancelledError ends the process: nobody would hear of it.
  Id spawn(std::string name, Task<> task, Done done = {});
  // Asks one task, or all, to end; a task stays cancelled (async/cleanup.hpp). Cancelling one that
  // has not started yet, has ended, or was cancelled before is fine.
  void cancel(Id id);
  void cancel_all();
  // Returns when no task is left, those spawned meanwhile included. Not itself cancellable. Not for
  // a task of this group.
  [[nodiscard]] Task<> join();
  [[nodiscard]] std::size_t size() const noexcept;
  [[nodiscard]] boost::asio::any_io_executor loop() const noexcept;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace snapshotter::async
