// Each key, right: what it becomes, and its default.
#include "base/text.hpp"
#include "fixture.hpp"

using namespace snapshotter;
using namespace snapshotter::test;
using namespace std::chrono_literals;
using config::Config;
using config::Switch;
using notify::EventKind;

namespace {

Config with(const std::string& more) { return parse_good(kSound + more); }

config::JobSpec job_with(const std::string& lines) {
  return parse_good(kSound + "    " + lines + "\n").jobs.at("nightly");
}

config::TargetSpec target_with(const std::string& more) {
  return parse_good("targets: {t: {type: filesystem, paths: [/etc], " + more + "}}\n")
      .targets.at("t");
}

}  // namespace

TEST_CASE("the sound configuration is read without problems or warnings") {
  const Config config = parse_good(kSound);
  CHECK(config.warnings.empty());

  REQUIRE(config.stores.size() == 1);
  const config::StoreSpec& store = config.stores.at("local");
  CHECK(store.name == "local");
  CHECK(store.type == "directory");
  CHECK(store.format == archive::Format::tar_gz);
  CHECK(store.level == archive::Level{});
  REQUIRE(store.store);
  CHECK(store.store->describe() == "directory /srv/backups");

  REQUIRE(config.targets.size() == 1);
  const config::TargetSpec& target = config.targets.at("configs");
  CHECK(target.name == "configs");
  CHECK(target.type == "filesystem");
  REQUIRE(target.target);
  CHECK(target.target->describe() == "/etc all");
  CHECK_FALSE(target.expect.min_size);
  CHECK_FALSE(target.expect.max_shrink);
  CHECK_FALSE(target.tolerate.changed);
  CHECK(target.tolerate.missing == 0);
  CHECK_FALSE(target.tolerate.fail_above);

  REQUIRE(config.jobs.size() == 1);
  const config::JobSpec& job = config.jobs.at("nightly");
  CHECK(job.name == "nightly");
  REQUIRE(job.schedule);
  CHECK(job.schedule->text() == "0 2 * * *");
  CHECK(job.targets == std::vector<std::string>{"configs"});
  CHECK(job.store == "local");
  CHECK(job.retention.days == 30);
  CHECK_FALSE(job.retention.keep_last);
}

TEST_CASE("what a job leaves out has the documented default") {
  const config::JobSpec job = parse_good(kSound).jobs.at("nightly");
  CHECK(job.timezone.name() == schedule::TimeZone::system().name());
  CHECK(job.dst == schedule::DstPolicy::cron);
  CHECK(job.catch_up);
  CHECK(job.jitter == 0s);
  CHECK(job.overlap == config::Overlap::skip);
  CHECK_FALSE(job.timeout);
  CHECK_FALSE(job.overdue_after);
  CHECK(job.retry.attempts == 1);
  CHECK(job.retry.backoff == 30s);
  CHECK(job.notify.empty());
}

TEST_CASE("each key of a job is read") {
  CHECK(job_with("timezone: Asia/Kolkata").timezone.name() == "Asia/Kolkata");
  CHECK(job_with("dst: strict").dst == schedule::DstPolicy::strict);
  CHECK(job_with("dst: cron").dst == schedule::DstPolicy::cron);
  CHECK_FALSE(job_with("catch_up: false").catch_up);
  CHECK(job_with("jitter: 10m").jitter == 10min);
  CHECK(job_with("overlap: queue").overlap == config::Overlap::queue);
  CHECK(job_with("overlap: skip").overlap == config::Overlap::skip);
  CHECK(job_with("timeout: 6h").timeout == 6h);
  CHECK(job_with("overdue_after: 50h").overdue_after == 50h);
  CHECK(job_with("retry: {attempts: 3, backoff: 5s}").retry.attempts == 3);
  CHECK(job_with("retry: {attempts: 3, backoff: 5s}").retry.backoff == 5s);
  CHECK(job_with("retry: {attempts: 100}").retry.backoff == 30s);
  CHECK(job_with("retry: {backoff: 1h}").retry.backoff == 1h);
  CHECK(job_with("retry:").retry.attempts == 1);
  CHECK(job_with("notify: []").notify.empty());
  CHECK(job_with("notify: [ops]\nnotifiers: {ops: {type: webhook, url: x}}").notify ==
        std::vector<std::string>{"ops"});
}

