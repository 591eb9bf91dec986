// When which job is due.
//
// One coroutine on the loop sleeps until the earliest firing; jobs lie in an ordered set, so 10,000
// idle ones cost nothing. Exactly once: each job has a moment up to which its schedule was
// answered, kept in the catalog; a firing at or before it never fires again, whatever the clock
// does. A moment that lies more than a day in the future (the clock was wrong when it was written)
// is forgotten with a warning – otherwise the job would sleep until then.
//
// A firing is missed when it could not be started within kLate of its time – the machine was off or
// asleep, the clock was set forward. Missed firings of a job are answered together: by one run
// where catch_up is on, else by a notice.
#pragma once

#include "async/task_group.hpp"
#include "catalog/records.hpp"
#include "config/config.hpp"
#include "engine/services.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace snapshotter::engine {

// A firing that is due.
struct Due {
  std::string job;
  Time scheduled;       // the (first, if several were missed) firing, without jitter
  Time answered;        // up to where the schedule is answered by this
  bool missed = false;  // and late
};

// Loop thread only.
class Scheduler {
 public:
  static constexpr Duration kLate = std::chrono::minutes{1};

  using OnDue = std::function<void(const Due&)>;
  Scheduler(const Services& services, OnDue on_due);

  // The moments from the catalog; once, before start().
  void restore(std::map<std::string, Time> answered);
  // Takes the jobs of a configuration: at start and after each reload. A job never seen before is
  // answered up to now. May be called while running.
  void set_jobs(const config::Config& config);
  // Begins to fire. Missed firings fire at the loop's next turn.
  void start();
  [[nodiscard]] Task<> stop();

  [[nodiscard]] const std::map<std::string, Time>& answered() const noexcept { return answered_; }
  // The next firing with jitter; nullopt: no schedule.
  [[nodiscard]] std::optional<Time> next(const std::string& job) const;
  [[nodiscard]] std::optional<Time> next_of_all() const;

 private:
  struct Entry {
    schedule::CronExpression expression;
    schedule::TimeZone zone;
    schedule::DstPolicy dst;
    Duration jitter;
    Time scheduled;  // the firing waited for
    Time due;        // scheduled + jitter
    [[nodiscard]] bool fires_like(const Entry& other) const;
  };
  // An answered moment further ahead than this was written by a clock that was wrong.
  static constexpr Duration kFarFuture = std::chrono::days{1};
  void forget_future(const std::string& job, Time& answered, Time now);
  void look_again();
  void arm(const std::string& job, Entry& entry, Time after);
  void fire_due();
  void restart();
  Task<> sleep_and_fire();

  const Services& services_;
  OnDue on_due_;
  async::TaskGroup group_;
  std::map<std::string, Time> answered_;
  std::map<std::string, Entry> entries_;
  std::set<std::pair<Time, std::string>> queue_;
  bool running_ = false;
};

}  // namespace snapshotter::engine
