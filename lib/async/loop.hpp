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
  // Runs until nothing is left to do. Rethrows what a handler threw.
  void run();
  // Runs `main` to its end (and the loop dry after it) and returns its result: the shape of both
  // programs and of most tests.
  int run(Task<int> main);

  // Calls `handler` on the loop for each of these signals, until the returned object dies.
  [[nodiscard]] std::shared_ptr<void> on_signals(std::initializer_list<int> signals,
                                                 std::function<void(int)> handler);
  // Waits until the descriptor is readable; for libraries that are pumped from the loop. The
  // descriptor stays the caller's. Throws CancelledError on cancellation.
  [[nodiscard]] static Task<> readable(int descriptor);
  [[nodiscard]] static Task<> writable(int descriptor);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace snapshotter::async
