// Each key, wrong: the exact text an administrator reads, and where it points.
#include "fixture.hpp"

using namespace snapshotter;
using namespace snapshotter::test;
using Lines = std::vector<std::string>;

namespace {

struct Row {
  std::string yaml;
  std::string problem;
};

// Each row's text follows `before`, and has exactly the one problem.
void check_rows(const std::string& before, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    CAPTURE(row.yaml);
    CHECK(problems_of(before + row.yaml + "\n") == Lines{row.problem});
  }
}

// What the schedule's own error says.
std::string reason_against(const std::string& schedule) {
  try {
    (void)schedule::CronExpression::parse(schedule);
  } catch (const ScheduleError& error) {
    return error.why() + (error.advice().empty() ? "" : " (" + error.advice() + ")");
  }
  return "none";
}

const std::string kNameRule =
    ": letters, digits, '.', '_' and '-' can, the first of them a letter or digit, at most 64";

}  // namespace

TEST_CASE("wrong keys of the whole configuration") {
  check_rows(kSound,
             {{"job: {}", "15:1: the configuration: unknown key 'job', did you mean 'jobs'?"},
              {"xyz: {}", "15:1: the configuration: unknown key 'xyz'"},
              {"daemon: 3", "15:9: daemon must be a mapping, not '3'"},
              {"logging: [x]", "15:10: logging must be a mapping, not a list"},
              {"notifiers: ops", "15:12: notifiers must be a mapping, not 'ops'"}});
  CHECK(problems_of("- a\n") == Lines{"1:1: the configuration must be a mapping, not a list"});
  CHECK(problems_of("text\n") == Lines{"1:1: the configuration must be a mapping, not 'text'"});
}

TEST_CASE("wrong keys of the daemon") {
  check_rows(
      kSound + "daemon:\n  ",
      {{"timezone: Europe/Berln",
        "16:13: daemon: no time zone 'Europe/Berln', did you mean 'Europe/Berlin'?"},
       {"timezone: Berlin", "16:13: daemon: no time zone 'Berlin', did you mean 'Europe/Berlin'?"},
       {"timezone:", "16:3: daemon: 'timezone' has no value; give one or leave the key out"},
       {"max_concurrent_runs: 0",
        "16:24: daemon: 'max_concurrent_runs' must be from 1 to 64, not '0'"},
       {"max_concurrent_runs: 65",
        "16:24: daemon: 'max_concurrent_runs' must be from 1 to 64, not '65'"},
       {"max_concurrent_runs: two",
        "16:24: daemon: 'max_concurrent_runs' must be a whole number, not 'two'"},
       {"workers: many",
        "16:12: daemon: 'workers' must be auto or a number from 1 to 256, not 'many'"},
       {"workers: 0", "16:12: daemon: 'workers' must be from 1 to 256, not '0'"},
       {"workers: -1", "16:12: daemon: 'workers' must be from 1 to 256, not '-1'"},
       {"workers: [4]", "16:12: daemon: 'workers' must be a single value, not a list"},
       {"nice: -1", "16:9: daemon: 'nice' must be from 0 to 19, not '-1'"},
       {"nice: 20", "16:9: daemon: 'nice' must be from 0 to 19, not '20'"},
       {"nice: low", "16:9: daemon: 'nice' must be a whole number, not 'low'"},
       {"io_priority: best-effort:8",
        "16:16: daemon: 'io_priority' must be idle, best-effort, or best-effort:0 (first) to "
        "best-effort:7 (last), not 'best-effort:8'"},
       {"io_priority: realtime",
        "16:16: daemon: 'io_priority' must be idle, best-effort, or best-effort:0 (first) to "
        "best-effort:7 (last), not 'realtime'"},
       {"state_dir: var/lib",
        "16:14: daemon: 'state_dir' must be an absolute path without '..', not 'var/lib'"},
       {"history: 0", "16:12: daemon: 'history' must be longer than nothing"},
       {"history: forever",
        "16:12: daemon: 'history' must be a duration such as 90s, 15m or 6h, not 'forever'"},
       {"time_zone: UTC", "16:3: daemon: unknown key 'time_zone', did you mean 'timezone'?"}});
}

