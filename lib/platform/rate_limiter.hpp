// A limit on bytes per second, shared by all who use the same thing.
#pragma once

#include "base/units.hpp"
#include "platform/clock.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <stop_token>

namespace snapshotter::platform {

// A token bucket that is served in the order of asking: bytes are reserved at once, and the caller
// waits until they have been earned. So one call may be for more than the bucket holds, a big one
// is not overtaken by small ones, and over any time t at most rate × (t + kBurst) bytes and one
// call of each caller pass.
//
// Any thread. Without a limit a call costs one look at an atomic; with one, a lock and a look at
// the clock: callers ask for what is worth it, 64 KiB and more.
class RateLimiter {
 public:
  // What is earned while nobody asks is kept for so long.
  static constexpr Duration kBurst = std::chrono::milliseconds{250};

  // Without a limit.
  explicit RateLimiter(Clock& clock) : clock_(clock) {}
  RateLimiter(const RateLimiter&) = delete;
  RateLimiter& operator=(const RateLimiter&) = delete;

  // Bytes a second; nothing: no limit. Who waits goes on waiting at the new rate.
  void set_rate(ByteSize rate);
  // Blocking, off the loop: returns when these bytes may pass. Throws CancelledError at once when
  // it would have to wait and `stop` is requested, or is requested while it waits; what it had
  // reserved is given to the others.
  void take(std::uint64_t bytes, const std::stop_token& stop);

 private:
  void earn();

  Clock& clock_;
  std::atomic<bool> limited_ = false;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::uint64_t changes_ = 0;
  double rate_ = 0;  // bytes a second
  // Both since the beginning: `earned_` is ahead by a burst at most.
  double reserved_ = 0;
  double earned_ = 0;
  Steady earned_until_{};
};

}  // namespace snapshotter::platform
