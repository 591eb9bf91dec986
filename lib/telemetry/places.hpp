// The places a line goes to. Used by the log's own thread alone; internal to this module.
#pragma once

#include "telemetry/line.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace spdlog::sinks {
class sink;
}

namespace snapshotter::telemetry {

// One place, opened when the first line comes.
class Place {
 public:
  using Sink = std::shared_ptr<spdlog::sinks::sink>;
  explicit Place(std::function<Sink()> open) : open_(std::move(open)) {}

  // False when the line could not be written; why() then tells.
  bool write(const Line& line) noexcept;
  [[nodiscard]] const std::string& why() const noexcept { return why_; }
  // Counts a line that was lost; true when others are to be told, once a minute.
  bool complain() noexcept;
  // Since the last complaint. Resets the count.
  [[nodiscard]] std::uint64_t take_lost() noexcept;

 private:
  using Clock = std::chrono::steady_clock;
  std::function<Sink()> open_;
  Sink sink_;
  std::string why_;
  std::uint64_t lost_ = 0;
  std::optional<Clock::time_point> opened_, complained_;
};

class Places {
 public:
  Places() = default;
  explicit Places(const LogSettings& settings);

  // Writes to all of them, and of those that failed to the others.
  void write(const Line& line);

 private:
  void report(const Place& failed, const Line& complaint);
  std::vector<Place> places_;
};

}  // namespace snapshotter::telemetry