TEST_CASE("wrong keys of the logging") {
  check_rows(kSound + "logging:\n  ",
             {{"level: warn",
               "16:10: logging: 'level' must be trace, debug, info, warning or error, not 'warn'"},
              {"level: debgu",
               "16:10: logging: 'level' must be trace, debug, info, warning or error, not 'debgu', "
               "did you "
               "mean 'debug'?"},
              {"journal: yes", "16:12: logging: 'journal' must be auto, true or false, not 'yes'"},
              {"console: [true]", "16:12: logging: 'console' must be a single value, not a list"},
              {"file: /var/log/x", "16:9: logging: 'file' must be a mapping, not '/var/log/x'"},
              {"file: {}", "16:9: logging: 'file' needs 'path'"},
              {"file: {path: x.log}",
               "16:16: logging: 'file': 'path' must be an absolute path without '..', not 'x.log'"},
              {"file: {path: /x, max_size: 0}",
               "16:30: logging: 'file': 'max_size' must be larger than nothing"},
              {"file: {path: /x, max_files: 0}",
               "16:31: logging: 'file': 'max_files' must be from 1 to 1000, not '0'"},
              {"file: {path: /x, size: 1}", "16:20: logging: 'file': unknown key 'size'"},
              {"syslog: true", "16:11: logging: 'syslog' must be a mapping, not 'true'"},
              {"syslog: {enabled: 1}",
               "16:21: logging: 'syslog': 'enabled' must be true or false, not '1'"},
              {"syslog: {facility: deamon}",
               "16:22: logging: 'syslog': 'facility' must be auth, authpriv, cron, daemon, ftp, "
               "lpr, mail, "
               "news, syslog, user, uucp, local0, local1, local2, local3, local4, local5, local6 "
               "or local7, "
               "not 'deamon', did you mean 'daemon'?"}});
}

TEST_CASE("wrong stores") {
  const std::string before = "stores:\n  s:\n    type: directory\n    path: /s\n";
  check_rows(before, {{"    format: zip",
                       "5:13: store 's': 'format' must be tar.gz or tar.zst, not "
                       "'zip'"},
                      {"    level: best",
                       "5:12: store 's': 'level' must be fast, balanced, small or, for tar.gz, a "
                       "number from 1 to 12, not 'best'"},
                      {"    level: 13",
                       "5:12: store 's': 'level' must be fast, balanced, small or, for tar.gz, a "
                       "number from 1 to 12, not '13'"},
                      {"    format: tar.zst\n    level: 20",
                       "6:12: store 's': 'level' must be fast, balanced, small or, for tar.zst, a "
                       "number from 1 to 19, not '20'"},
                      {"    bandwidth: fast",
                       "5:16: store 's': 'bandwidth' must be bytes a second such as 50MiB or "
                       "50MiB/s, not 'fast'"},
                      {"    bandwidth: 50MiB/min",
                       "5:16: store 's': 'bandwidth' must be bytes a second such as 50MiB or "
                       "50MiB/s, not '50MiB/min'"},
                      {"    bandwidth: 65535",
                       "5:16: store 's': 'bandwidth' must be at least 64 KiB a second; leave it "
                       "out for no limit"},
                      {"    bandwidth: 0",
                       "5:16: store 's': 'bandwidth' must be at least 64 KiB a second; leave it "
                       "out for no limit"},
                      {"    min_fre: 1GiB",
                       "5:5: store 's': unknown key 'min_fre', did you mean 'min_free'?"},
                      {"  t: {type: directory}", "5:6: store 't' needs 'path'"},
                      {"  t: {path: /t}", "5:6: store 't' needs 'type'"},
                      {"  t:", "5:3: store 't' needs 'type'"},
                      {"  t: {type: directry, path: /t}",
                       "5:13: store 't': unknown type 'directry', did you mean 'directory'?"},
                      {"  t: {type: s3, bucket: b}",
                       "5:13: store 't': unknown type 's3'; this build has: directory"},
                      {"  t: /t", "5:6: store 't' must be a mapping, not '/t'"},
                      {"  t: {type: directory, path: /x/../t}",
                       "5:30: store 't': 'path' must be an absolute path without '..', not "
                       "'/x/../t'"},
                      {"  t: {type: directory, path: /s/}",
                       "5:6: store 't' keeps its backups where store 's' does (directory /s); give "
                       "each store a place of its own"},
                      {"  'a/b': {type: directory, path: /t}",
                       "5:3: 'a/b' can't be the name of a store" + kNameRule},
                      {"  s: {type: directory, path: /t}",
                       "5:3: the key 's' appears twice; the first is at line 2, column 3"}});
}

