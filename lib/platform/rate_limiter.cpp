#include "platform/rate_limiter.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <cmath>

namespace snapshotter::platform {
namespace {

using Seconds = std::chrono::duration<double>;

// Rounded up, so that what has been waited for is there; a day at a time is enough.
Duration time_for(double bytes, double rate) {
  const double micros = std::ceil(bytes / rate * Duration::period::den);
  constexpr double kMost = Duration{std::chrono::days{1}}.count();
  return Duration{static_cast<Duration::rep>(std::clamp(micros, 1.0, kMost))};
}

}  // namespace

void RateLimiter::set_rate(ByteSize rate) {
  {
    const std::lock_guard lock(mutex_);
    if (limited_) {
      earn();
    } else {
      earned_ = reserved_;
      earned_until_ = clock_.steady_now() - kBurst;
    }
    rate_ = static_cast<double>(rate.bytes);
    limited_ = rate.bytes != 0;
    ++changes_;
  }
  changed_.notify_all();
}

void RateLimiter::earn() {
  const Steady now = clock_.steady_now();
  const double burst = rate_ * Seconds{kBurst}.count();
  earned_ += rate_ * Seconds{now - earned_until_}.count();
  earned_ = std::min(earned_, reserved_ + burst);
  earned_until_ = now;
}

void RateLimiter::take(std::uint64_t bytes, const std::stop_token& stop) {
  if (!limited_.load(std::memory_order_relaxed)) return;
  std::unique_lock lock(mutex_);
  earn();
  const auto size = static_cast<double>(bytes);
  reserved_ += size;
  const double mine = reserved_;
  while (limited_ && earned_ < mine) {
    const auto seen = changes_;
    const auto changed = [&] { return changes_ != seen; };
    if (!stop.stop_requested()) {
      clock_.wait_on(changed_, lock, stop, time_for(mine - earned_, rate_), changed);
    }
    if (stop.stop_requested()) {
      earned_ += size;
      ++changes_;
      changed_.notify_all();
      throw CancelledError("wait for bandwidth");
    }
    if (limited_) earn();
  }
}

}  // namespace snapshotter::platform
