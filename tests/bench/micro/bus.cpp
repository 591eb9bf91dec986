// Round trips over a bus to an idle daemon: client, dbus-daemon, snapshotterd and back. What they
// take beside runs that keep all cores busy is measured by services.py.
#include "served_daemon.hpp"

#include <benchmark/benchmark.h>

#include <chrono>

namespace snapshotter::bench {
namespace {

void list_jobs(benchmark::State& state) {
  ServedDaemon daemon(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(daemon.call("ListJobs"));
}
BENCHMARK(list_jobs)
    ->Name("bus/ListJobs")
    ->Arg(1)
    ->Arg(100)
    ->Arg(10'000)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

// The call alone is timed; each run it makes is over before the next call.
void trigger_run(benchmark::State& state) {
  ServedDaemon daemon(state.range(0));
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    daemon.call("TriggerRun", "job-00000");
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    state.SetIterationTime(elapsed.count());
    daemon.await_run();
  }
}
BENCHMARK(trigger_run)
    ->Name("bus/TriggerRun")
    ->Arg(1)
    ->Arg(10'000)
    ->Iterations(50)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace snapshotter::bench
