// The time seam. Everything that asks what time it is, or waits, does so through a Clock.
#pragma once

#include "async/task.hpp"
#include "base/time.hpp"

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>

namespace snapshotter::platform {

class Clock {
 public:
  virtual ~Clock() = default;

  // Any thread. steady_now() counts the time that the machine slept (CLOCK_BOOTTIME): compare it
  // with itself only, not with std::chrono::steady_clock::now().
  [[nodiscard]] virtual Time now() const = 0;
  [[nodiscard]] virtual Steady steady_now() const = 0;

  enum class Woke { reached, clock_changed };
  // Waits on the loop until real time has reached `time` (at once when it is past), or until the
  // clock was set (settimeofday, NTP step, resume from sleep): then the caller looks again. Throws
  // CancelledError on cancellation. Any number of waits at a time.
  [[nodiscard]] virtual Task<Woke> wait_until(Time time) = 0;
  // Waits for an interval, whatever real time does; at once for none or a negative one. Throws
  // CancelledError on cancellation.
  [[nodiscard]] virtual Task<> sleep_for(Duration duration) = 0;

  // For blocking work off the loop: returns when `ready` – asked with the lock held, at first and
  // whenever `changed` is notified –, when `stop` is requested, or after `most`, of which
  // time that the machine slept may not count. The lock is held again when it returns; the caller
  // looks which it was.
  virtual void wait_on(std::condition_variable_any& changed, std::unique_lock<std::mutex>& lock,
                       const std::stop_token& stop, Duration most,
                       const std::function<bool()>& ready) = 0;
};

// The machine's: CLOCK_REALTIME through a timerfd with TFD_TIMER_CANCEL_ON_SET, CLOCK_BOOTTIME for
// intervals, so that a machine that slept wakes to timers that have run out.
[[nodiscard]] std::unique_ptr<Clock> system_clock(boost::asio::any_io_executor loop);

}  // namespace snapshotter::platform
