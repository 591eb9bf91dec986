// Which runs there are, and which may start now. No I/O, no coroutines; loop thread only.
#pragma once

#include "engine/run.hpp"

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace snapshotter::engine {

// Runs start in the order they came, except that one which has to wait for a target or a store does
// not hold up those behind it. A run starts when fewer than `max_concurrent` run, no other run uses
// one of its targets, and its targets and its store are ready. Runs that verify need only a place.
class RunQueue {
 public:
  explicit RunQueue(std::size_t recent_limit) : recent_limit_(recent_limit) {}

  void add(std::shared_ptr<Run> run);
  // A store may be used; called once per store, after it was swept.
  void set_ready(const std::string& store);
  [[nodiscard]] bool is_ready(const std::string& store) const;
  // A target may be backed up; called once per target, when its recovery has ended.
  void set_target_ready(const std::string& target);
  // The runs that start now; they count as running from here on.
  [[nodiscard]] std::vector<std::shared_ptr<Run>> take_startable(std::size_t max_concurrent);
  // Moves a run, queued or running, to the recent ones; returns those that this pushed out.
  [[nodiscard]] std::vector<std::shared_ptr<Run>> finish(const std::shared_ptr<Run>& run);

  // The queued or running runs of a job.
  [[nodiscard]] std::size_t active_of(const std::string& job) const;
  [[nodiscard]] std::size_t active() const noexcept { return active_.size(); }
  [[nodiscard]] std::shared_ptr<Run> find(const std::string& id) const;
  // Oldest first: recent, then active.
  [[nodiscard]] std::vector<std::shared_ptr<Run>> all() const;
  [[nodiscard]] std::vector<std::shared_ptr<Run>> active_runs() const;

 private:
  struct Active {
    std::shared_ptr<Run> run;
    bool started = false;
  };
  [[nodiscard]] bool can_start(const Run& run) const;

  std::size_t recent_limit_;
  std::list<Active> active_;
  std::deque<std::shared_ptr<Run>> recent_;
  std::set<std::string> ready_stores_, ready_targets_;
};

}  // namespace snapshotter::engine
