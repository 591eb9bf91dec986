#include "catalog/catalog.hpp"
#include "samples.hpp"
#include "support/catch.hpp"

#include <limits>

namespace snapshotter::catalog {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;

RunRecord full_run() {
  RunRecord run =
      run_at("20261124T020000Z-3f9c", "nightly", kNoon + microseconds{123456}, RunState::partial);
  run.kind = RunKind::verify;
  run.trigger = Trigger::catch_up;
  run.scheduled = kNoon;
  run.started = kNoon + hours{1};
  run.finished = kNoon + hours{2};
  run.error = "the run: " + kAnyBytes;

  TargetResult good;
  good.target = "app-db";
  good.state = RunState::succeeded;
  good.attempts = std::numeric_limits<std::uint32_t>::max();
  good.started = kNoon;
  good.bytes_source = std::numeric_limits<std::uint64_t>::max();
  good.bytes_stored = 1;
  good.entries = 2;
  good.backup = "nightly/app-db/20261124T020000Z";

  TargetResult bad;
  bad.target = kAnyBytes;
  bad.state = RunState::partial;
  bad.error = kAnyBytes;
  bad.reasons = {"first", kAnyBytes, ""};
  bad.finished = kNoon;
  bad.warnings = 3;

  run.results = {good, bad, good};
  return run;
}

}  // namespace

TEST_CASE("a run comes back as it was put, also after a restart") {
  const CatalogFile file;
  const RunRecord run = full_run();
  RunRecord bare = run_at("bare", "weekly", kNoon, RunState::queued);
  {
    Catalog catalog = file.open();
    catalog.put_run(run);
    catalog.put_run(bare);
    CHECK(catalog.run(run.id) == run);
  }
  Catalog catalog = file.open();
  CHECK(catalog.run(run.id) == run);
  CHECK(catalog.run("bare") == bare);
  CHECK_FALSE(catalog.run("20261124T020000Z").has_value());
}

TEST_CASE("putting a run again replaces it with its results and keeps its log") {
  const CatalogFile file;
  Catalog catalog = file.open();
  RunRecord run = full_run();
  catalog.put_run(run);
  catalog.append_log(run.id, {{kNoon, "info", "", "begun"}});
  run.state = RunState::failed;
  run.results.resize(1);
  run.results[0].reasons = {"another"};
  run.scheduled.reset();
  catalog.put_run(run);
  CHECK(catalog.run(run.id) == run);
  CHECK(catalog.runs({}).size() == 1);
  CHECK(catalog.log(run.id).size() == 1);
}

TEST_CASE("runs are listed newest first and filtered") {
  const CatalogFile file;
  Catalog catalog = file.open();
  catalog.put_run(run_at("b1", "b", kNoon + hours{1}, RunState::failed));
  catalog.put_run(run_at("a1", "a", kNoon, RunState::partial));
  catalog.put_run(run_at("a3", "a", kNoon + hours{3}, RunState::running));
  catalog.put_run(run_at("a2", "a", kNoon + hours{2}, RunState::interrupted));
  catalog.put_run(run_at("b2", "b", kNoon + hours{2}, RunState::cancelled));

  CHECK(ids(catalog.runs({})) == Ids{"a3", "b2", "a2", "b1", "a1"});
  CHECK(ids(catalog.runs({.limit = 2})) == Ids{"a3", "b2"});
  CHECK(ids(catalog.runs({.job = "a"})) == Ids{"a3", "a2", "a1"});
  CHECK(ids(catalog.runs({.failed = true})) == Ids{"a2", "b1", "a1"});
  CHECK(ids(catalog.runs({.since = kNoon + hours{2}})) == Ids{"a3", "b2", "a2"});
  CHECK(ids(catalog.runs({.job = "a", .failed = true, .since = kNoon, .limit = 1})) == Ids{"a2"});
  CHECK(catalog.runs({.job = "c"}).empty());
}

