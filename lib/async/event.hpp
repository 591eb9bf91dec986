// Waiting on the loop for something that another coroutine, or another thread, will say.
#pragma once

#include "async/task.hpp"

#include <memory>

namespace snapshotter::async {

// An auto-reset event for one waiting coroutine. wait() returns at once when set() was called since
// the last wait(). set() may be called from any thread; wait() on the loop only. wait() throws
// CancelledError on cancellation.
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
