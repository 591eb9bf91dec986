#include "snapshotctl/parts/documents.hpp"

#include "base/error.hpp"
#include "examples.hpp"

#include <sstream>

using namespace snapshotter;
using namespace snapshotter::ctl;
using snapshotter::ctl::test::plain_view;
using snapshotter::ctl::test::terminal;
using snapshotter::test::ContainsText;

namespace {

const std::string kFailedRun = R"({"id":"20261124T020000Z-3f9c","job":"nightly","kind":"backup",
  "trigger":"schedule","state":"partial","scheduled_for":"2026-11-24T02:00:00Z",
  "queued_at":"2026-11-24T02:00:00Z","started_at":"2026-11-24T02:00:01Z",
  "finished_at":"2026-11-24T02:01:03Z","duration":62.0,"error":null,
  "bytes_source":1288490188,"bytes_stored":314572800,"results":[
    {"target":"app-db","state":"failed","error":"cannot connect to database 'app': refused",
     "reasons":[],"attempts":3,"duration":2.5,"bytes_source":0,"bytes_stored":0,"entries":0,
     "warnings":0,"backup":null},
    {"target":"configs","state":"succeeded","error":null,"reasons":[],"attempts":1,
     "duration":59.5,"bytes_source":1288490188,"bytes_stored":314572800,"entries":1234,
     "warnings":2,"backup":"nightly/configs/20261124T020003Z"}],
  "log":[{"time":"2026-11-24T02:00:04Z","level":"error","target":"app-db",
          "text":"cannot connect\u001b[2J"}],
  "progress":null})";

const std::string kRunning = R"({"id":"20261124T115900Z-aaaa","job":"nightly","kind":"backup",
  "state":"running","queued_at":"2026-11-24T11:59:00Z","started_at":"2026-11-24T11:59:20Z",
  "results":[],"progress":{"id":"20261124T115900Z-aaaa","job":"nightly","state":"running",
  "phase":"archiving","target":"configs","started_at":"2026-11-24T11:59:20Z",
  "bytes_read":419430400,"bytes_written":104857600,"bytes_total":1048576000}})";

const std::string kBackups = R"json([
  {"id":"nightly/configs/20261124T020003Z","job":"nightly","target":"configs","store":"local",
   "state":"succeeded","taken_at":"2026-11-24T02:00:03Z","bytes_source":1288490188,
   "bytes_stored":314572800,"ratio":4.096,"verified_at":"2026-11-24T02:01:00Z",
   "verify_error":null,"good":true,"location":"/srv/b/c.tar.gz","kept_by":["keep_last (1 of 2)"]
},
  {"id":"nightly/configs/20261123T020003Z","job":"nightly","target":"configs","store":"local",
   "state":"succeeded","taken_at":"2026-11-23T02:00:03Z","bytes_source":1288490188,
   "bytes_stored":314572800,"ratio":null,"verified_at":"2026-11-24T02:01:00Z",
   "verify_error":"the checksum differs","good":false,"location":null,"kept_by":[]}])json";

std::string status(const std::string& active, const std::string& failing) {
  return R"({"version":"1.2.3","jobs":2,"active_runs":[)" + active +
         R"(],"next":[{"job":"nightly","at":"2026-11-25T02:00:00Z"}],"not_succeeded":[)" + failing +
         R"(],"last_error":null})";
}

std::string progress_of_running() { return read_run(kRunning).progress_json; }

void check_fits(const std::string& text, std::size_t width) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    INFO(line);
    CHECK(display_width(line) <= width);
  }
}

}  // namespace

TEST_CASE("The status of a healthy daemon is short") {
  CHECK(render_status(with_state(status("", ""), "running"), plain_view()) ==
        "snapshotterd 1.2.3  running  2 jobs\n"
        "\n"
        "Next\n"
        "  JOB      AT                FROM NOW\n"
        "  nightly  2026-11-25 02:00  in 14 h\n"
        "\n"
        "all good: no job's last run left anything undone\n");
}

TEST_CASE("The status tells what runs, how far and how long still") {
  const auto text = render_status(status(progress_of_running(), ""), terminal(100));
  CHECK_THAT(text, ContainsText("nightly  configs: archiving") && ContainsText("40 %") &&
                       ContainsText("10 MiB/s") && ContainsText("1m left"));
  check_fits(text, 100);
}

TEST_CASE("The status tells what did not succeed, why, and what to do") {
  const auto text = render_status(status("", kFailedRun), terminal(80));
  CHECK_THAT(text, ContainsText("nightly  partial  2026-11-24 02:00 (9 h ago)") &&
                       ContainsText("app-db: cannot connect to database 'app': refused") &&
                       ContainsText("snapshotctl show 20261124T020000Z-3f9c"));
  CHECK_THAT(text, !ContainsText("all good"));
  check_fits(text, 80);
}

