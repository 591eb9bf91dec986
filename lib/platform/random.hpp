// The randomness seam: ids and jitter. Not for keys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace snapshotter::platform {

// Any thread.
class Random {
 public:
  virtual ~Random() = default;
  [[nodiscard]] virtual std::uint64_t next() = 0;
};

[[nodiscard]] std::unique_ptr<Random> system_random();                    // getrandom(2)
[[nodiscard]] std::unique_ptr<Random> seeded_random(std::uint64_t seed);  // replays

[[nodiscard]] std::string random_hex(Random& random, std::size_t digits);

}  // namespace snapshotter::platform
