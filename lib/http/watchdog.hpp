// Inside lib/http only: noticing that nothing happens.
#pragma once

#include "async/task.hpp"
#include "base/time.hpp"
#include "platform/clock.hpp"

#include <functional>
#include <memory>

namespace snapshotter::http {

// One sleeping coroutine for a whole exchange, which looks at a time stamp now and then: an
// operation costs a look at the clock, not a timer. Loop thread.
//
// The coroutine is cancelled by the destructor and ends at the loop's next turn; the clock must
// live until then.
class Watchdog {
 public:
  // `bite` is called on the loop when an expectation was not met in time; never after the
  // destructor.
  Watchdog(boost::asio::any_io_executor loop, platform::Clock& clock, Duration limit,
           std::function<void()> bite);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  // From now on something must happen within the limit: until rest(), or the next expect().
  void expect();
  void rest() noexcept;
  // Whether the last expectation was not met. Throws if the clock failed.
  [[nodiscard]] bool bitten() const;
  [[nodiscard]] Duration limit() const noexcept;

 private:
  struct State;
  static Task<> watch(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace snapshotter::http