TEST_CASE("Jobs are listed with their next and last run") {
  const std::string jobs = R"([{"name":"nightly","schedule":"0 2 * * *","timezone":"UTC",
    "targets":["app-db","configs"],"store":"local","next_at":"2026-11-25T02:00:00Z",
    "active":false,"last_run":)" +
                           kFailedRun + R"(,"last_good_backup":{"id":"x",
    "taken_at":"2026-11-23T02:00:00Z","bytes_stored":1024}},
    {"name":"weekly","schedule":null,"timezone":"UTC","targets":[],"store":"local",
     "next_at":null,"active":false,"last_run":null,"last_good_backup":null}])";
  const auto text = render_jobs(jobs, plain_view());
  CHECK_THAT(text, ContainsText("0 2 * * *") && ContainsText("2026-11-25 02:00 (in 14 h)") &&
                       ContainsText("partial 9 h ago") && ContainsText("by hand") &&
                       ContainsText("none"));
  check_fits(render_jobs(jobs, terminal(80)), 80);
  const auto one = render_job(jobs, plain_view());
  CHECK_THAT(one, ContainsText("app-db, configs") && ContainsText("cannot connect") &&
                      ContainsText("1 KiB"));
  CHECK(only_element(R"([{"a":1},{"b":2}])") == R"({"a":1})");
  CHECK_THROWS_AS(only_element("[]"), Error);
  CHECK(render_jobs("[]", plain_view()) == "no jobs are configured\n");
}

TEST_CASE("Runs are listed with the reason of what did not succeed") {
  const auto runs = '[' + kFailedRun + ',' + kRunning + ']';
  const auto text = render_runs(runs, plain_view());
  CHECK_THAT(text, ContainsText("20261124T020000Z-3f9c  nightly  partial") &&
                       ContainsText("1m 2s") && ContainsText("300 MiB") &&
                       ContainsText("app-db: cannot connect") && ContainsText("running"));
  check_fits(render_runs(runs, terminal(80)), 80);
  check_fits(render_runs(runs, terminal(120)), 120);
  CHECK(render_runs("[]", plain_view()) == "no runs\n");
}

TEST_CASE("A run is shown target by target, with its log") {
  const auto text = render_run(kFailedRun, plain_view());
  CHECK_THAT(text, ContainsText("1.2 GiB stored as 300 MiB") && ContainsText("1234") &&
                       ContainsText("app-db: cannot connect to database 'app': refused\n") &&
                       ContainsText("nightly/configs/20261124T020003Z") &&
                       ContainsText("02:00:04  error"));
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK_THAT(render_run(kRunning, terminal(100)), ContainsText("configs: archiving  ["));
}

TEST_CASE("The outcome of a run is a line a target and one for all") {
  CHECK(render_outcome(kFailedRun, plain_view()) ==
        "app-db   failed: cannot connect to database 'app': refused\n"
        "configs  succeeded  1.2 GiB stored as 300 MiB  nightly/configs/20261124T020003Z\n"
        "nightly partial in 1m 2s  (run 20261124T020000Z-3f9c)\n");
}

TEST_CASE("A run is read for following it") {
  const auto running = read_run(kRunning);
  CHECK_FALSE(running.final);
  CHECK(running.phase == "archiving");
  CHECK(running.target == "configs");
  CHECK(running.bytes_read == 419430400);
  CHECK(running.bytes_total == 1048576000);
  const auto over = read_run(kFailedRun);
  CHECK(over.final);
  CHECK(over.state == "partial");
  CHECK(over.progress_json.empty());
}

TEST_CASE("Exit codes follow the state of a run") {
  CHECK(exit_code_of("succeeded") == 0);
  CHECK(exit_code_of("partial") == 3);
  CHECK(exit_code_of("failed") == 1);
  CHECK(exit_code_of("cancelled") == 1);
  CHECK(exit_code_of("interrupted") == 1);
}

TEST_CASE("Backups tell their size, age, verification and what keeps them") {
  const auto text = render_backups(kBackups, plain_view());
  CHECK_THAT(text,
             ContainsText("4.1") && ContainsText("300 MiB") && ContainsText("keep_last (1 of 2)") &&
                 ContainsText("nothing (the next prune removes it)") && ContainsText("damaged") &&
                 ContainsText("nightly/configs/20261123T020003Z: the checksum differs"));
  CHECK_THAT(render_backups(kBackups, terminal(80)),
             ContainsText("nightly/configs/20261124T020003Z"));
  CHECK(render_backups("[]", plain_view()) == "no backups\n");
}

TEST_CASE("Backups are read for restoring them") {
  const auto places = read_backups(kBackups);
  REQUIRE(places.size() == 2);
  CHECK(places[0].good);
  CHECK(places[0].location == "/srv/b/c.tar.gz");
  CHECK_FALSE(places[1].good);
  CHECK(places[1].location.empty());
  CHECK(values_of(kBackups, "id") == std::vector<std::string>{"nightly/configs/20261124T020003Z",
                                                              "nightly/configs/20261123T020003Z"});
}