TEST_CASE("each rule of a retention is read") {
  const std::string yaml = R"(
stores: {s: {type: directory, path: /s}}
targets: {t: {type: filesystem, paths: /etc}}
jobs:
  j:
    targets: t
    retention: {days: 1, keep_last: 2, hourly: 3, daily: 4, weekly: 5, monthly: 6, yearly: 7,
                max_size: 8GiB}
)";
  const config::JobSpec job = parse_good(yaml).jobs.at("j");
  CHECK(job.retention == retention::Policy{1, 2, 3, 4, 5, 6, 7, 8_GiB});
  CHECK(job.targets == std::vector<std::string>{"t"});
  CHECK(job.store == "s");
  CHECK_FALSE(job.schedule);
}

TEST_CASE("the bandwidth of stores and targets is read") {
  const auto of_store = [](const std::string& value) {
    return parse_good("stores: {s: {type: directory, path: /s, bandwidth: " + value + "}}\n")
        .stores.at("s")
        .bandwidth;
  };
  CHECK(of_store("50MiB") == 50_MiB);
  CHECK(of_store("50MiB/s") == 50_MiB);
  CHECK(of_store("2.5 MB/s") == ByteSize{2'500'000});
  CHECK(of_store("65536") == 64_KiB);
  CHECK(target_with("bandwidth: 1GiB/s").bandwidth == 1_GiB);
  CHECK_FALSE(target_with("one_file_system: true").bandwidth);
  CHECK_FALSE(parse_good(kSound).stores.at("local").bandwidth);
}

TEST_CASE("the daemon section is read and has defaults") {
  const config::DaemonSettings defaults = parse_good("").daemon;
  CHECK(defaults.timezone.name() == schedule::TimeZone::system().name());
  CHECK(defaults.max_concurrent_runs == 2);
  CHECK(defaults.workers == 0);
  CHECK(defaults.priority == Priority{10, {IoPriority::Class::best_effort, 7}});
  CHECK(defaults.state_dir == "/var/lib/snapshotterd");
  CHECK(defaults.history == std::chrono::days{400});

  const config::DaemonSettings daemon = parse_good(R"(
daemon:
  timezone: Europe/Berlin
  max_concurrent_runs: 5
  workers: 16
  nice: 19
  io_priority: idle
  state_dir: /srv//state/
  history: 30 days
)")
                                            .daemon;
  CHECK(daemon.timezone.name() == "Europe/Berlin");
  CHECK(daemon.max_concurrent_runs == 5);
  CHECK(daemon.workers == 16);
  CHECK(daemon.priority == Priority{19, {IoPriority::Class::idle, 0}});
  CHECK(daemon.state_dir == "/srv/state");
  CHECK(daemon.history == std::chrono::days{30});

  CHECK(parse_good("daemon: {workers: auto}").daemon.workers == 0);
  CHECK(parse_good("daemon: {workers: 256, max_concurrent_runs: 64}").daemon.workers == 256);
  CHECK(parse_good("daemon:\n").daemon.workers == 0);
  CHECK(parse_good("daemon: {nice: 0}").daemon.priority.nice == 0);
  CHECK(parse_good("daemon: {io_priority: 'best-effort:0'}").daemon.priority.io.level == 0);
  CHECK(parse_good("daemon: {io_priority: best-effort}").daemon.priority.io == IoPriority{});
}

TEST_CASE("the daemon's time zone is that of jobs without one") {
  const Config config = with("daemon: {timezone: America/Lima}\n");
  CHECK(config.jobs.at("nightly").timezone.name() == "America/Lima");
  const Config own = with("    timezone: UTC\ndaemon: {timezone: America/Lima}\n");
  CHECK(own.jobs.at("nightly").timezone.name() == "UTC");
}

TEST_CASE("the logging section is read and has defaults") {
  const config::LoggingSettings defaults = parse_good("logging:\n").logging;
  CHECK(defaults.level == "info");
  CHECK(defaults.journal == Switch::automatic);
  CHECK(defaults.console == Switch::automatic);
  CHECK_FALSE(defaults.file);
  CHECK_FALSE(defaults.syslog.enabled);
  CHECK(defaults.syslog.facility == "daemon");

  const config::LoggingSettings logging = parse_good(R"(
logging:
  level: debug
  journal: true
  console: false
  file: {path: /var/log/x.log, max_size: 3MiB, max_files: 9}
  syslog: {enabled: true, facility: local3}
)")
                                              .logging;
  CHECK(logging.level == "debug");
  CHECK(logging.journal == Switch::on);
  CHECK(logging.console == Switch::off);
  REQUIRE(logging.file);
  CHECK(logging.file->path == "/var/log/x.log");
  CHECK(logging.file->max_size == 3_MiB);
  CHECK(logging.file->max_files == 9);
  CHECK(logging.syslog.enabled);
  CHECK(logging.syslog.facility == "local3");

  const auto path_only = parse_good("logging: {journal: auto, file: {path: /x}}").logging;
  CHECK(path_only.journal == Switch::automatic);
  CHECK(path_only.file->max_size == 10_MiB);
  CHECK(path_only.file->max_files == 5);
  CHECK_FALSE(parse_good("logging:\n  file:\n").logging.file);
}

