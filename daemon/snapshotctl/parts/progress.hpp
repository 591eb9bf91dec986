// How fast, how far and how long still. Pure: times come from the caller.
#pragma once

#include "base/time.hpp"
#include "snapshotctl/parts/view.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace snapshotter::ctl {

// Bytes per second over the last ten seconds, so that an estimate follows what happens now.
class RateMeter {
 public:
  static constexpr Duration kWindow = std::chrono::seconds(10);

  // `bytes` so far. Fewer than before: something began anew, and so does the measurement.
  void update(Steady now, std::uint64_t bytes);
  // nullopt until half a second has been measured.
  [[nodiscard]] std::optional<double> rate() const;

 private:
  struct Sample {
    Steady time;
    std::uint64_t bytes;
  };
  std::deque<Sample> samples_;
};

// What is left at this rate; nullopt: unknown, or more than 99 days.
[[nodiscard]] std::optional<Duration> remaining(std::uint64_t done, std::uint64_t total,
                                                std::optional<double> rate);

struct ProgressState {
  std::string what;         // "app-db: archiving"
  std::uint64_t done = 0;   // bytes
  std::uint64_t total = 0;  // 0: unknown
  std::optional<double> rate = {};
};
// "app-db: archiving  [####----]  45 %  1.2 of 2.6 GiB  85 MiB/s  12s left", no wider than the view
// (80 columns where it has no width). Estimates can be too low: 99 % stays until the end.
[[nodiscard]] std::string progress_line(const ProgressState& state, const View& view);

}  // namespace snapshotter::ctl