TEST_CASE("wrong targets") {
  const std::string before = "targets:\n  t:\n    type: filesystem\n    paths: [/etc]\n";
  check_rows(
      before,
      {{"    bandwidth: /s",
        "5:16: target 't': 'bandwidth' must be bytes a second such as 50MiB or 50MiB/s, not "
        "'/s'"},
       {"    bandwidth: [1MiB]",
        "5:16: target 't': 'bandwidth' must be a single value, not a list"},
       {"    expect: 5", "5:13: target 't': 'expect' must be a mapping, not '5'"},
       {"    expect: {min_size: big}",
        "5:24: target 't': 'expect': 'min_size' must be a size such as 500MiB or 10GiB, not 'big'"},
       {"    expect: {max_shrink: 2}",
        "5:26: target 't': 'expect': 'max_shrink' must be a share from 0 to 1 such as 0.5 or 50%, "
        "not "
        "'2'"},
       {"    expect: {minsize: 1}",
        "5:14: target 't': 'expect': unknown key 'minsize', did you mean 'min_size'?"},
       {"    tolerate: {missing: -1}",
        "5:25: target 't': 'tolerate': 'missing' must be at least 0, not '-1'"},
       {"    tolerate: {changed: any}",
        "5:25: target 't': 'tolerate': 'changed' must be a whole number, not 'any'"},
       {"    tolerate: {changes: 1}",
        "5:16: target 't': 'tolerate': unknown key 'changes', did you mean 'changed'?"},
       {"    one_file_system: \"true\"",
        "5:22: target 't': 'one_file_system' must be true or false without quotes, not the text "
        "'true'"},
       {"    path: /x", "5:5: target 't': unknown key 'path', did you mean 'paths'?"},
       {"  u: {type: filesystem, paths: [etc]}",
        "5:33: target 'u': each of 'paths' must be an absolute path without '..', not 'etc'"},
       {"  u: {type: mysql, host: h}",
        "5:13: target 'u': unknown type 'mysql'; this build has: filesystem, postgresql"},
       {"  u: {type: [x]}", "5:13: target 'u': 'type' must be a single value, not a list"},
       {"  u: {type: '${NO:-}'}",
        "5:13: target 'u': unknown type ''; this build has: filesystem, postgresql"},
       {"  '': {}", "5:3: '' can't be the name of a target" + kNameRule},
       {"  .hidden: {}", "5:3: '.hidden' can't be the name of a target" + kNameRule}});
}

TEST_CASE("wrong notifiers") {
  const std::string before = "notifiers:\n  n:\n    type: webhook\n    url: x\n";
  check_rows(
      before,
      {{"    events: [failed, faild]",
        "5:22: notifier 'n': no event 'faild', did you mean 'failed'?"},
       {"    events: [boom]",
        "5:14: notifier 'n': no event 'boom'; there is started, succeeded, partial, failed, "
        "cancelled, interrupted, recovered, missed, overdue, pruned"},
       {"    events: [failed, test]",
        "5:22: notifier 'n': 'test' can't be listed; it is sent when 'snapshotctl notify test' "
        "asks for it"},
       {"    events: [failed, missed, failed]",
        "5:30: notifier 'n': 'events' lists 'failed' twice"},
       {"    events: []",
        "5:13: notifier 'n': 'events' names no event; name one, or leave the key out"},
       {"    events:",
        "5:5: notifier 'n': 'events' names no event; name one, or leave the key out"},
       {"    events: {failed: true}", "5:13: notifier 'n': 'events' must be a list, not a mapping"},
       {"    evnets: []", "5:5: notifier 'n': unknown key 'evnets', did you mean 'events'?"}});
}

TEST_CASE("a build without notifiers says so") {
  config::Registries types = fake_types();
  types.notifiers = {};
  try {
    (void)config::parse("notifiers: {ops: {type: webhook}}", "t.yaml", types, environment_of({}));
    FAIL("not refused");
  } catch (const config::InvalidConfig& invalid) {
    CHECK(std::string(invalid.what()) ==
          "t.yaml:1:25: notifier 'ops': unknown type 'webhook'; this build has none");
  }
}

