// A clock that moves only when the test says so.
#pragma once

#include "platform/clock.hpp"

#include <atomic>
#include <cstddef>
#include <list>
#include <optional>

namespace snapshotter::test {

// now() and steady_now() from any thread, all else on the loop. Real and steady time go together,
// except in jump().
class ManualClock : public platform::Clock {
 public:
  // 2026-11-24T02:00:00Z
  static constexpr Time kStart{std::chrono::seconds{1'795'485'600}};

  explicit ManualClock(boost::asio::any_io_executor loop, Time start = kStart);

  [[nodiscard]] Time now() const override;
  [[nodiscard]] Steady steady_now() const override;
  [[nodiscard]] Task<Woke> wait_until(Time time) override;
  [[nodiscard]] Task<> sleep_for(Duration duration) override;
  // Any thread: the time passes at once, all of `most`, unless during_wait() sees to something
  // else. Coroutines whose wait is then due wake with the next advance().
  void wait_on(std::condition_variable_any& changed, std::unique_lock<std::mutex>& lock,
               const std::stop_token& stop, Duration most,
               const std::function<bool()>& ready) override;
  // Called first in each wait_on(), without the lock. Time passes by what it passes by pass(), and
  // then only if nobody has stopped and nothing is ready, by what is left of `most`.
  std::function<void(Duration most)> during_wait;
  // Any thread; wakes nobody.
  void pass(Duration duration);

  // Lets time pass. Stops at each moment at which a wait is due, wakes the coroutine and lets the
  // loop settle before time goes on: so a coroutine that waits again within the interval is woken
  // again. Waits that are due at the same moment wake in the order in which they began.
  [[nodiscard]] Task<> advance(Duration duration);

  // Sets real time, as settimeofday(2) does: everything in wait_until() wakes with clock_changed,
  // no time has passed, sleeps go on. Then lets the loop settle.
  [[nodiscard]] Task<> jump(Time to);

  // Gives the other coroutines 100 turns of the loop: enough for a chain of events among them, as
  // long as no thread is involved (a WorkerPool of zero threads).
  [[nodiscard]] Task<> settle();

  // How many coroutines are waiting.
  [[nodiscard]] std::size_t waiters() const noexcept { return waiters_.size(); }

 private:
  struct Waiter;
  class Registration;

  Task<Woke> wait(std::optional<Time> real, Steady steady);
  [[nodiscard]] Duration until_due(const Waiter& waiter) const;
  Waiter* next_due();
  void wake(Waiter& waiter, Woke woke);

  boost::asio::any_io_executor loop_;
  std::atomic<Duration> real_;
  std::atomic<Duration> steady_{Duration{0}};
  std::list<Waiter*> waiters_;  // in the order in which they began
};

}  // namespace snapshotter::test
