// Inside lib/bus only: what the service shows of the engine, and what it tells of it.
#pragma once

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "bus/job_object.hpp"
#include "bus/manager_object.hpp"
#include "bus/run_object.hpp"
#include "platform/clock.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace snapshotter::bus {

// Keeps the objects in step with the engine. Objects come and go, with InterfacesAdded and
// InterfacesRemoved, in the moment in which the engine says so; what changed is told at the loop's
// next turn, properties first, then RunStarted and RunFinished, so that whoever hears of a run's
// end finds its end in the properties. While runs are active, one coroutine looks at their progress
// every kProgressInterval; otherwise nothing wakes up.
//
// Loop thread only. All that is handed in outlives it.
class Exports final : private engine::Listener {
 public:
  // `sent` is called after messages have been sent.
  Exports(sdbus::IConnection& connection, engine::Engine& engine, platform::Clock& clock,
          boost::asio::any_io_executor loop, const Hooks& hooks, Calls& calls,
          std::function<void()> sent);
  ~Exports() override;

  // Begins to tell of changes; those since construction first.
  void start();
  // Tells what has not been told yet. To be awaited before destruction once started.
  [[nodiscard]] Task<> stop();
  // Something that the engine does not know of has changed: the daemon's state.
  void changed() { changed_.set(); }

 private:
  // RunStarted where `state` is empty, else RunFinished.
  struct RunSignal {
    std::string run, job, state;
  };

  void run_added(const engine::Run& run) override;
  void run_changed(const engine::Run& run) override;
  void run_finished(const engine::Run& run) override;
  void run_forgotten(const std::string& id) override;
  void jobs_changed() override;

  void add_run(const engine::Run& run);
  void match_jobs();
  Task<> tell_when_changed();
  Task<> watch_progress();
  void tell();
  void tell_changes();
  void emit(const RunSignal& signal);

  struct ShownRun {
    std::unique_ptr<RunObject> object;
    bool started = false;  // RunStarted was queued, or the run had started before
    bool settled = false;  // nothing will change any more
  };

  sdbus::IConnection& connection_;
  engine::Engine& engine_;
  platform::Clock& clock_;
  std::function<void()> sent_;
  Calls& calls_;
  ManagerObject manager_;
  std::map<std::string, std::unique_ptr<JobObject>> jobs_;
  std::map<std::string, ShownRun> runs_;
  std::vector<RunSignal> signals_;
  bool jobs_changed_ = false;
  bool watching_ = false;
  async::Event changed_;
  async::TaskGroup tasks_;
};

}  // namespace snapshotter::bus
