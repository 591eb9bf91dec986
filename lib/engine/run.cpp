#include "engine/run.hpp"

#include <array>

namespace snapshotter::engine {

std::string_view name(Phase phase) {
  static constexpr std::array<std::string_view, 8> kNames{"waiting",   "estimating", "archiving",
                                                          "finishing", "verifying",  "committing",
                                                          "pruning",   "pausing"};
  return kNames[static_cast<std::size_t>(phase)];
}

Run::Run(catalog::RunRecord first_record, std::shared_ptr<const config::Config> in_force)
    : record(std::move(first_record)), config(std::move(in_force)) {}

const config::JobSpec* Run::job() const {
  if (record.kind != catalog::RunKind::backup) return nullptr;
  const auto found = config->jobs.find(record.job);
  return found == config->jobs.end() ? nullptr : &found->second;
}

void Run::cancel(CancelReason reason) {
  if (cancel_reason == CancelReason::none) cancel_reason = reason;
  scope.cancel();
}

catalog::RunState Run::cancelled_state() const noexcept {
  return cancel_reason == CancelReason::shutdown ? catalog::RunState::interrupted
                                                 : catalog::RunState::cancelled;
}

Run::Totals Run::totals() const {
  Totals totals;
  for (const auto& result : record.results) {
    if (!catalog::is_final(result.state)) continue;
    // What a verification reads is what is stored.
    const auto read =
        record.kind == catalog::RunKind::verify ? result.bytes_stored : result.bytes_source;
    totals.read += read;
    totals.written += result.bytes_stored;
    totals.total += read;
  }
  if (current.empty()) return totals;
  const auto read = progress->bytes_read.load();
  totals.read += read;
  totals.written += progress->bytes_written.load();
  // An estimate that was exceeded is none.
  const auto estimate = progress->bytes_total.load();
  totals.total = estimate >= read && estimate > 0 ? totals.total + estimate : 0;
  return totals;
}

}  // namespace snapshotter::engine
