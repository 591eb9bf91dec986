// Ctrl-C as a question that the program answers, instead of its end.
#pragma once

#include "base/time.hpp"

#include <pthread.h>

#include <csignal>

namespace snapshotter::ctl {

// While it lives, SIGINT and SIGTERM do nothing but end wait(). Made before any thread is started,
// so that all of them have the signals blocked.
class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  // True as soon as such a signal comes; false after `limit`, or when the thread is woken.
  [[nodiscard]] bool wait(Duration limit) const;
  // Ends this wait() of `thread`, or its next one. From any thread; `thread` was not joined yet.
  static void wake(pthread_t thread) noexcept;

  // What shells report of a program that Ctrl-C ended.
  static constexpr int kExitCode = 128 + SIGINT;

 private:
  sigset_t signals_{};
  sigset_t before_{};
};

}  // namespace snapshotter::ctl
