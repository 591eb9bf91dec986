#include "snapshotterd/one_run.hpp"

#include "async/cancel_scope.hpp"
#include "base/error.hpp"
#include "base/units.hpp"

#include <csignal>
#include <iostream>

namespace snapshotter::daemon {
namespace {

using catalog::RunState;

int exit_code(RunState state) {
  switch (state) {
    case RunState::succeeded:
      return kExitGood;
    case RunState::partial:
      return kExitPartial;
    default:
      return kExitFailed;
  }
}

void print(const catalog::RunRecord& run) {
  std::cout << "run " << run.id << " of job " << run.job << ": " << name(run.state);
  if (run.started && run.finished) std::cout << " in " << to_string(*run.finished - *run.started);
  std::cout << '\n';
  for (const auto& result : run.results) {
    std::cout << "  " << result.target << ": " << name(result.state);
    if (!result.backup.empty()) {
      std::cout << ", " << to_string(ByteSize{result.bytes_source}) << " in " << result.entries
                << " entries as " << to_string(ByteSize{result.bytes_stored}) << ", "
                << result.backup;
    }
    if (!result.error.empty()) std::cout << ", " << result.error;
    for (const auto& reason : result.reasons) std::cout << "\n    " << reason;
    std::cout << '\n';
  }
}

// What they do not take in time is left to the daemon.
constexpr Duration kTimeForNotifiers = std::chrono::seconds{15};

Task<> tell(engine::Engine& engine, async::CancelScope& scope) {
  try {
    co_await scope.run(engine.deliver_pending(kTimeForNotifiers));
  } catch (const CancelledError&) {
    // Asked to end.
  }
}

}  // namespace

Task<int> run_one(Parts& parts, std::string job) {
  auto& engine = parts.engine;
  std::string error;
  int code = kExitFailed;
  try {
    co_await engine.start(false);
    const auto id = engine.trigger(job);
    async::CancelScope telling;
    const auto signals = parts.loop.on_signals({SIGTERM, SIGINT}, [&](int) {
      const auto run = engine.run_in_memory(id);
      if (run && !run->finished()) {
        engine.cancel(id);
      } else {
        telling.cancel();
      }
    });
    const auto run = co_await engine.wait(id);
    print(run);
    std::cout.flush();
    code = exit_code(run.state);
    co_await tell(engine, telling);
  } catch (const Error& failure) {
    error = failure.what();
    code = traits(failure.kind()).exit_code;
  }
  co_await engine.stop();
  if (!error.empty()) std::cerr << "snapshotterd: " << error << '\n';
  co_return code;
}

}  // namespace snapshotter::daemon
