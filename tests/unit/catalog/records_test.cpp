#include "catalog/records.hpp"

#include "support/catch.hpp"

namespace snapshotter::catalog {

TEST_CASE("names of enumerators are those that the outside relies on") {
  CHECK(name(RunState::queued) == "queued");
  CHECK(name(RunState::running) == "running");
  CHECK(name(RunState::succeeded) == "succeeded");
  CHECK(name(RunState::partial) == "partial");
  CHECK(name(RunState::failed) == "failed");
  CHECK(name(RunState::cancelled) == "cancelled");
  CHECK(name(RunState::interrupted) == "interrupted");
  CHECK(name(RunKind::backup) == "backup");
  CHECK(name(RunKind::verify) == "verify");
  CHECK(name(Trigger::schedule) == "schedule");
  CHECK(name(Trigger::catch_up) == "catch_up");
  CHECK(name(Trigger::manual) == "manual");
}

TEST_CASE("every name is parsed back, others are not") {
  for (int i = 0; i < 7; ++i) {
    const auto state = static_cast<RunState>(i);
    CHECK(parse_run_state(name(state)) == state);
  }
  for (const auto kind : {RunKind::backup, RunKind::verify}) {
    CHECK(parse_run_kind(name(kind)) == kind);
  }
  for (const auto trigger : {Trigger::schedule, Trigger::catch_up, Trigger::manual}) {
    CHECK(parse_trigger(name(trigger)) == trigger);
  }
  CHECK_FALSE(parse_run_state("Queued").has_value());
  CHECK_FALSE(parse_run_state("").has_value());
  CHECK_FALSE(parse_run_kind("prune").has_value());
  CHECK_FALSE(parse_trigger("catch-up").has_value());
}

TEST_CASE("a run is over in every state but queued and running") {
  CHECK_FALSE(is_final(RunState::queued));
  CHECK_FALSE(is_final(RunState::running));
  for (const auto state : {RunState::succeeded, RunState::partial, RunState::failed,
                           RunState::cancelled, RunState::interrupted}) {
    CHECK(is_final(state));
  }
}

TEST_CASE("a backup is good when it succeeded, was verified and no later check found fault") {
  BackupRecord backup;
  CHECK_FALSE(backup.good());
  backup.verified = Time{};
  CHECK(backup.good());
  backup.verify_error = "checksum differs";
  CHECK_FALSE(backup.good());
  backup.verify_error.clear();
  backup.state = "partial";
  CHECK_FALSE(backup.good());
}

}  // namespace snapshotter::catalog
