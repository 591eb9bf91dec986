// From a configuration's text to a checked Config: YAML, every check, every cron expression.
#include "common/check_config.hpp"
#include "config/load.hpp"
#include "samples.hpp"

#include <benchmark/benchmark.h>

namespace snapshotter::bench {
namespace {

void load(benchmark::State& state) {
  const auto files = platform::system_files();
  const auto registries = daemon::built_in_registries(*files);
  const std::string yaml = configuration(state.range(0), "/srv");
  for (auto _ : state) {
    const auto config = config::parse(yaml, "snapshotterd.yaml", registries);
    if (config.jobs.size() != static_cast<std::size_t>(state.range(0)))
      state.SkipWithError("jobs are missing");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(load)->Name("config")->Arg(1)->Arg(100)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace snapshotter::bench
