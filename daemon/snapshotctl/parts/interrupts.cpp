#include "snapshotctl/parts/interrupts.hpp"

#include <chrono>

namespace snapshotter::ctl {
namespace {

// Blocked like the others, so that it waits for a wait() that has not begun.
constexpr int kWake = SIGUSR1;

}  // namespace

Interrupts::Interrupts() {
  ::sigemptyset(&signals_);
  ::sigaddset(&signals_, SIGINT);
  ::sigaddset(&signals_, SIGTERM);
  ::sigaddset(&signals_, kWake);
  ::pthread_sigmask(SIG_BLOCK, &signals_, &before_);
}

Interrupts::~Interrupts() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

bool Interrupts::wait(Duration limit) const {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(limit);
  const timespec time{seconds.count(), std::chrono::nanoseconds(limit - seconds).count()};
  const int signal = ::sigtimedwait(&signals_, nullptr, &time);
  return signal > 0 && signal != kWake;
}

void Interrupts::wake(pthread_t thread) noexcept { ::pthread_kill(thread, kWake); }

}  // namespace snapshotter::ctl