TEST_CASE("wrong keys of a job") {
  check_rows(
      kSound + "    ",
      {{"timezone: Mars/Olympus", "15:15: job 'nightly': no time zone 'Mars/Olympus'"},
       {"dst: utc", "15:10: job 'nightly': 'dst' must be cron or strict, not 'utc'"},
       {"catch_up: yes",
        "15:15: job 'nightly': 'catch_up' must be true or false, not 'yes', which YAML 1.2 takes "
        "for "
        "text"},
       {"jitter: 5 parsecs",
        "15:13: job 'nightly': 'jitter' must be a duration such as 90s, 15m or 6h, not '5 "
        "parsecs'"},
       {"overlap: wait", "15:14: job 'nightly': 'overlap' must be skip or queue, not 'wait'"},
       {"timeout: 0s", "15:14: job 'nightly': 'timeout' must be longer than nothing"},
       {"overdue_after: 0s", "15:20: job 'nightly': 'overdue_after' must be longer than nothing"},
       {"retry: 3", "15:12: job 'nightly': 'retry' must be a mapping, not '3'"},
       {"retry: {attempts: 0}",
        "15:23: job 'nightly': 'retry': 'attempts' must be from 1 to 100, not '0'"},
       {"retry: {attempts: 101}",
        "15:23: job 'nightly': 'retry': 'attempts' must be from 1 to 100, not '101'"},
       {"retry: {backoff: 2h}", "15:22: job 'nightly': 'retry': 'backoff' must be at most 1h"},
       {"retry: {attemps: 2}",
        "15:13: job 'nightly': 'retry': unknown key 'attemps', did you mean 'attempts'?"},
       {"retension: {days: 3}",
        "15:5: job 'nightly': unknown key 'retension', did you mean 'retention'?"},
       {"notify: [ops]", "15:14: job 'nightly': no notifier 'ops'; the configuration has none"},
       {"notify: {ops: 1}", "15:13: job 'nightly': 'notify' must be a list, not a mapping"}});
}

TEST_CASE("wrong references of a job") {
  const std::string before =
      R"(stores: {local: {type: directory, path: /s}, far: {type: directory, path: /f}}
targets:
  app-db: {type: postgresql}
  files: {type: filesystem, paths: /etc}
notifiers: {ops: {type: webhook, url: x}}
jobs:
  j:
    retention: {days: 1}
)";
  check_rows(
      before,
      {{"    store: local\n    targets: [files, app-bd]",
        "10:22: job 'j': no target 'app-bd', did you mean 'app-db'?"},
       {"    store: local\n    targets: [mysql]",
        "10:15: job 'j': no target 'mysql'; there is app-db, files"},
       {"    store: local\n    targets: [files, app-db, files]",
        "10:30: job 'j': 'targets' lists 'files' twice"},
       {"    store: local\n    targets: [files, [app-db]]",
        "10:22: job 'j': each of 'targets' must be text, not a list"},
       {"    store: local\n    targets: {files: 1}",
        "10:14: job 'j': 'targets' must be a list, not a mapping"},
       {"    store: local\n    targets: []",
        "7:3: job 'j' has no targets; list at least one: targets: [name]"},
       {"    store: local\n    targets:",
        "7:3: job 'j' has no targets; list at least one: targets: [name]"},
       {"    store: local", "7:3: job 'j' has no targets; list at least one: targets: [name]"},
       {"    store: locl\n    targets: [files]",
        "9:12: job 'j': no store 'locl', did you mean 'local'?"},
       {"    store: [local]\n    targets: [files]",
        "9:12: job 'j': 'store' must be a single value, not a list"},
       {"    targets: [files]", "7:3: job 'j' needs 'store', because there is more than one"},
       {"    store: local\n    targets: [files]\n    notify: [opps]",
        "11:14: job 'j': no notifier 'opps', did you mean 'ops'?"},
       {"    store: local\n    targets: [files]\n    notify: [ops, ops]",
        "11:19: job 'j': 'notify' lists 'ops' twice"},
       {"    store: local\n    targets: [files]\n  n/j: {}",
        "11:3: 'n/j' can't be the name of a job" + kNameRule}});
  CHECK(problems_of("targets: {t: {type: filesystem, paths: /etc}}\njobs: {j: {targets: t}}\n") ==
        Lines{"2:11: job 'j' has no store to keep backups in; describe one under 'stores'"});
}

