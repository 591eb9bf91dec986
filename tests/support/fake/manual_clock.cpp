#include "support/fake/manual_clock.hpp"

#include "async/cleanup.hpp"
#include "async/event.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace snapshotter::test {

struct ManualClock::Waiter {
  std::optional<Time> real;  // wait_until(), otherwise sleep_for()
  Steady steady;
  async::Event due;
  Woke woke = Woke::reached;
};

// A cancelled waiter leaves too.
class ManualClock::Registration {
 public:
  Registration(std::list<Waiter*>& all, Waiter& waiter) : all_(all), waiter_(&waiter) {
    all_.push_back(waiter_);
  }
  ~Registration() { all_.remove(waiter_); }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

 private:
  std::list<Waiter*>& all_;
  Waiter* waiter_;
};

ManualClock::ManualClock(boost::asio::any_io_executor loop, Time start)
    : loop_(std::move(loop)), real_(start.time_since_epoch()) {}

Time ManualClock::now() const { return Time{real_.load()}; }
Steady ManualClock::steady_now() const { return Steady{steady_.load()}; }

Task<platform::Clock::Woke> ManualClock::wait_until(Time time) {
  co_await async::check_cancelled();
  if (time <= now()) co_return Woke::reached;
  co_return co_await wait(time, {});
}

Task<> ManualClock::sleep_for(Duration duration) {
  co_await async::check_cancelled();
  if (duration <= Duration::zero()) co_return;
  co_await wait({},
                duration < Steady::max() - steady_now() ? steady_now() + duration : Steady::max());
}

Task<platform::Clock::Woke> ManualClock::wait(std::optional<Time> real, Steady steady) {
  Waiter waiter{real, steady, async::Event(loop_)};
  const Registration registration(waiters_, waiter);
  co_await waiter.due.wait();
  co_return waiter.woke;
}

Duration ManualClock::until_due(const Waiter& waiter) const {
  return waiter.real ? *waiter.real - now() : waiter.steady - steady_now();
}

ManualClock::Waiter* ManualClock::next_due() {
  const auto next = std::ranges::min_element(
      waiters_, {}, [this](const Waiter* waiter) { return until_due(*waiter); });
  return next == waiters_.end() ? nullptr : *next;
}

void ManualClock::pass(Duration duration) {
  real_ = real_.load() + duration;
  steady_ = steady_.load() + duration;
}

void ManualClock::wait_on(std::condition_variable_any&, std::unique_lock<std::mutex>& lock,
                          const std::stop_token& stop, Duration most,
                          const std::function<bool()>& ready) {
  const auto end = steady_now() + most;
  if (during_wait) {
    lock.unlock();
    during_wait(most);
    lock.lock();
  }
  if (!stop.stop_requested() && !ready() && steady_now() < end) pass(end - steady_now());
}

void ManualClock::wake(Waiter& waiter, Woke woke) {
  waiters_.remove(&waiter);
  waiter.woke = woke;
  waiter.due.set();
}

Task<> ManualClock::advance(Duration duration) {
  co_await settle();
  const auto end = steady_now() + duration;
  for (auto* next = next_due(); next != nullptr; next = next_due()) {
    const auto pause = std::max(until_due(*next), Duration::zero());
    if (pause > end - steady_now()) break;
    pass(pause);
    wake(*next, Woke::reached);
    co_await settle();
  }
  pass(end - steady_now());
}

Task<> ManualClock::jump(Time to) {
  real_ = to.time_since_epoch();
  const auto waiting = waiters_;
  for (auto* waiter : waiting) {
    if (waiter->real) wake(*waiter, Woke::clock_changed);
  }
  co_await settle();
}

Task<> ManualClock::settle() {
  for (int turn = 0; turn < 100; ++turn) {
    co_await boost::asio::post(loop_, boost::asio::use_awaitable);
  }
}

}  // namespace snapshotter::test
