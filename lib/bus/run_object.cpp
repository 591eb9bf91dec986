#include "bus/run_object.hpp"

#include "bus/service.hpp"

#include <algorithm>

namespace snapshotter::bus {

namespace {

Task<> cancel(engine::Engine& engine, std::string run) {
  engine.cancel(run);
  co_return;
}

}  // namespace

RunObject::RunObject(sdbus::IConnection& connection, engine::Engine& engine, Calls& calls,
                     std::shared_ptr<const engine::Run> run)
    : AdaptorInterfaces(connection, sdbus::ObjectPath(run_path(run->id()))),
      engine_(engine),
      calls_(calls),
      run_(std::move(run)),
      told_(current()) {
  registerAdaptor();
}

RunObject::~RunObject() { unregisterAdaptor(); }

void RunObject::Cancel(sdbus::Result<>&& result) {
  calls_.answer(getObject(), Action::cancel, "Cancel", std::move(result),
                cancel(engine_, run_->id()));
}

RunObject::Told RunObject::current() const {
  const auto& record = run_->record;
  const auto state = state_of(*run_);
  const auto shown = std::min(record.results.size(), kMaxResults);
  return {.state = state,
          .phase = catalog::is_final(state) ? "" : std::string(name(run_->phase)),
          .started = micros(record.started),
          .finished = micros(record.finished),
          .totals = run_->totals(),
          .results = {record.results.begin(),
                      record.results.begin() + static_cast<std::ptrdiff_t>(shown)}};
}

std::string RunObject::Id() { return utf8(run_->id()); }
std::string RunObject::Job() { return utf8(run_->record.job); }
std::string RunObject::State() { return std::string(name(state_of(*run_))); }
std::string RunObject::Phase() { return current().phase; }
std::uint64_t RunObject::QueuedAt() { return micros(run_->record.queued); }
std::uint64_t RunObject::StartedAt() { return micros(run_->record.started); }
std::uint64_t RunObject::FinishedAt() { return micros(run_->record.finished); }
std::uint64_t RunObject::BytesRead() { return run_->totals().read; }
std::uint64_t RunObject::BytesWritten() { return run_->totals().written; }
std::uint64_t RunObject::BytesTotal() { return run_->totals().total; }

std::vector<Dictionary> RunObject::Results() {
  std::vector<Dictionary> results;
  for (const auto& result : current().results) results.push_back(result_dictionary(result));
  return results;
}

std::vector<compat::PropertyName> RunObject::changed(const Told& now) const {
  std::vector<compat::PropertyName> names;
  if (now.state != told_.state) names.emplace_back("State");
  if (now.phase != told_.phase) names.emplace_back("Phase");
  if (now.started != told_.started) names.emplace_back("StartedAt");
  if (now.finished != told_.finished) names.emplace_back("FinishedAt");
  if (now.totals.read != told_.totals.read) names.emplace_back("BytesRead");
  if (now.totals.written != told_.totals.written) names.emplace_back("BytesWritten");
  if (now.totals.total != told_.totals.total) names.emplace_back("BytesTotal");
  if (now.results != told_.results) names.emplace_back("Results");
  return names;
}

bool RunObject::tell_changes(Steady now) {
  auto values = current();
  const bool pressing = values.state != told_.state;
  if (pressing || !told_at_ || now - *told_at_ >= kProgressInterval) {
    const auto names = changed(values);
    told_ = std::move(values);
    if (!names.empty()) {
      told_at_ = now;
      getObject().emitPropertiesChangedSignal(INTERFACE_NAME, names);
    }
  }
  return !catalog::is_final(told_.state);
}

}  // namespace snapshotter::bus