TEST_CASE("What was removed is told with its reason") {
  const Removed removed{{"nightly/configs/20261101T020000Z", "older than 7 days"}};
  CHECK(removed_to_json(removed) ==
        R"([{"id":"nightly/configs/20261101T020000Z","reason":"older than 7 days"}])");
  CHECK_THAT(render_removed(removed, true, plain_view()), ContainsText("WOULD BE REMOVED"));
  CHECK_THAT(render_removed(removed, false, plain_view()), ContainsText("older than 7 days"));
  CHECK(render_removed({}, true, plain_view()) == "nothing would be removed\n");
  CHECK(removed_to_json({}) == "[]");
}

TEST_CASE("Documents of another version are read as far as they go") {
  CHECK_THAT(render_status("{}", plain_view()), ContainsText("snapshotterd"));
  CHECK_THAT(render_runs(R"([{"id":7,"results":"none"},3])", plain_view()), ContainsText("\n"));
  CHECK_FALSE(read_run("{}").state == "succeeded");
  CHECK_THROWS_AS(render_status("not json", plain_view()), Error);
  CHECK_THROWS_AS(render_runs("{}", plain_view()), Error);
}

TEST_CASE("Escapes of the daemon are not escaped again") {
  const std::string run = R"({"id":"r","job":"j","state":"failed","results":[],
    "error":"cannot read file '/srv/a\\nb'"})";
  CHECK_THAT(render_outcome(run, plain_view()), ContainsText(R"('/srv/a\nb')"));
}

namespace {

const std::string kNotifier = R"({"name":"ops","type":"webhook","where":"https://hooks.example.org",
  "events":["failed","overdue"],"pending":3,"oldest_pending_at":"2026-11-24T10:00:00Z",
  "next_attempt_at":"2026-11-24T12:30:00Z","last_answer":"500 Internal Server Error",
  "last_delivered_at":"2026-11-23T12:00:00Z","given_up":2,
  "last_given_up_at":"2026-11-23T12:00:00Z","given_up_why":"rejected: 410 Gone"})";

std::string status_with(const std::string& notifier) {
  auto text = status("", "");
  text.pop_back();
  return text + R"(,"notifications":[)" + notifier + "]}";
}

}  // namespace

TEST_CASE("the status tells in a line each who could not be told") {
  const auto text = render_status(status_with(kNotifier), plain_view());
  CHECK_THAT(text, ContainsText("Could not be told\n"
                                "  ops  3 notifications not delivered yet, the oldest of 2 h ago, "
                                "next attempt in 30 min: 500 Internal Server Error; 2 "
                                "notifications given up, the last 24 h ago: rejected: 410 Gone\n"));
  check_fits(render_status(status_with(kNotifier), terminal(60)), 60);
  CHECK_THAT(render_status(status_with(""), plain_view()), !ContainsText("Could not be told"));
}

TEST_CASE("what was given up long ago is no news") {
  auto old = kNotifier;
  old.replace(old.find("\"pending\":3"), 11, "\"pending\":0");
  const std::string before = "\"last_given_up_at\":\"2026-11-23";
  old.replace(old.find(before), before.size(), "\"last_given_up_at\":\"2026-11-16");
  CHECK_THAT(render_status(status_with(old), plain_view()), !ContainsText("Could not be told"));
}

TEST_CASE("a list of notifiers says where, what waits and what became of the last") {
  const auto text = render_notifiers("[" + kNotifier + "]", plain_view());
  CHECK_THAT(text, ContainsText("webhook https://hooks.example.org"));
  CHECK_THAT(text, ContainsText("failed, overdue"));
  CHECK_THAT(text, ContainsText("3, since 2 h ago"));
  CHECK_THAT(text, ContainsText("500 Internal Server Error"));
  CHECK_THAT(text, ContainsText("2: rejected: 410 Gone"));
  CHECK(render_notifiers("[]", plain_view()) == "no notifiers are configured\n");
}

TEST_CASE("what came of a test is one line, and good only when it was delivered") {
  const auto answer = [](const std::string& outcome) {
    return R"({"notifier":"ops","outcome":")" + outcome + R"(","answer":"204 No Content"})";
  };
  CHECK(render_delivery(answer("delivered"), plain_view()) == "ops: delivered: 204 No Content\n");
  CHECK(render_delivery(answer("retry"), plain_view()) == "ops: not delivered: 204 No Content\n");
  CHECK(render_delivery(answer("rejected"), plain_view()) == "ops: rejected: 204 No Content\n");
  CHECK(was_delivered(answer("delivered")));
  CHECK_FALSE(was_delivered(answer("retry")));
  CHECK_FALSE(was_delivered(answer("rejected")));
}
