// The engine's pure parts: outcome and queue.
#include "engine/outcome.hpp"
#include "engine/run_log.hpp"
#include "engine/run_queue.hpp"
#include "harness.hpp"
#include "support/catch.hpp"

using namespace snapshotter;
using namespace snapshotter::engine;
using catalog::RunState;
using test::ContainsText;

namespace {

std::vector<catalog::TargetResult> ended(std::initializer_list<RunState> states) {
  std::vector<catalog::TargetResult> results;
  for (const auto state : states) results.emplace_back().state = state;
  return results;
}

std::shared_ptr<Run> run_of(const std::shared_ptr<const config::Config>& config,
                            const std::string& id, const std::string& job) {
  catalog::RunRecord record;
  record.id = id;
  record.job = job;
  for (const auto& target : config->jobs.at(job).targets) {
    record.results.emplace_back().target = target;
  }
  return std::make_shared<Run>(record, config);
}

}  // namespace

TEST_CASE("the outcome of a run follows from its targets") {
  using enum RunState;
  CHECK(outcome(ended({succeeded, succeeded})) == succeeded);
  CHECK(outcome(ended({succeeded, failed})) == partial);
  CHECK(outcome(ended({succeeded, partial})) == partial);
  CHECK(outcome(ended({partial})) == partial);
  CHECK(outcome(ended({failed, failed})) == failed);
  CHECK(outcome(ended({failed})) == failed);
}

TEST_CASE("the anomaly gate measures against the last good backup") {
  using std::nullopt;
  config::Expectation none;
  CHECK(check_size({0}, none, nullopt).empty());
  CHECK(check_size({0}, none, ByteSize{0}).empty());
  CHECK(check_size({0}, none, ByteSize{1}).size() == 1);
  CHECK(check_size({1}, none, ByteSize{1'000'000}).empty());
  config::Expectation half;
  half.max_shrink = 0.5;
  CHECK(check_size({500}, half, ByteSize{1000}).empty());
  CHECK(check_size({499}, half, ByteSize{1000}).size() == 1);
  CHECK(check_size({5000}, half, ByteSize{1000}).empty());
  config::Expectation least;
  least.min_size = ByteSize{100};
  CHECK(check_size({100}, least, nullopt).empty());
  CHECK(check_size({99}, least, nullopt).size() == 1);
}

TEST_CASE("the queue starts runs in order within its limits") {
  config::Config config;
  for (const auto* name : {"a", "b", "c"}) {
    config::JobSpec job;
    job.name = name;
    job.targets = {name};
    job.store = "local";
    config.jobs[name] = job;
  }
  config.jobs["c"].targets = {"a", "c"};
  const auto shared = std::make_shared<const config::Config>(config);
  RunQueue queue(1);
  const auto a = run_of(shared, "1", "a");
  const auto c = run_of(shared, "2", "c");
  const auto b = run_of(shared, "3", "b");
  for (const auto& run : {a, c, b}) queue.add(run);

  CHECK(queue.take_startable(5).empty());  // the store was not swept yet
  queue.set_ready("local");
  CHECK(queue.take_startable(5).empty());  // no target has recovered yet
  queue.set_target_ready("c");
  CHECK(queue.take_startable(5).empty());  // c is also of a's target
  queue.set_target_ready("a");
  CHECK(queue.take_startable(1) == std::vector{a});
  queue.set_target_ready("b");
  CHECK(queue.take_startable(1).empty());
  CHECK(queue.take_startable(2) == std::vector{b});  // c waits for a's target
  CHECK(queue.active() == 3);
  CHECK(queue.active_of("c") == 1);
  CHECK(queue.finish(a).empty());
  CHECK(queue.take_startable(2) == std::vector{c});
  CHECK(queue.finish(b) == std::vector{a});  // one recent run stays
  CHECK(queue.find("1") == nullptr);
  CHECK(queue.find("3") == b);
  CHECK(queue.all() == std::vector{b, c});
}

TEST_CASE("a run log keeps only what is expected and not too much of it") {
  RunLog log;
  log.add("unknown", {});
  CHECK(log.take("unknown").empty());
  log.expect("run");
  for (std::size_t i = 0; i < RunLog::kMaxLines + 5; ++i) log.add("run", {{}, "info", "", "line"});
  const auto lines = log.take("run");
  REQUIRE(lines.size() == RunLog::kMaxLines);
  CHECK_THAT(lines.back().text, ContainsText("journal"));
  CHECK(log.take("run").empty());
  log.forget("run");
  log.add("run", {});
  CHECK(log.take("run").empty());
}