TEST_CASE("a reference to something that is wrong itself is no second problem") {
  CHECK(problems_of(R"(stores: {local: {type: directory}}
targets: {t: {type: mysql}}
jobs: {j: {targets: t, store: local}}
)") == Lines{"1:17: store 'local' needs 'path'",
             "2:21: target 't': unknown type 'mysql'; this build has: filesystem, postgresql"});
}

TEST_CASE("a bad schedule is explained by the schedule's own error") {
  const std::string before =
      "stores: {s: {type: directory, path: /s}}\n"
      "targets: {t: {type: filesystem, paths: /etc}}\n"
      "jobs:\n  j: {targets: t, schedule: ";
  for (const std::string text : {"0 25 * * *", "0 2 * *", "", "every day", "0 0 30 2 *"}) {
    CAPTURE(text);
    CHECK(problems_of(before + "'" + text + "'}\n") ==
          Lines{"4:29: job 'j': bad schedule '" + text + "': " + reason_against(text)});
  }
}

TEST_CASE("a retention keeps at least one of everything it names") {
  const std::string before =
      "stores: {s: {type: directory, path: /s}}\n"
      "targets: {t: {type: filesystem, paths: /etc}}\n"
      "jobs:\n  j:\n    targets: t\n    retention:\n      ";
  for (const std::string key :
       {"days", "keep_last", "hourly", "daily", "weekly", "monthly", "yearly"}) {
    const std::string column = std::to_string(9 + key.size());
    CHECK(problems_of(before + key + ": 0\n") ==
          Lines{"7:" + column + ": job 'j': 'retention': '" + key +
                "' must be from 1 to 1000000, not '0'"});
    CHECK(problems_of(before + key + ": 1000000\n").empty());
  }
  check_rows(
      before,
      {{"max_size: 0", "7:17: job 'j': 'retention': 'max_size' must be larger than nothing"},
       {"dayly: 7", "7:7: job 'j': 'retention': unknown key 'dayly', did you mean 'daily'?"},
       {"days: 3.5", "7:13: job 'j': 'retention': 'days' must be a whole number, not '3.5'"}});
}

TEST_CASE("what came from outside is not shown when it stands in the wrong place") {
  const auto environment = environment_of({{"PW", "hunter2"}});
  const auto problems = problems_of(R"(daemon: {timezone: "${PW}", workers: "${PW}"}
stores: {s: {type: "${PW}", level: "${PW}"}}
targets: {t: {type: "${PW}"}}
notifiers: {n: {type: webhook, url: x, events: ["${PW}"]}}
jobs:
  j: {schedule: "${PW}", targets: ["${PW}", "${PW}"], store: "${PW}", notify: ["${PW}"]}
)",
                                    environment);
  for (const std::string& problem : problems) CHECK_THAT(problem, !ContainsText("hunter2"));
  CHECK(
      problems ==
      Lines{
          "1:20: daemon: no time zone '${…}'",
          "1:38: daemon: 'workers' must be auto or a number from 1 to 256, not '${…}'",
          "2:20: store 's': unknown type '${…}'; this build has: directory",
          "2:36: store 's': 'level' must be fast, balanced, small or, for tar.gz, a number from 1 "
          "to 12, not '${…}'",
          "3:21: target 't': unknown type '${…}'; this build has: filesystem, postgresql",
          "4:49: notifier 'n': no event '${…}'; there is started, succeeded, partial, failed, "
          "cancelled, interrupted, recovered, missed, overdue, pruned",
          "6:17: job 'j': bad schedule '${…}'", "6:36: job 'j': no target '${…}'",
          "6:45: job 'j': 'targets' lists '${…}' twice", "6:62: job 'j': no store '${…}'",
          "6:80: job 'j': no notifier '${…}'"});
}

