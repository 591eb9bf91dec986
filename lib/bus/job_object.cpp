#include "bus/job_object.hpp"

#include "bus/service.hpp"

namespace snapshotter::bus {

namespace {

Task<sdbus::ObjectPath> trigger(engine::Engine& engine, std::string job) {
  co_return sdbus::ObjectPath(run_path(engine.trigger(job)));
}

}  // namespace

JobObject::JobObject(sdbus::IConnection& connection, engine::Engine& engine, Calls& calls,
                     std::string name)
    : AdaptorInterfaces(connection, sdbus::ObjectPath(job_path(name))),
      engine_(engine),
      calls_(calls),
      name_(std::move(name)),
      told_(current()) {
  registerAdaptor();
}

JobObject::~JobObject() { unregisterAdaptor(); }

void JobObject::Trigger(sdbus::Result<sdbus::ObjectPath>&& result) {
  calls_.answer(getObject(), Action::trigger, "Trigger", std::move(result),
                trigger(engine_, name_));
}

JobObject::Told JobObject::current() const {
  Told now;
  const auto job = engine_.job(name_);
  if (!job) return now;
  if (job->spec->schedule) now.schedule = utf8(job->spec->schedule->text());
  now.time_zone = utf8(job->spec->timezone.name());
  for (const auto& target : job->spec->targets) now.targets.push_back(utf8(target));
  now.next_run = micros(job->next);
  now.last_run = last_run_of(*job);
  now.last_state = last_state_of(*job);
  if (job->last_good) now.last_good_backup = micros(job->last_good->taken);
  return now;
}

std::string JobObject::Name() { return utf8(name_); }
std::string JobObject::Schedule() { return current().schedule; }
std::string JobObject::TimeZone() { return current().time_zone; }
std::vector<std::string> JobObject::Targets() { return current().targets; }
std::uint64_t JobObject::NextRun() { return current().next_run; }
std::uint64_t JobObject::LastRun() { return current().last_run; }
std::string JobObject::LastState() { return current().last_state; }
std::uint64_t JobObject::LastGoodBackup() { return current().last_good_backup; }

void JobObject::tell_changes() {
  auto now = current();
  std::vector<compat::PropertyName> changed;
  if (now.schedule != told_.schedule) changed.emplace_back("Schedule");
  if (now.time_zone != told_.time_zone) changed.emplace_back("TimeZone");
  if (now.targets != told_.targets) changed.emplace_back("Targets");
  if (now.next_run != told_.next_run) changed.emplace_back("NextRun");
  if (now.last_run != told_.last_run) changed.emplace_back("LastRun");
  if (now.last_state != told_.last_state) changed.emplace_back("LastState");
  if (now.last_good_backup != told_.last_good_backup) changed.emplace_back("LastGoodBackup");
  told_ = std::move(now);
  if (!changed.empty()) getObject().emitPropertiesChangedSignal(INTERFACE_NAME, changed);
}

}  // namespace snapshotter::bus
