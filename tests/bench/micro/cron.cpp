// Parsing and "when next": what a reload does for each job, and the scheduler after each firing.
#include "schedule/cron.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <string>

namespace snapshotter::bench {
namespace {

using namespace std::chrono_literals;
using schedule::CronExpression;
using schedule::TimeZone;

// A year of firings, or a thousand of them, so that changes of the clock have their share.
void next(benchmark::State& state, const char* expression, const char* zone_name) {
  const auto cron = CronExpression::parse(expression);
  const auto zone = TimeZone::load(zone_name).value();
  constexpr std::chrono::sys_seconds kBegin = std::chrono::sys_days{2026y / 1 / 1};
  auto time = kBegin;
  for (auto _ : state) {
    auto firing = cron.next(time, zone);
    benchmark::DoNotOptimize(firing);
    time = firing && *firing < kBegin + std::chrono::years{1} ? *firing : kBegin;
  }
}
BENCHMARK_CAPTURE(next, minutely, "* * * * *", "Europe/Berlin")->Name("cron/next/minutely");
BENCHMARK_CAPTURE(next, nightly_utc, "0 3 * * *", "UTC")->Name("cron/next/nightly_utc");
BENCHMARK_CAPTURE(next, nightly, "30 2 * * *", "Europe/Berlin")->Name("cron/next/nightly");
BENCHMARK_CAPTURE(next, last_weekday, "0 22 LW * *", "America/New_York")
    ->Name("cron/next/last_weekday");
BENCHMARK_CAPTURE(next, leap_day, "0 0 29 2 *", "Europe/Berlin")->Name("cron/next/leap_day");
BENCHMARK_CAPTURE(next, every_15m, "@every 15m", "UTC")->Name("cron/next/every_15m");

void parse(benchmark::State& state, const char* expression) {
  for (auto _ : state) benchmark::DoNotOptimize(CronExpression::parse(expression));
}
BENCHMARK_CAPTURE(parse, nightly, "0 3 * * *")->Name("cron/parse/nightly");
BENCHMARK_CAPTURE(parse, names, "0,30 8-18/2 L-3,15W JAN-MAR MON#2,5L")->Name("cron/parse/names");

void typical_interval(benchmark::State& state) {
  const auto cron = CronExpression::parse("0 3 * * MON-FRI");
  const auto zone = TimeZone::load("Europe/Berlin").value();
  for (auto _ : state) {
    benchmark::DoNotOptimize(cron.typical_interval(std::chrono::sys_days{2026y / 11 / 24}, zone));
  }
}
BENCHMARK(typical_interval)->Name("cron/typical_interval/workdays");

}  // namespace
}  // namespace snapshotter::bench
