#include "snapshotctl/parts/progress.hpp"

#include "base/units.hpp"

#include <algorithm>
#include <cmath>

namespace snapshotter::ctl {
namespace {

constexpr std::size_t kShortestBar = 10;
constexpr std::size_t kLongestBar = 30;

std::string bar(std::uint64_t percent, std::size_t width) {
  const auto full = static_cast<std::size_t>(percent) * width / 100;
  return "[" + std::string(full, '#') + std::string(width - full, '-') + "]";
}

std::string numbers(const ProgressState& state) {
  std::string text = to_string(ByteSize{state.done});
  if (state.total > 0) text += " of " + to_string(ByteSize{state.total});
  if (state.rate && *state.rate >= 1) {
    text += "  " + to_string(ByteSize{static_cast<std::uint64_t>(*state.rate)}) + "/s";
  }
  if (const auto left = remaining(state.done, state.total, state.rate)) {
    text += "  " + to_string(std::chrono::ceil<std::chrono::seconds>(*left)) + " left";
  }
  return text;
}

}  // namespace

void RateMeter::update(Steady now, std::uint64_t bytes) {
  if (!samples_.empty() && bytes < samples_.back().bytes) samples_.clear();
  samples_.push_back({now, bytes});
  // The newest sample that is out of the window stays: it is where the window begins.
  while (samples_.size() > 2 && now - samples_[1].time >= kWindow) samples_.pop_front();
}

std::optional<double> RateMeter::rate() const {
  if (samples_.size() < 2) return std::nullopt;
  const std::chrono::duration<double> time = samples_.back().time - samples_.front().time;
  constexpr double kLeast = 0.5;
  if (time.count() < kLeast) return std::nullopt;
  return static_cast<double>(samples_.back().bytes - samples_.front().bytes) / time.count();
}

std::optional<Duration> remaining(std::uint64_t done, std::uint64_t total,
                                  std::optional<double> rate) {
  if (!rate || *rate < 1 || total <= done) return std::nullopt;
  const double seconds = static_cast<double>(total - done) / *rate;
  constexpr double kMost = 99.0 * 86400;
  if (seconds > kMost) return std::nullopt;
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

std::string progress_line(const ProgressState& state, const View& view) {
  const std::size_t width = view.width == 0 ? 80 : view.width;
  const auto counted = state.done == 0 && state.total == 0 ? "" : "  " + numbers(state);
  if (state.total == 0) return cut(state.what + counted, width);
  const auto percent = std::min<std::uint64_t>(
      99, static_cast<std::uint64_t>(100.0 * static_cast<double>(state.done) /
                                     static_cast<double>(state.total)));
  const auto share = "  " + pad(std::to_string(percent), 2, true) + " %";
  const auto taken = display_width(state.what) + display_width(share + counted) + 4;  // "  []"
  if (taken + kShortestBar > width) return cut(state.what + share + counted, width);
  return state.what + "  " + bar(percent, std::min(kLongestBar, width - taken)) + share + counted;
}

}  // namespace snapshotter::ctl
