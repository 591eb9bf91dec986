// The catalog on the disk that TMPDIR is on: what is written while a run goes, each in a
// transaction that is synced, and what clients ask for.
#include "catalog/catalog.hpp"

#include "support/temp_dir.hpp"

#include <benchmark/benchmark.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace snapshotter::bench {
namespace {

using namespace catalog;

constexpr Time kBegin = from_unix_micros(1'795'500'000'000'000);

class File {
 public:
  [[nodiscard]] Catalog& operator*() { return catalog_; }
  [[nodiscard]] Catalog* operator->() { return &catalog_; }

 private:
  test::TempDir folder_;
  Catalog catalog_{folder_.string() + "/catalog.sqlite"};
};

RunRecord run(std::int64_t number, std::int64_t jobs, RunState state) {
  RunRecord record;
  record.id = "20261124T020000Z-" + std::to_string(number);
  record.job = "job-" + std::to_string(number % jobs);
  record.state = state;
  record.queued = kBegin + std::chrono::minutes{number};
  record.started = record.queued;
  record.finished = record.queued + std::chrono::seconds{9};
  record.results.push_back({.target = "files",
                            .state = state,
                            .attempts = 1,
                            .bytes_source = 1'000'000,
                            .bytes_stored = 400'000,
                            .entries = 1000,
                            .backup = record.id});
  return record;
}

BackupRecord backup(std::int64_t number) {
  BackupRecord record;
  record.id = "20261124T020000Z-" + std::to_string(number);
  record.store = "local";
  record.job = "job-0";
  record.target = "files";
  record.run = record.id;
  record.taken = record.verified.emplace(kBegin + std::chrono::minutes{number});
  record.sha256 = std::string(64, 'a');
  record.format = "tar.gz";
  return record;
}

std::vector<LogLine> lines(std::size_t count) {
  return std::vector<LogLine>(count, {kBegin, "info", "files", "backed up 1,000 entries, 1.0 MB"});
}

std::map<std::string, Time> firings(std::int64_t jobs) {
  std::map<std::string, Time> all;
  for (std::int64_t job = 0; job < jobs; ++job) all.emplace("job-" + std::to_string(job), kBegin);
  return all;
}

// As the engine writes them: queued, running, the backup, the end, the log.
void run_whole(benchmark::State& state) {
  File file;
  std::int64_t number = 0;
  for (auto _ : state) {
    ++number;
    file->put_run(run(number, 10, RunState::queued), kBegin);
    file->put_run(run(number, 10, RunState::running));
    file->put_backup(backup(number));
    file->put_run(run(number, 10, RunState::succeeded));
    file->append_log(run(number, 10, RunState::succeeded).id, lines(10));
  }
}
BENCHMARK(run_whole)->Name("catalog/whole_run")->Unit(benchmark::kMicrosecond);

void put_run(benchmark::State& state) {
  File file;
  std::int64_t number = 0;
  for (auto _ : state) file->put_run(run(++number, 10, RunState::queued), kBegin);
}
BENCHMARK(put_run)->Name("catalog/put_run")->Unit(benchmark::kMicrosecond);

void append_log(benchmark::State& state) {
  File file;
  const auto record = run(1, 1, RunState::running);
  file->put_run(record);
  const auto log = lines(10);
  for (auto _ : state) file->append_log(record.id, log);
}
BENCHMARK(append_log)->Name("catalog/append_log")->Unit(benchmark::kMicrosecond);

void put_first_firings(benchmark::State& state) {
  const auto all = firings(state.range(0));
  for (auto _ : state) {
    state.PauseTiming();
    auto file = std::make_unique<File>();
    state.ResumeTiming();
    (*file)->put_first_firings(all);
    state.PauseTiming();
    file.reset();
    state.ResumeTiming();
  }
}
BENCHMARK(put_first_firings)
    ->Name("catalog/put_first_firings")
    ->Arg(10'000)
    ->Iterations(10)
    ->Unit(benchmark::kMillisecond);

// A history of 1,000 runs of 100 jobs.
File& history() {
  static const auto file = [] {
    auto made = std::make_unique<File>();
    for (std::int64_t number = 0; number < 1000; ++number) {
      (*made)->put_run(run(number, 100, RunState::succeeded));
    }
    return made;
  }();
  return *file;
}

void runs(benchmark::State& state) {
  auto& file = history();
  for (auto _ : state) benchmark::DoNotOptimize(file->runs({.job = "job-7", .limit = 50}));
}
BENCHMARK(runs)->Name("catalog/runs_of_a_job")->Unit(benchmark::kMicrosecond);

void last_runs(benchmark::State& state) {
  auto& file = history();
  for (auto _ : state) benchmark::DoNotOptimize(file->last_runs());
}
BENCHMARK(last_runs)->Name("catalog/last_runs")->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace snapshotter::bench
