#include "platform/random.hpp"

#include "base/error.hpp"

#include <sys/random.h>

#include <cerrno>
#include <mutex>
#include <random>

namespace snapshotter::platform {
namespace {

class SystemRandom : public Random {
 public:
  std::uint64_t next() override {
    std::uint64_t value = 0;
    // Up to 256 bytes come whole once the pool is initialised; before that, a signal may interrupt.
    while (::getrandom(&value, sizeof value, 0) != sizeof value) {
      if (errno != EINTR) throw_system_error("get random bytes", "", errno);
    }
    return value;
  }
};

class SeededRandom : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t next() override {
    const std::lock_guard lock(mutex_);
    return engine_();
  }

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace

std::unique_ptr<Random> system_random() { return std::make_unique<SystemRandom>(); }

std::unique_ptr<Random> seeded_random(std::uint64_t seed) {
  return std::make_unique<SeededRandom>(seed);
}

std::string random_hex(Random& random, std::size_t digits) {
  std::string text;
  text.reserve(digits);
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < digits; ++i, bits >>= 4U) {
    if (i % 16 == 0) bits = random.next();
    text += "0123456789abcdef"[bits & 0xFU];
  }
  return text;
}

}  // namespace snapshotter::platform
