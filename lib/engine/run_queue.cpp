#include "engine/run_queue.hpp"

#include <algorithm>

namespace snapshotter::engine {

void RunQueue::add(std::shared_ptr<Run> run) { active_.push_back({std::move(run)}); }

void RunQueue::set_ready(const std::string& store) { ready_stores_.insert(store); }

bool RunQueue::is_ready(const std::string& store) const { return ready_stores_.contains(store); }

void RunQueue::set_target_ready(const std::string& target) { ready_targets_.insert(target); }

bool RunQueue::can_start(const Run& run) const {
  const auto* job = run.job();
  if (job == nullptr) return true;
  if (!ready_stores_.contains(job->store)) return false;
  const bool recovered = std::ranges::all_of(run.record.results, [&](const auto& result) {
    return ready_targets_.contains(result.target);
  });
  if (!recovered) return false;
  const auto uses = [](const Run& other, const std::string& target) {
    return std::ranges::find(other.record.results, target, &catalog::TargetResult::target) !=
           other.record.results.end();
  };
  return std::ranges::none_of(active_, [&](const Active& other) {
    if (!other.started || other.run->job() == nullptr) return false;
    return std::ranges::any_of(run.record.results,
                               [&](const auto& result) { return uses(*other.run, result.target); });
  });
}

std::vector<std::shared_ptr<Run>> RunQueue::take_startable(std::size_t max_concurrent) {
  std::vector<std::shared_ptr<Run>> starting;
  auto running = static_cast<std::size_t>(std::ranges::count(active_, true, &Active::started));
  for (auto& entry : active_) {
    if (running >= max_concurrent) break;
    if (entry.started || !can_start(*entry.run)) continue;
    entry.started = true;
    ++running;
    starting.push_back(entry.run);
  }
  return starting;
}

std::vector<std::shared_ptr<Run>> RunQueue::finish(const std::shared_ptr<Run>& run) {
  std::erase_if(active_, [&](const Active& entry) { return entry.run == run; });
  recent_.push_back(run);
  std::vector<std::shared_ptr<Run>> forgotten;
  while (recent_.size() > recent_limit_) {
    forgotten.push_back(std::move(recent_.front()));
    recent_.pop_front();
  }
  return forgotten;
}

std::size_t RunQueue::active_of(const std::string& job) const {
  return static_cast<std::size_t>(std::ranges::count_if(active_, [&](const Active& entry) {
    return entry.run->record.job == job && entry.run->record.kind == catalog::RunKind::backup;
  }));
}

std::shared_ptr<Run> RunQueue::find(const std::string& id) const {
  for (const auto& run : all()) {
    if (run->id() == id) return run;
  }
  return nullptr;
}

std::vector<std::shared_ptr<Run>> RunQueue::all() const {
  std::vector<std::shared_ptr<Run>> runs(recent_.begin(), recent_.end());
  std::ranges::move(active_runs(), std::back_inserter(runs));
  return runs;
}

std::vector<std::shared_ptr<Run>> RunQueue::active_runs() const {
  std::vector<std::shared_ptr<Run>> runs;
  for (const auto& entry : active_) runs.push_back(entry.run);
  return runs;
}

}  // namespace snapshotter::engine
