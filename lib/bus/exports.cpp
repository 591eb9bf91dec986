#include "bus/exports.hpp"

#include "bus/service.hpp"

#include <utility>

namespace snapshotter::bus {
namespace {

// Sends something. Where that fails the connection is lost: the pump finds out too, and tells.
template <class Send>
void try_to(Send send) {
  try {
    send();
  } catch (const sdbus::Error&) {
  }
}

}  // namespace

Exports::Exports(sdbus::IConnection& connection, engine::Engine& engine, platform::Clock& clock,
                 boost::asio::any_io_executor loop, const Hooks& hooks, Calls& calls,
                 std::function<void()> sent)
    : connection_(connection),
      engine_(engine),
      clock_(clock),
      sent_(std::move(sent)),
      calls_(calls),
      manager_(connection, engine, hooks, calls),
      changed_(loop),
      tasks_(loop) {
  for (const auto& [name, job] : engine_.config().jobs) {
    jobs_[name] = std::make_unique<JobObject>(connection_, engine_, calls_, name);
  }
  for (const auto& run : engine_.runs_in_memory()) add_run(*run);
  engine_.add_listener(*this);
}

Exports::~Exports() { engine_.remove_listener(*this); }

void Exports::start() {
  changed_.set();
  tasks_.spawn("tell changes", tell_when_changed());
}

Task<> Exports::stop() {
  tasks_.cancel_all();
  co_await tasks_.join();
  tell();
}

void Exports::run_added(const engine::Run& run) {
  try_to([&] {
    add_run(run);
    runs_.at(run.id()).object->emitInterfacesAddedSignal();
  });
  // The firing that it answers is not the job's next one any more.
  jobs_changed_ = true;
  changed_.set();
}

void Exports::add_run(const engine::Run& run) {
  auto object =
      std::make_unique<RunObject>(connection_, engine_, calls_, engine_.run_in_memory(run.id()));
  runs_[run.id()] = {std::move(object), run.record.state != catalog::RunState::queued, false};
}

void Exports::run_changed(const engine::Run& run) {
  const auto shown = runs_.find(run.id());
  if (shown == runs_.end()) return;
  if (!shown->second.started && run.record.started) {
    shown->second.started = true;
    signals_.push_back({run.id(), run.record.job, ""});
  }
  changed_.set();
}

void Exports::run_finished(const engine::Run& run) {
  signals_.push_back({run.id(), run.record.job, std::string(name(run.record.state))});
  changed_.set();
}

void Exports::run_forgotten(const std::string& id) {
  const auto shown = runs_.find(id);
  if (shown == runs_.end()) return;
  try_to([&] { shown->second.object->emitInterfacesRemovedSignal(); });
  runs_.erase(shown);
  changed_.set();
}

void Exports::jobs_changed() {
  try_to([this] { match_jobs(); });
  jobs_changed_ = true;
  changed_.set();
}

void Exports::match_jobs() {
  const auto& configured = engine_.config().jobs;
  for (auto shown = jobs_.begin(); shown != jobs_.end();) {
    if (configured.contains(shown->first)) {
      ++shown;
      continue;
    }
    shown->second->emitInterfacesRemovedSignal();
    shown = jobs_.erase(shown);
  }
  for (const auto& [name, job] : configured) {
    if (jobs_.contains(name)) continue;
    auto object = std::make_unique<JobObject>(connection_, engine_, calls_, name);
    object->emitInterfacesAddedSignal();
    jobs_[name] = std::move(object);
  }
}

Task<> Exports::tell_when_changed() {
  for (;;) {
    co_await changed_.wait();
    tell();
    if (watching_ || engine_.active_runs() == 0) continue;
    watching_ = true;
    tasks_.spawn("watch progress", watch_progress());
  }
}

Task<> Exports::watch_progress() {
  while (engine_.active_runs() > 0) {
    co_await clock_.sleep_for(kProgressInterval);
    tell();
  }
  watching_ = false;
}

void Exports::tell() {
  try_to([this] { tell_changes(); });
  sent_();
}

void Exports::tell_changes() {
  const auto now = clock_.steady_now();
  for (auto& [id, run] : runs_) {
    if (!run.settled) run.settled = !run.object->tell_changes(now);
  }
  if (std::exchange(jobs_changed_, false)) {
    for (const auto& [name, job] : jobs_) job->tell_changes();
  }
  manager_.tell_changes();
  for (const auto& signal : std::exchange(signals_, {})) emit(signal);
}

void Exports::emit(const RunSignal& signal) {
  const sdbus::ObjectPath path(run_path(signal.run));
  if (signal.state.empty()) {
    manager_.emitRunStarted(path, utf8(signal.job));
  } else {
    manager_.emitRunFinished(path, utf8(signal.job), signal.state);
  }
}

}  // namespace snapshotter::bus
