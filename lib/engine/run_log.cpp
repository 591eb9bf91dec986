#include "engine/run_log.hpp"

#include <utility>

namespace snapshotter::engine {

void RunLog::expect(const std::string& run) {
  const std::lock_guard lock(mutex_);
  runs_.try_emplace(run);
}

void RunLog::add(const std::string& run, catalog::LogLine line) {
  const std::lock_guard lock(mutex_);
  const auto found = runs_.find(run);
  if (found == runs_.end()) return;
  auto& lines = found->second;
  if (++lines.count > kMaxLines) return;
  if (lines.count == kMaxLines) line.text = "further lines of this run are only in the journal";
  lines.waiting.push_back(std::move(line));
}

std::vector<catalog::LogLine> RunLog::take(const std::string& run) {
  const std::lock_guard lock(mutex_);
  const auto found = runs_.find(run);
  if (found == runs_.end()) return {};
  return std::exchange(found->second.waiting, {});
}

void RunLog::forget(const std::string& run) {
  const std::lock_guard lock(mutex_);
  runs_.erase(run);
}

}  // namespace snapshotter::engine
