#include "notify/retry_policy.hpp"

#include <algorithm>

namespace snapshotter::notify {

Duration pause_after(std::uint32_t attempts, std::optional<Duration> asked,
                     platform::Random& random) {
  Duration pause = kFirstPause;
  for (std::uint32_t i = 1; i < attempts && pause < kLongestPause; ++i) pause *= 2;
  pause = std::min(pause, kLongestPause);
  const auto half = static_cast<std::uint64_t>(pause.count()) / 2;
  pause -= Duration{static_cast<Duration::rep>(random.next() % (half + 1))};
  if (asked) pause = std::max(pause, std::min(*asked, kLongestPause));
  return pause;
}

}  // namespace snapshotter::notify
