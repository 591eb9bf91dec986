#include "async/cleanup.hpp"
#include "async/loop.hpp"
#include "base/error.hpp"
#include "platform/clock.hpp"
#include "platform/unique_fd.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <limits>
#include <utility>

namespace snapshotter::platform {
namespace {

using namespace std::chrono_literals;

Duration read_clock(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::chrono::seconds{time.tv_sec} +
         std::chrono::floor<Duration>(std::chrono::nanoseconds{time.tv_nsec});
}

UniqueFd start_timer(clockid_t clock, Duration due, int flags) {
  UniqueFd timer(::timerfd_create(clock, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!timer) throw_system_error("create a timer", "", errno);
  const auto seconds = std::chrono::floor<std::chrono::seconds>(due);
  itimerspec when{};
  when.it_value.tv_sec = seconds.count();
  when.it_value.tv_nsec = std::chrono::nanoseconds{due - seconds}.count();
  if (::timerfd_settime(timer.get(), flags, &when, nullptr) != 0) {
    throw_system_error("start a timer", "", errno);
  }
  return timer;
}

// How a timer ended: 0, or ECANCELED when the clock was set.
Task<int> expiry(UniqueFd timer) {
  for (;;) {
    co_await async::Loop::readable(timer.get());
    std::uint64_t expirations = 0;
    if (::read(timer.get(), &expirations, sizeof expirations) > 0) co_return 0;
    if (errno == ECANCELED) co_return errno;
    if (errno != EAGAIN && errno != EINTR) throw_system_error("read a timer", "", errno);
  }
}

class SystemClock : public Clock {
 public:
  Time now() const override { return Time{read_clock(CLOCK_REALTIME)}; }
  Steady steady_now() const override { return Steady{read_clock(CLOCK_BOOTTIME)}; }

  Task<Woke> wait_until(Time time) override {
    co_await async::check_cancelled();
    if (time <= now()) co_return Woke::reached;
    const int ended = co_await expiry(start_timer(CLOCK_REALTIME, time.time_since_epoch(),
                                                  TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET));
    co_return ended == 0 ? Woke::reached : Woke::clock_changed;
  }

  Task<> sleep_for(Duration duration) override {
    co_await async::check_cancelled();
    if (duration <= 0us) co_return;
    co_await expiry(start_timer(CLOCK_BOOTTIME, duration, 0));
  }

  // Counts no sleep of the machine: after one it is late, by what was left.
  void wait_on(std::condition_variable_any& changed, std::unique_lock<std::mutex>& lock,
               const std::stop_token& stop, Duration most,
               const std::function<bool()>& ready) override {
    changed.wait_for(lock, stop, most, ready);
  }
};

}  // namespace

std::unique_ptr<Clock> system_clock(boost::asio::any_io_executor) {
  return std::make_unique<SystemClock>();
}

}  // namespace snapshotter::platform
