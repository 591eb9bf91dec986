#include "notify/event_document.hpp"

namespace snapshotter::notify {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// 2026-11-24T02:00:00Z
constexpr Time kNight{seconds{1'795'485'600}};

TargetFacts good_target() {
  return {.target = "configs",
          .state = "succeeded",
          .attempts = 1,
          .started = kNight + seconds{2},
          .finished = kNight + seconds{14},
          .bytes_source = 25'165'824,
          .bytes_stored = 6'291'456,
          .entries = 1'742,
          .backup = "nightly/configs/configs-20261124T020002Z"};
}

TargetFacts partial_target() {
  TargetFacts target = good_target();
  target.state = "partial";
  target.reasons = {"2 files could not be saved"};
  target.warnings = 2;
  return target;
}

TargetFacts failed_target() {
  return {.target = "app-db",
          .state = "failed",
          .error =
              "cannot connect to database server '/run/postgresql': Connection refused (start "
              "PostgreSQL, or correct 'host')",
          .attempts = 3,
          .started = kNight + seconds{14},
          .finished = kNight + seconds{104}};
}

TargetFacts unfinished_target(const std::string& state) {
  return {.target = "app-db", .state = state, .attempts = 1, .started = kNight + seconds{14}};
}

RunFacts run_of(const std::string& state) {
  RunFacts run{.id = "20261124T020000Z-3f9c",
               .trigger = "schedule",
               .state = state,
               .scheduled = kNight,
               .queued = kNight,
               .started = kNight + seconds{1},
               .finished = kNight + minutes{2}};
  run.results = {good_target()};
  return run;
}

RunFacts run_for(EventKind kind) {
  RunFacts run = run_of(std::string(name(kind)));
  switch (kind) {
    case EventKind::started:
      run.state = "running";
      run.finished.reset();
      run.results.clear();
      break;
    case EventKind::partial:
      run.results = {partial_target()};
      run.error = "configs: 2 files could not be saved";
      break;
    case EventKind::cancelled:
      run.results.push_back(unfinished_target("cancelled"));
      run.error = "cancelled on request";
      break;
    case EventKind::interrupted:
      run.results.push_back(unfinished_target("cancelled"));
      run.error = "the daemon was stopped";
      break;
    case EventKind::recovered:
    case EventKind::succeeded:
      run.state = "succeeded";
      break;
    default:  // failed, and the test, which shows what matters most
      run.state = "failed";
      run.results.push_back(failed_target());
      run.error = "app-db: " + failed_target().error;
  }
  return run;
}

}  // namespace

EventFacts sample_event(EventKind kind) {
  EventFacts facts{.id = "evt_5b0c6a1f00d4e2c89b7a3f10",
                   .kind = kind,
                   .at = kNight + minutes{2},
                   .host = "db1",
                   .job = "nightly",
                   .next_run = kNight + hours{24},
                   .last_good = kNight - hours{24} + minutes{2}};
  switch (kind) {
    case EventKind::missed:
      facts.missed = MissedFacts{kNight, "the machine was off"};
      break;
    case EventKind::overdue:
      facts.overdue = OverdueFacts{facts.last_good, kNight + hours{1}};
      break;
    case EventKind::pruned:
      facts.pruned = {{"nightly/configs/configs-20261001T020002Z", "older than 30 days"},
                      {"nightly/configs/configs-20261002T020002Z", "older than 30 days"}};
      break;
    case EventKind::partial:
      facts.warnings = {"configs: cannot read '/etc/ssl/private': Permission denied"};
      facts.run = run_for(kind);
      break;
    default:
      facts.run = run_for(kind);
  }
  return facts;
}

}  // namespace snapshotter::notify
