// Waiting on the loop for something that another coroutine, or another thread, will say.
#pragma once

#include "async/task.hpp"

#include <memory>

namespace snapshotter::async {

// An auto-reset event for one waiting coroutine. wait() returns at once when set() was called since
// the last wait(); several calls count once. set() may be called from any thread, while the loop
// exists; wait() on the loop only. wait() throws CancelledError on cancellation, also when the
// event is set already, and then leaves it set.
class Event {
 public:
  explicit Event(boost::asio::any_io_executor loop);
  ~Event();
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void set();
  [[nodiscard]] Task<> wait();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace snapshotter::async