TEST_CASE("ids are found by their beginning") {
  const CatalogFile file;
  Catalog catalog = file.open();
  for (const std::string id : {"20261124T1", "20261124T2", "20261125T1", "20261124", "\xff\xff"}) {
    catalog.put_run(run_at(id, "a", kNoon));
  }
  CHECK(catalog.run_ids("20261124", 10) == Ids{"20261124", "20261124T1", "20261124T2"});
  CHECK(catalog.run_ids("20261124T", 1) == Ids{"20261124T1"});
  CHECK(catalog.run_ids("\xff", 10) == Ids{"\xff\xff"});
  CHECK(catalog.run_ids("", 10).size() == 5);
  CHECK(catalog.run_ids("3", 10).empty());
  CHECK(catalog.run_ids("2026%", 10).empty());
}

TEST_CASE("unfinished runs are those queued or running, oldest first") {
  const CatalogFile file;
  Catalog catalog = file.open();
  catalog.put_run(run_at("new", "a", kNoon + hours{1}, RunState::queued));
  catalog.put_run(run_at("old", "a", kNoon, RunState::running));
  for (const auto state : {RunState::succeeded, RunState::partial, RunState::failed,
                           RunState::cancelled, RunState::interrupted}) {
    catalog.put_run(run_at(std::string(name(state)), "a", kNoon, state));
  }
  CHECK(ids(catalog.unfinished_runs()) == Ids{"old", "new"});
}

TEST_CASE("the last run of a job is its newest backup run that is over") {
  const CatalogFile file;
  Catalog catalog = file.open();
  RunRecord verify = run_at("verify", "a", kNoon + hours{3});
  verify.kind = RunKind::verify;
  catalog.put_run(run_at("old", "a", kNoon));
  RunRecord newest = run_at("newest", "a", kNoon + hours{1}, RunState::failed);
  newest.results.push_back({.target = "t", .reasons = {"why"}});
  catalog.put_run(newest);
  catalog.put_run(run_at("running", "a", kNoon + hours{2}, RunState::running));
  catalog.put_run(verify);
  catalog.put_run(run_at("other", "b", kNoon));
  catalog.put_run(run_at("only queued", "c", kNoon, RunState::queued));
  catalog.put_run(run_at("nameless", "", kNoon));

  const auto last = catalog.last_runs();
  REQUIRE(last.size() == 3);
  CHECK(last.at("a") == newest);
  CHECK(last.at("b").id == "other");
  CHECK(last.at("").id == "nameless");
}

TEST_CASE("a firing is recorded with the run that answers it") {
  const CatalogFile file;
  {
    Catalog catalog = file.open();
    catalog.put_run(run_at("r", "nightly", kNoon), kNoon + microseconds{1});
    catalog.put_firing("weekly", kNoon);
    catalog.put_firing("weekly", kNoon - hours{1});
  }
  Catalog catalog = file.open();
  CHECK(catalog.last_firings() == std::map<std::string, Time>{{"nightly", kNoon + microseconds{1}},
                                                              {"weekly", kNoon - hours{1}}});
  CHECK(catalog.run("r").has_value());
}

TEST_CASE("first firings are put together, and only for jobs that have none") {
  const CatalogFile file;
  {
    Catalog catalog = file.open();
    catalog.put_firing("b", kNoon);
    catalog.put_first_firings({{"a", kNoon + hours{1}}, {"b", kNoon + hours{2}}, {"", kNoon}});
    catalog.put_first_firings({{"a", kNoon + hours{3}}});
    catalog.put_first_firings({});
  }
  Catalog catalog = file.open();
  CHECK(catalog.last_firings() ==
        std::map<std::string, Time>{{"", kNoon}, {"a", kNoon + hours{1}}, {"b", kNoon}});
}

