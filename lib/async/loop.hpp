// The event loop: one thread, which owns all state of the daemon.
#pragma once

#include "async/task.hpp"

#include <csignal>
#include <functional>
#include <initializer_list>
#include <memory>

namespace snapshotter::async {

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  [[nodiscard]] boost::asio::any_io_executor executor() const;
  // Runs until nothing is left to do: no coroutine, no wait, no hold of on_signals(). Rethrows what
  // a handler threw; can then be called again.
  void run();
  // Runs `main` to its end (and the loop dry after it) and returns its result or rethrows its
  // error: the shape of both programs and of most tests. `main` itself can't be cancelled.
  int run(Task<int> main);

  // Calls `handler` on the loop for each of these signals, until the returned object dies (which
  // the handler itself may bring about). Then the signals have their default effect again.
  [[nodiscard]] std::shared_ptr<void> on_signals(std::initializer_list<int> signals,
                                                 std::function<void(int)> handler);
  // Waits until the descriptor is readable (or at its end, or in error); for libraries that are
  // pumped from the loop. The descriptor stays the caller's, who may wait for it several times at
  // once and close it meanwhile; it becomes non-blocking. Throws CancelledError on cancellation,
  // SystemError for what can't be waited for, such as a regular file.
  [[nodiscard]] static Task<> readable(int descriptor);
  [[nodiscard]] static Task<> writable(int descriptor);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace snapshotter::async
