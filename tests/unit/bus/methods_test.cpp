// Every method, called as a script would.
#include "support/catch.hpp"
#include "support/fake/fake_notifier.hpp"
#include "world.hpp"

#include <boost/json.hpp>

namespace snapshotter::test {
namespace {

constexpr const char* kWhen = "1795485600000000";  // ManualClock::kStart

Task<> trigger_and_list(World& world) {
  const auto path = path_in(co_await world.call("TriggerRun s nightly"));
  CHECK_THAT(path, ContainsText("/org/snapshotter1/run/_320261124T020000Z_2d"));
  co_await world.until([&] { return world.engine->active_runs() == 0; });

  co_await world.expect(
      "ListJobs",
      "a(sssttso) 2 \"by-hand\" \"\" \"UTC\" 0 0 \"\" \"/org/snapshotter1/job/by_2dhand\" "
      "\"nightly\" \"0 2 * * *\" \"Europe/Berlin\" 1795568400000000 " +
          std::string(kWhen) + " \"succeeded\" \"/org/snapshotter1/job/nightly\"\n");
  const auto run = world.engine->runs_in_memory().back();
  const auto runs = "a(sssttto) 1 \"" + run->id() + "\" \"nightly\" \"succeeded\" " + kWhen + " " +
                    kWhen + " " + kWhen + " \"" + path + "\"\n";
  co_await world.expect("ListRuns su nightly 10", runs);
  co_await world.expect("ListRuns su  0", runs);
  co_await world.expect("ListRuns su by-hand 0", "a(sssttto) 0\n");

  const auto backups = co_await world.call("ListBackups s nightly");
  CHECK_THAT(backups, ContainsText("a(ssstttb) 1 \"nightly/nightly/20261124T020000Z\" \"nightly\" "
                                   "\"nightly\" " +
                                   std::string(kWhen) + " "));
  CHECK_THAT(backups, ContainsText(" 14 true\n"));
  co_await world.expect("ListBackups s ", backups);
}

TEST_CASE("a run is triggered and listed", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("nightly");
  world.add_job("by-hand");
  world.job("nightly").schedule = schedule::CronExpression::parse("0 2 * * *");
  world.job("nightly").timezone = schedule::TimeZone::load("Europe/Berlin").value();
  world.run(trigger_and_list);
}

Task<boost::json::value> document(World& world, std::string words) {
  // busctl prints `s "…"`, with JSON's own escapes.
  const auto reply = co_await world.call(std::move(words));
  const auto text = boost::json::parse(reply.substr(reply.find('"')));
  co_return boost::json::parse(text.as_string());
}

Task<> notifiers(World& world) {
  (void)co_await world.run_job("nightly");
  co_await world.clock->settle();
  const auto all = co_await document(world, "DescribeNotifiers");
  REQUIRE(all.as_array().size() == 1);
  const auto& ops = all.as_array().at(0).as_object();
  CHECK(ops.at("name").as_string() == "ops");
  CHECK(ops.at("type").as_string() == "fake");
  CHECK(ops.at("where").as_string() == "what a test says");
  CHECK(ops.at("events").as_array().at(0).as_string() == "succeeded");
  CHECK(ops.at("pending").as_int64() == 1);
  CHECK(ops.at("oldest_pending_at").as_string() == "2026-11-24T02:00:00Z");
  CHECK(ops.at("last_answer").as_string() == "500");
  CHECK(ops.at("last_delivered_at").is_null());
  CHECK(ops.at("given_up").as_int64() == 0);
  CHECK(ops.at("last_given_up_at").is_null());
  CHECK(ops.at("given_up_why").is_null());
  const auto status = co_await document(world, "DescribeStatus");
  CHECK(status.at("notifications") == all);

  const auto good = co_await document(world, "TestNotifier s ops");
  const auto expected =
      boost::json::parse(R"({"notifier":"ops","outcome":"delivered","answer":"200 OK in 1 ms"})");
  CHECK(good == expected);
  const auto refused = co_await world.failing_call("TestNotifier opps");
  CHECK_THAT(refused, ContainsText("org.snapshotter1.Error.InvalidArgument"));
  CHECK_THAT(refused, ContainsText("did you mean 'ops'?"));
}

TEST_CASE("notifiers are described and tested", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("nightly");
  world.job("nightly").notify = {"ops"};
  const auto ops = std::make_shared<FakeNotifier>();
  ops->results = {{notify::NotificationResult::Outcome::retry, "500"}};
  world.config.notifiers["ops"] = {"ops", "fake", {notify::EventKind::succeeded}, ops};
  world.run(notifiers);
}

Task<> describe(World& world) {
  const auto run = co_await world.run_job("nightly");

  const auto status = co_await document(world, "DescribeStatus");
  CHECK(status.at("jobs").as_int64() == 2);
  const auto jobs = co_await document(world, "DescribeJobs s ");
  CHECK(jobs.as_array().size() == 2);
  const auto job = co_await document(world, "DescribeJobs s nightly");
  CHECK(job.as_array().at(0).at("last_run").at("id").as_string() == run.id);

  const auto one = co_await document(world, "DescribeRun s " + run.id);
  CHECK(one.at("results").as_array().at(0).at("target").as_string() == "nightly");
  const auto beginning = run.id.substr(0, run.id.size() - 2);
  const auto same = co_await document(world, "DescribeRun s " + beginning);
  CHECK(same == one);

  const auto backups = co_await document(world, "DescribeBackups ss  ");
  CHECK(backups.as_array().at(0).at("id").as_string() == "nightly/nightly/20261124T020000Z");
  const auto by_name = co_await document(world, "DescribeBackups ss nightly nightly");
  CHECK(by_name == backups);
  const auto of_other = co_await document(world, "DescribeBackups ss nightly other");
  CHECK(of_other.as_array().empty());
}

TEST_CASE("the documents are those of snapshotctl", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("nightly");
  world.add_job("other");
  world.run(describe);
}

Task<> filter_runs(World& world) {
  const auto first = co_await world.run_job("nightly");
  co_await world.clock->advance(std::chrono::seconds{1});
  co_await world.run_job("other");
  const std::string moment_after = "1795485600000001";

  const auto all = co_await document(world, "DescribeRuns a{sv} 0");
  REQUIRE(all.as_array().size() == 2);
  const auto newest = co_await document(world, "DescribeRuns a{sv} 1 limit u 1");
  CHECK(newest.as_array().size() == 1);
  CHECK(newest.as_array().front() == all.as_array().front());
  const auto later = co_await document(world, "DescribeRuns a{sv} 1 since t " + moment_after);
  CHECK(later == newest);
  const auto failed = co_await document(world, "DescribeRuns a{sv} 1 failed b true");
  CHECK(failed.as_array().empty());
  const auto of_job = co_await document(
      world, "DescribeRuns a{sv} 4 job s nightly failed b false since t 0 limit u 5");
  REQUIRE(of_job.as_array().size() == 1);
  CHECK(of_job.as_array().front().at("id").as_string() == first.id);
}

TEST_CASE("the history can be filtered", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("nightly");
  world.add_job("other");
  world.run(filter_runs);
}

Task<> look_at_a_run(World& world) {
  co_await world.call("TriggerRun s both");
  const auto run = world.engine->runs_in_memory().back();
  co_await world.until([&] { return run->current == "slow"; });
  // Of this the catalog will hear at the end only.
  const auto runs = co_await document(world, "DescribeRuns a{sv} 0");
  const auto& results = runs.as_array().at(0).at("results").as_array();
  CHECK(results.at(0).at("state").as_string() == "succeeded");
  CHECK(results.at(1).at("state").as_string() == "running");
  const auto one = co_await document(world, "DescribeRun s " + run->id());
  CHECK(one.at("progress").at("target").as_string() == "slow");
}

TEST_CASE("the history is right about what runs now", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("both");
  world.add_job("slow", true);
  world.job("both").targets = {"both", "slow"};
  world.run(look_at_a_run);
}

Task<> choose_targets(World& world) {
  co_await world.call("TriggerRunWithOptions sa{sv} both 1 targets as 1 b");
  co_await world.until([&] { return world.engine->active_runs() == 0; });
  const auto run = world.engine->runs_in_memory().back();
  REQUIRE(run->record.results.size() == 1);
  CHECK(run->record.results.front().target == "b");

  co_await world.call("TriggerRunWithOptions sa{sv} both 0");
  co_await world.until([&] { return world.engine->active_runs() == 0; });
  CHECK(world.engine->runs_in_memory().back()->record.results.size() == 2);
}

TEST_CASE("a run can be of some targets only", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("a");
  world.add_job("b");
  world.add_job("both");
  world.job("both").targets = {"a", "b"};
  world.run(choose_targets);
}

Task<> verify_and_prune(World& world) {
  co_await world.run_job("nightly");
  co_await world.clock->advance(std::chrono::days{3});
  co_await world.run_job("nightly");
  const std::string old = "nightly/nightly/20261124T020000Z";

  co_await world.call("Verify as 1 " + old);
  co_await world.until([&] { return world.engine->active_runs() == 0; });
  const auto verification = world.engine->runs_in_memory().back();
  CHECK(verification->record.kind == catalog::RunKind::verify);
  CHECK(verification->record.state == catalog::RunState::succeeded);
  co_await world.call("Verify as 0");
  co_await world.until([&] { return world.engine->active_runs() == 0; });
  CHECK(world.engine->runs_in_memory().back()->record.results.size() == 2);

  world.job("nightly").retention.days = 2;
  co_await world.expect("Reload", "");
  co_await world.expect("Prune sb nightly true", "a(ss) 1 \"" + old + "\" \"older than 2 days\"\n");
  CHECK(world.store->list({}).backups.size() == 2);
  co_await world.expect("Prune sb  false", "a(ss) 1 \"" + old + "\" \"older than 2 days\"\n");
  CHECK(world.store->list({}).backups.size() == 1);
  co_await world.expect("Prune sb nightly false", "a(ss) 0\n");
}

TEST_CASE("backups are verified and pruned", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("nightly");
  world.run(verify_and_prune);
}

Task<> rescan(World& world) {
  co_await world.run_job("nightly");
  world.store->remove(world.store->list({}).backups.front().key);
  const auto before = co_await world.call("ListBackups s nightly");
  CHECK_THAT(before, ContainsText("a(ssstttb) 1 "));
  co_await world.expect("Rescan", "");
  co_await world.expect("ListBackups s nightly", "a(ssstttb) 0\n");
}

TEST_CASE("a rescan finds what the store holds", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("nightly");
  world.run(rescan);
}

Task<> cancel(World& world) {
  const auto first = path_in(co_await world.call("TriggerRun s slow"));
  co_await world.expect("CancelRun s " + world.engine->runs_in_memory().back()->id(), "");
  co_await world.until([&] { return world.engine->active_runs() == 0; });
  co_await world.expect_property(first, "Run", "State", "s \"cancelled\"");

  const auto triggering = co_await world.busctl(
      "call org.snapshotter1 /org/snapshotter1/job/slow org.snapshotter1.Job Trigger");
  const auto second = path_in(triggering.text);
  const auto cancelling =
      co_await world.busctl("call org.snapshotter1 " + second + " org.snapshotter1.Run Cancel");
  CHECK(cancelling.text == "");
  co_await world.until([&] { return world.engine->active_runs() == 0; });
  co_await world.expect_property(second, "Run", "State", "s \"cancelled\"");
}

TEST_CASE("runs are cancelled", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("slow", true);
  world.run(cancel);
}

}  // namespace
}  // namespace snapshotter::test