TEST_CASE("log lines are kept in order, byte for byte, run by run") {
  const CatalogFile file;
  Catalog catalog = file.open();
  catalog.put_run(run_at("r", "a", kNoon));
  catalog.put_run(run_at("s", "a", kNoon));
  const LogLine first{kNoon + hours{1}, "info", "", "first"};
  const LogLine second{kNoon, "warning", "app-db", kAnyBytes};
  const LogLine third{kNoon, "error", "app-db", ""};
  catalog.append_log("r", {first, second});
  catalog.append_log("s", {third});
  catalog.append_log("r", {});
  catalog.append_log("r", {third});
  CHECK(catalog.log("r") == std::vector<LogLine>{first, second, third});
  CHECK(catalog.log("s") == std::vector<LogLine>{third});
  CHECK(catalog.log("t").empty());
}

TEST_CASE("log lines of a run that is not there are dropped") {
  const CatalogFile file;
  Catalog catalog = file.open();
  catalog.append_log("gone", {{kNoon, "info", "", "text"}});
  catalog.put_run(run_at("gone", "a", kNoon));
  CHECK(catalog.log("gone").empty());
}

TEST_CASE("trimming removes old runs with their log but keeps the newest of each job") {
  const CatalogFile file;
  Catalog catalog = file.open();
  for (int i = 0; i < 5; ++i) {
    catalog.put_run(run_at("a" + std::to_string(i), "a", kNoon + hours{i}));
  }
  catalog.put_run(run_at("b0", "b", kNoon));
  catalog.append_log("a0", {{kNoon, "info", "", "text"}});

  SECTION("what is new stays, however many there are") {
    CHECK(catalog.trim_runs(kNoon + hours{2}, 1) == 2);
    CHECK(ids(catalog.runs({})) == Ids{"a4", "a3", "a2", "b0"});
  }
  SECTION("the newest stay, however old they are") {
    CHECK(catalog.trim_runs(kNoon + hours{100}, 2) == 3);
    CHECK(ids(catalog.runs({})) == Ids{"a4", "a3", "b0"});
  }
  SECTION("without a floor everything old goes") {
    CHECK(catalog.trim_runs(kNoon + hours{4}, 0) == 5);
    CHECK(ids(catalog.runs({})) == Ids{"a4"});
  }
  SECTION("a floor higher than what there is keeps all") {
    CHECK(catalog.trim_runs(kNoon + hours{100}, 6) == 0);
    CHECK(catalog.runs({}).size() == 6);
  }
  SECTION("a removed run leaves nothing to its successor of the same id") {
    catalog.trim_runs(kNoon + hours{1}, 1);
    catalog.put_run(run_at("a0", "a", kNoon));
    CHECK(catalog.log("a0").empty());
  }
}

TEST_CASE("trimming tells runs of the same moment apart by their ids") {
  const CatalogFile file;
  Catalog catalog = file.open();
  for (const std::string id : {"b", "c", "a"}) catalog.put_run(run_at(id, "job", kNoon));
  CHECK(catalog.trim_runs(kNoon, 0) == 0);
  CHECK(catalog.trim_runs(kNoon + hours{1}, 2) == 1);
  CHECK(ids(catalog.runs({})) == Ids{"c", "b"});
}

TEST_CASE("trimming spares runs that are not over and results stay whole") {
  const CatalogFile file;
  Catalog catalog = file.open();
  catalog.put_run(run_at("running", "a", kNoon, RunState::running));
  catalog.put_run(run_at("queued", "a", kNoon, RunState::queued));
  RunRecord kept = full_run();
  kept.job = "a";
  kept.queued = kNoon + hours{1};
  catalog.put_run(kept);
  catalog.put_run(run_at("done", "a", kNoon));
  CHECK(catalog.trim_runs(kNoon + hours{100}, 1) == 1);
  CHECK(ids(catalog.runs({})) == Ids{kept.id, "running", "queued"});
  CHECK(catalog.run(kept.id) == kept);
}

}  // namespace snapshotter::catalog