TEST_CASE("a value that can not be made out is reported once and for what it is") {
  const std::string unset =
      "the environment has no X; set it for the service (Environment= or EnvironmentFile=), or "
      "write "
      "${X:-value} for a default";
  CHECK(problems_of(R"(daemon: {workers: "${X}", state_dir: "${X}"}
stores: {s: {type: directory, path: "${X}"}}
targets: {t: {type: "${X}"}}
jobs: {j: {targets: ["${X}"], store: "${X}", schedule: "${X}", retention: {days: "${X}"}}}
)") == Lines{"1:19: " + unset, "1:38: " + unset, "2:37: " + unset, "3:21: " + unset,
             "4:22: " + unset, "4:38: " + unset, "4:56: " + unset, "4:82: " + unset});
}

TEST_CASE("what is wrong behind an anchor is reported once per user of it") {
  CHECK(problems_of(R"(x-r: &r {days: 0}
x-p: &p "${X}"
stores: {s: {type: directory, path: /s}}
targets: {t: {type: filesystem, paths: *p}, u: {type: filesystem, paths: *p}}
jobs:
  a: {targets: t, retention: *r}
  b: {targets: u, retention: *r}
)") == Lines{"1:16: job 'a': 'retention': 'days' must be from 1 to 1000000, not '0'",
             "1:16: job 'b': 'retention': 'days' must be from 1 to 1000000, not '0'",
             "2:6: the environment has no X; set it for the service (Environment= or "
             "EnvironmentFile=), or write ${X:-value} for a default"});
}

TEST_CASE("everything that is wrong is said at once and in order") {
  const std::string yaml = R"(daemon:
  timezone: Europe/Berln
  workers: lots
stores:
  local:
    type: directory
    path: srv/backups
targets:
  app-db:
    type: postgres
  configs:
    type: filesystem
    paths: [/etc]
    exclude: "${EXCLUDE}"
jobs:
  nightly:
    schedule: "0 25 * * *"
    targets: [app-bd, configs]
    retension: {days: 30}
  weekly:
    schedule: "@weekly"
    targets: []
)";
  try {
    (void)config::parse(yaml, "/etc/snapshotterd/snapshotterd.yaml", fake_types(),
                        environment_of({}));
    FAIL("not refused");
  } catch (const config::InvalidConfig& invalid) {
    UNSCOPED_INFO(invalid.what());
    const std::string f = "/etc/snapshotterd/snapshotterd.yaml:";
    CHECK(std::string(invalid.what()) ==
          f + "2:13: daemon: no time zone 'Europe/Berln', did you mean 'Europe/Berlin'?\n" + f +
              "3:12: daemon: 'workers' must be auto or a number from 1 to 256, not 'lots'\n" + f +
              "7:11: store 'local': 'path' must be an absolute path without '..', not "
              "'srv/backups'\n" +
              f + "10:11: target 'app-db': unknown type 'postgres', did you mean 'postgresql'?\n" +
              f +
              "14:14: the environment has no EXCLUDE; set it for the service (Environment= or "
              "EnvironmentFile=), or write ${EXCLUDE:-value} for a default\n" +
              f +
              "17:15: job 'nightly': bad schedule '0 25 * * *': " + reason_against("0 25 * * *") +
              "\n" + f + "18:15: job 'nightly': no target 'app-bd', did you mean 'app-db'?\n" + f +
              "19:5: job 'nightly': unknown key 'retension', did you mean 'retention'?\n" + f +
              "20:3: job 'weekly' has no targets; list at least one: targets: [name]");
    CHECK(invalid.kind() == ErrorKind::config);
    CHECK(invalid.why() == "9 problems");
    CHECK(invalid.details().sorted().size() == 9);
  }
}

TEST_CASE("thousands of dangling references do not take minutes") {
  std::string yaml = kSound + "  other:\n    store: local\n    targets: [";
  for (int i = 0; i < 5000; ++i) yaml += "confgs" + std::to_string(i) + ", ";
  const auto problems = problems_of(yaml + "]\n");
  CHECK(problems.size() == 5000);
}

TEST_CASE("a thousand misspelt time zones do not take minutes") {
  std::string yaml = kSound;
  for (int i = 0; i < 1000; ++i) {
    yaml += "  j" + std::to_string(i) + ": {targets: configs, timezone: Europe/Berln}\n";
  }
  const auto problems = problems_of(yaml);
  REQUIRE(problems.size() == 1000);
  CHECK_THAT(problems.back(), ContainsText("no time zone 'Europe/Berln', did you mean"));
}
