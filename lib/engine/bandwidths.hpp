// The limits of stores and targets on bytes per second, for all runs together.
#pragma once

#include "base/byte_stream.hpp"
#include "config/config.hpp"
#include "platform/rate_limiter.hpp"

#include <map>
#include <stop_token>
#include <string>

namespace snapshotter::engine {

// A run keeps the configuration it was queued with, but a new limit reaches it all the same: the
// limiters are here, one for each name, and live as long as this. One for a name that is not
// configured any more keeps its rate, for runs that still use it.
//
// Loop thread only; the limiters from any.
class Bandwidths {
 public:
  explicit Bandwidths(platform::Clock& clock) : clock_(clock) {}

  void set(const config::Config& config);
  [[nodiscard]] platform::RateLimiter& of_store(const std::string& name);
  [[nodiscard]] platform::RateLimiter& of_target(const std::string& name);

 private:
  using Limiters = std::map<std::string, platform::RateLimiter>;

  platform::Clock& clock_;
  Limiters stores_;
  Limiters targets_;
};

// A source whose bytes count against a limit. Both outlive it.
class LimitedSource : public ByteSource {
 public:
  LimitedSource(const ByteSource& source, platform::RateLimiter& limit, std::stop_token stop);
  [[nodiscard]] std::uint64_t size() const override;
  std::size_t read_at(std::uint64_t offset, std::span<std::byte> into) const override;

 private:
  const ByteSource& source_;
  platform::RateLimiter& limit_;
  std::stop_token stop_;
};

}  // namespace snapshotter::engine
