#include "engine/bandwidths.hpp"

#include <utility>

namespace snapshotter::engine {

void Bandwidths::set(const config::Config& config) {
  for (const auto& [name, store] : config.stores) {
    of_store(name).set_rate(store.bandwidth.value_or(ByteSize{}));
  }
  for (const auto& [name, target] : config.targets) {
    of_target(name).set_rate(target.bandwidth.value_or(ByteSize{}));
  }
}

platform::RateLimiter& Bandwidths::of_store(const std::string& name) {
  return stores_.try_emplace(name, clock_).first->second;
}

platform::RateLimiter& Bandwidths::of_target(const std::string& name) {
  return targets_.try_emplace(name, clock_).first->second;
}

LimitedSource::LimitedSource(const ByteSource& source, platform::RateLimiter& limit,
                             std::stop_token stop)
    : source_(source), limit_(limit), stop_(std::move(stop)) {}

std::uint64_t LimitedSource::size() const { return source_.size(); }

std::size_t LimitedSource::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  limit_.take(into.size(), stop_);
  return source_.read_at(offset, into);
}

}  // namespace snapshotter::engine
