// The dead man's switch: jobs that have no good backup as recent as they should.
//
// What counts is the last good backup (config::JobSpec::overdue_after), or, where it is later, when
// the job's schedule, zone, targets or limit last changed: a job is not overdue by what nobody had
// asked of it. A run that waits or works gets its timeout (or kUsualTime) from when it was queued:
// a machine that slept for a week backs up before it complains. A good backup dated in the future
// counts for nothing: the clock was wrong then.
//
// A job is told of once, when it becomes overdue, over restarts too: the catalog's memory has it
// under "job NAME", until a good backup has come.
#pragma once

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "config/config.hpp"
#include "engine/catalog_access.hpp"
#include "engine/services.hpp"

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace snapshotter::engine {

// The time a run may take, for a job without a timeout.
inline constexpr Duration kUsualTime = std::chrono::hours{1};

// When a job that has had nothing newer than `since` is overdue; nullopt: never. Pure.
[[nodiscard]] std::optional<Time> overdue_at(const config::JobSpec& job, Time since);

// Loop thread only.
class OverdueWatch {
 public:
  struct Facts {
    std::optional<Time> last_good;  // the oldest of its targets' last good backups
    std::optional<Time> queued;     // its oldest run that has not ended
  };
  using Look = std::function<Facts(const std::string& job)>;
  // Must remember it in the catalog's memory, under scope_of(job) and kKey.
  using OnOverdue =
      std::function<void(const std::string& job, std::optional<Time> last_good, Time expected_by)>;
  // Makes one change to the catalog, soon.
  using Write = std::function<void(std::function<void(catalog::Catalog&)>)>;

  static constexpr auto kKey = "overdue";
  [[nodiscard]] static std::string scope_of(const std::string& job) { return "job " + job; }

  OverdueWatch(const Services& services, Look look, OnOverdue on_overdue, Write write);

  // What the catalog remembers of these jobs. Before anything else.
  [[nodiscard]] Task<> load(CatalogAccess& catalog, std::shared_ptr<const config::Config> config);
  // At start and after each reload. One change to the catalog, however many jobs are new or gone.
  void set_jobs(std::shared_ptr<const config::Config> config);
  // A run of the job has ended, or its backups have changed.
  void look_at(const std::string& job);
  void look_at_all();
  [[nodiscard]] bool is_told(const std::string& job) const;

  void start();
  [[nodiscard]] Task<> stop();

 private:
  static constexpr auto kAskedKey = "asked";
  struct Asked {
    std::string what;  // what matters of the job's specification
    Time since{};
  };
  struct State {
    std::optional<Asked> asked;
    bool told = false;
    std::optional<Time> due;  // nullopt: never, or told
  };
  void recall(const std::string& job, const std::map<std::string, std::string>& memory);
  // What the catalog is to remember; nullopt: nothing new.
  [[nodiscard]] std::optional<std::string> note_asked(const config::JobSpec& job, State& state);
  void look(const config::JobSpec& job, State& state);
  [[nodiscard]] std::optional<Time> next() const;
  void tell_due();
  Task<> watch();

  const Services& services_;
  Look look_;
  OnOverdue on_overdue_;
  Write write_;
  async::TaskGroup group_;
  async::Event changed_;
  std::shared_ptr<const config::Config> config_;
  std::map<std::string, State> states_;
};

}  // namespace snapshotter::engine
