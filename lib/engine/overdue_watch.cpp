#include "engine/overdue_watch.hpp"

#include "async/deadline.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <utility>

namespace snapshotter::engine {
namespace {

// A moment further ahead than this was noted by a clock that was wrong.
constexpr Duration kFarFuture = std::chrono::days{1};

std::optional<Time> second_firing(const config::JobSpec& job, Time since) {
  const auto after = std::chrono::floor<std::chrono::seconds>(since);
  const auto first = job.schedule->next(after, job.timezone, job.dst);
  if (!first) return std::nullopt;
  return job.schedule->next(*first, job.timezone, job.dst);
}

// What a change of which makes the count begin anew.
std::string what_matters(const config::JobSpec& job) {
  auto text = (job.schedule ? job.schedule->text() : "by hand") + ", " + job.timezone.name();
  if (job.overdue_after) text += ", " + to_string(*job.overdue_after);
  return text + ", " + join(job.targets, " ");
}

Task<> reach(platform::Clock& clock, Time time) { (void)co_await clock.wait_until(time); }

}  // namespace

std::optional<Time> overdue_at(const config::JobSpec& job, Time since) {
  if (job.overdue_after) return since + *job.overdue_after;
  if (!job.schedule) return std::nullopt;
  const auto firing = second_firing(job, since);
  if (!firing) return std::nullopt;
  return *firing + job.jitter + job.timeout.value_or(kUsualTime);
}

OverdueWatch::OverdueWatch(const Services& services, Look look, OnOverdue on_overdue, Write write)
    : services_(services),
      look_(std::move(look)),
      on_overdue_(std::move(on_overdue)),
      write_(std::move(write)),
      group_(services.loop),
      changed_(services.loop) {}

Task<> OverdueWatch::load(CatalogAccess& catalog, std::shared_ptr<const config::Config> config) {
  std::map<std::string, std::map<std::string, std::string>> memory;
  co_await catalog.call([&](catalog::Catalog& records) {
    for (const auto& [name, job] : config->jobs) memory[name] = records.memory(scope_of(name));
  });
  for (const auto& [job, values] : memory) recall(job, values);
}

void OverdueWatch::recall(const std::string& job,
                          const std::map<std::string, std::string>& memory) {
  auto& state = states_[job];
  state.told = memory.contains(kKey);
  const auto asked = memory.find(kAskedKey);
  if (asked == memory.end()) return;
  // "2026-11-24T02:00:00Z 0 2 * * *, Europe/Berlin, app-db"
  const auto blank = asked->second.find(' ');
  const auto since = parse_rfc3339(asked->second.substr(0, blank));
  if (since && blank != std::string::npos) {
    state.asked = Asked{asked->second.substr(blank + 1), *since};
  }
}

void OverdueWatch::set_jobs(std::shared_ptr<const config::Config> config) {
  config_ = std::move(config);
  std::vector<catalog::Catalog::MemoryChange> changes;
  for (const auto& [name, job] : config_->jobs) {
    if (auto note = note_asked(job, states_[name])) {
      changes.push_back({scope_of(name), kAskedKey, std::move(note)});
    }
  }
  // One that is gone and comes back begins anew.
  std::erase_if(states_, [&](const auto& entry) {
    if (config_->jobs.contains(entry.first)) return false;
    changes.push_back({scope_of(entry.first), kAskedKey});
    changes.push_back({scope_of(entry.first), kKey});
    return true;
  });
  if (!changes.empty()) {
    write_([changes = std::move(changes)](catalog::Catalog& records) {
      records.change_memory(changes);
    });
  }
  look_at_all();
}

std::optional<std::string> OverdueWatch::note_asked(const config::JobSpec& job, State& state) {
  const auto now = services_.clock.now();
  auto what = what_matters(job);
  if (state.asked && state.asked->what == what && state.asked->since <= now + kFarFuture) {
    return std::nullopt;
  }
  state.asked = Asked{std::move(what), now};
  return to_rfc3339(now) + " " + state.asked->what;
}

void OverdueWatch::look_at(const std::string& job) {
  if (!config_) return;
  const auto spec = config_->jobs.find(job);
  if (spec == config_->jobs.end()) return;
  look(spec->second, states_[job]);
  changed_.set();
}

void OverdueWatch::look_at_all() {
  if (!config_) return;
  for (const auto& [name, job] : config_->jobs) look(job, states_[name]);
  changed_.set();
}

bool OverdueWatch::is_told(const std::string& job) const {
  const auto state = states_.find(job);
  return state != states_.end() && state->second.told;
}

void OverdueWatch::look(const config::JobSpec& job, State& state) {
  const auto now = services_.clock.now();
  const auto facts = look_(job.name);
  auto since = state.asked->since;
  if (facts.last_good && *facts.last_good <= now + kFarFuture) {
    since = std::max(since, *facts.last_good);
  }
  state.due = overdue_at(job, since);
  if (state.told) {
    if (state.due && *state.due <= now) {
      state.due.reset();
      return;
    }
    // A good backup has come.
    state.told = false;
    write_(
        [scope = scope_of(job.name)](catalog::Catalog& records) { records.forget(scope, kKey); });
  }
  if (state.due && facts.queued) {
    state.due = std::max(*state.due, *facts.queued + job.timeout.value_or(kUsualTime));
  }
}

std::optional<Time> OverdueWatch::next() const {
  std::optional<Time> first;
  for (const auto& [name, state] : states_) {
    if (state.due && (!first || *state.due < *first)) first = state.due;
  }
  return first;
}

void OverdueWatch::tell_due() {
  const auto now = services_.clock.now();
  for (auto& [name, state] : states_) {
    if (!state.due || *state.due > now) continue;
    // A run that was queued since the last look has some time.
    look(config_->jobs.at(name), state);
    if (!state.due || *state.due > now) continue;
    const auto expected_by = *std::exchange(state.due, std::nullopt);
    state.told = true;
    on_overdue_(name, look_(name).last_good, expected_by);
  }
}

void OverdueWatch::start() {
  group_.spawn("overdue watch", watch(), [log = services_.log](std::exception_ptr error) {
    if (!error) return;
    try {
      std::rethrow_exception(error);
    } catch (const CancelledError&) {
      // stop()
    } catch (const std::exception& failure) {
      // No timer to be had. A watch that has fallen asleep is worse than a daemon started anew.
      log.error(std::string("overdue jobs can't be watched for: ") + failure.what());
      std::terminate();
    }
  });
}

Task<> OverdueWatch::stop() {
  group_.cancel_all();
  co_await group_.join();
}

Task<> OverdueWatch::watch() {
  const Error::Parts parts{"wait", "", "the time has come"};
  for (;;) {
    tell_due();
    const auto due = next();
    if (!due) {
      co_await changed_.wait();
      continue;
    }
    try {
      co_await async::with_deadline(changed_.wait(), reach(services_.clock, *due), parts);
    } catch (const TimeoutError&) {
      // It has come, or the clock was set: tell_due() looks.
    }
  }
}

}  // namespace snapshotter::engine