TEST_CASE("a store's format and level are read together") {
  const auto store = [](const std::string& keys) {
    return parse_good("stores: {s: {type: directory, path: /s, " + keys + "}}").stores.at("s");
  };
  CHECK(store("format: tar.zst").format == archive::Format::tar_zst);
  CHECK(store("format: tar.gz").format == archive::Format::tar_gz);
  CHECK(store("level: fast").level == archive::Level{archive::Level::Name::fast, 0});
  CHECK(store("level: small").level == archive::Level{archive::Level::Name::small, 0});
  CHECK(store("level: 12").level == archive::Level{archive::Level::Name::number, 12});
  CHECK(store("level: 19, format: tar.zst").level ==
        archive::Level{archive::Level::Name::number, 19});
}

TEST_CASE("what a target expects and tolerates is read") {
  const auto target = target_with(
      "expect: {min_size: 1MiB, max_shrink: 50%}, tolerate: {changed: 10, missing: 2, fail_above: "
      "0}");
  CHECK(target.expect.min_size == 1_MiB);
  CHECK(target.expect.max_shrink == 0.5);
  CHECK(target.tolerate.changed == 10U);
  CHECK(target.tolerate.missing == 2);
  CHECK(target.tolerate.fail_above == 0U);
  CHECK(target_with("exclude: ['*.tmp'], one_file_system: true").target->describe() ==
        "/etc -*.tmp one");
}

TEST_CASE("a notifier's events are read and default to what went wrong and its end") {
  const auto events = [](const std::string& keys) {
    return parse_good("notifiers: {n: {type: webhook, url: https://x" + keys + "}}")
        .notifiers.at("n")
        .events;
  };
  CHECK(events("") == std::vector{EventKind::failed, EventKind::partial, EventKind::missed,
                                  EventKind::overdue, EventKind::recovered});
  CHECK(events(", events: [started, succeeded, cancelled]") ==
        std::vector{EventKind::started, EventKind::succeeded, EventKind::cancelled});
  CHECK(events(", events: pruned") == std::vector{EventKind::pruned});
  for (const std::string& name : notify::event_names()) {
    CHECK(events(", events: " + name) == std::vector{notify::parse_event(name).value()});
  }
}

TEST_CASE("events have one name each") {
  const std::vector<std::string> names = notify::event_names();
  CHECK(join(names, " ") ==
        "started succeeded partial failed cancelled interrupted recovered missed overdue pruned");
  for (const std::string& name : names) {
    CHECK(notify::name(notify::parse_event(name).value()) == name);
  }
  CHECK(notify::parse_event("Failed") == std::nullopt);
  CHECK(notify::parse_event("") == std::nullopt);
}

TEST_CASE("sections whose keys begin with x- only hold anchors") {
  const Config config = parse_good(R"(
x-defaults: &defaults
  schedule: "@daily"
  retention: {days: 7}
stores: {s: {type: directory, path: /s}}
targets: {t: {type: filesystem, paths: /etc}}
jobs:
  one: {<<: *defaults, targets: t}
  two: {<<: *defaults, targets: t, retention: {days: 30}}
)");
  CHECK(config.warnings.empty());
  CHECK(config.jobs.at("one").retention.days == 7);
  CHECK(config.jobs.at("one").schedule->text() == "@daily");
  CHECK(config.jobs.at("two").retention.days == 30);
}

TEST_CASE("what is odd but works is a warning at its place") {
  using Lines = std::vector<std::string>;
  CHECK(warnings_of("") == Lines{"1:1: there are no jobs; nothing will be backed up"});
  CHECK(warnings_of(R"(stores:
  local: {type: directory, path: /a}
  spare: {type: directory, path: /b}
targets:
  used: {type: filesystem, paths: /etc}
  idle: {type: filesystem, paths: /opt}
notifiers:
  ops: {type: webhook, url: x}
jobs:
  j:
    targets: used
    store: local
    retention:
)") == Lines{"3:3: store 'spare' is used by no job", "6:3: target 'idle' is used by no job",
             "8:3: notifier 'ops' is used by no job",
             "10:3: job 'j' has no schedule; it runs only when started by hand",
             "10:3: job 'j' has no retention; it keeps every backup until its store is full"});
}
