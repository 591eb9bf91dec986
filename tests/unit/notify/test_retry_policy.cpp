#include "notify/retry_policy.hpp"
#include "support/catch.hpp"

#include <limits>

using namespace snapshotter;
using namespace std::chrono_literals;
using notify::pause_after;

namespace {

// What jitter takes off: nothing, or the most.
class FixedRandom : public platform::Random {
 public:
  explicit FixedRandom(std::uint64_t value) : value_(value) {}
  std::uint64_t next() override { return value_; }

 private:
  std::uint64_t value_;
};

Duration longest(std::uint32_t attempts, std::optional<Duration> asked = {}) {
  FixedRandom nothing(0);
  return pause_after(attempts, asked, nothing);
}

}  // namespace

TEST_CASE("pauses double from five seconds to a day") {
  CHECK(longest(1) == 5s);
  CHECK(longest(2) == 10s);
  CHECK(longest(3) == 20s);
  CHECK(longest(10) == 2560s);
  CHECK(longest(15) == 81920s);
  CHECK(longest(16) == 24h);
  CHECK(longest(1000) == 24h);
  CHECK(longest(std::numeric_limits<std::uint32_t>::max()) == 24h);
}

TEST_CASE("jitter takes off up to a half and never adds") {
  const auto random = platform::seeded_random(20261124);
  Duration least = Duration::max();
  Duration most = Duration::zero();
  for (int i = 0; i < 10'000; ++i) {
    const Duration pause = pause_after(3, {}, *random);
    least = std::min(least, pause);
    most = std::max(most, pause);
  }
  CHECK(least >= 10s);
  CHECK(most <= 20s);
  CHECK(least < 10s + 100ms);
  CHECK(most > 20s - 100ms);
  FixedRandom half(static_cast<std::uint64_t>(Duration{10s}.count()));
  CHECK(pause_after(3, {}, half) == 10s);
}

TEST_CASE("what the receiver asked for is waited for, up to a day") {
  CHECK(longest(1, 2min) == 2min);
  CHECK(longest(1, 1s) == 5s);
  CHECK(longest(1, 0s) == 5s);
  CHECK(longest(1, Duration{-1s}) == 5s);
  CHECK(longest(1, 48h) == 24h);
  CHECK(longest(1, Duration::max()) == 24h);
  CHECK(longest(16, 1h) == 24h);
  // No jitter comes off what was asked for.
  FixedRandom much(std::numeric_limits<std::uint64_t>::max());
  CHECK(pause_after(1, 2min, much) == 2min);
}

TEST_CASE("a week takes a few dozen attempts at most") {
  const auto random = platform::seeded_random(1);
  Duration sum{};
  std::uint32_t attempts = 0;
  while (sum < notify::kGiveUpAfter) sum += pause_after(++attempts, {}, *random);
  CHECK(attempts > 15);
  CHECK(attempts < 40);
}
