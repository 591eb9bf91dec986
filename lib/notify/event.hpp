// What notifiers can be told of.
#pragma once

#include "base/time.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::notify {

// started … interrupted: a run. recovered: a job's first success after bad runs or being overdue;
// comes after `succeeded`. missed: a firing that no run answers. overdue: a job has no good backup
// as recent as its schedule would have it. pruned: retention has removed backups. test: asked for
// by a person; sent whatever `events` says.
enum class EventKind {
  started,
  succeeded,
  partial,
  failed,
  cancelled,
  interrupted,
  recovered,
  missed,
  overdue,
  pruned,
  test
};

[[nodiscard]] std::string_view name(EventKind kind);
[[nodiscard]] std::optional<EventKind> parse_event(std::string_view name);
[[nodiscard]] std::vector<std::string> event_names();  // what `events` may list: all but test

// An event as it is stored and sent: `document` is made when it happens and never changes, so that
// every attempt at delivery, also after a restart, sends the same under the same id.
struct Event {
  std::string id;  // unique, "evt_" and 24 hex digits: what receivers tell repetitions by
  EventKind kind = EventKind::test;
  std::string job;       // may be empty
  Time at;               // when it happened
  std::string document;  // JSON as event.schema.json describes it
  friend bool operator==(const Event&, const Event&) = default;
};

}  // namespace snapshotter::notify
