// What is known of an event, and the JSON document that receivers get of it. Pure.
//
// The document's form is event.schema.json, beside this file; version 1. Within a version keys are
// only ever added. Keys mean what they mean in `snapshotctl --json`: times are RFC 3339 in UTC,
// sizes bytes, durations seconds; an absent value is null, an empty list [].
#pragma once

#include "base/time.hpp"
#include "notify/event.hpp"
#include "platform/random.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace snapshotter::notify {

inline constexpr int kDocumentVersion = 1;
// A document stays small whatever happened: a text is cut after kLongestText bytes ("…" tells), a
// message after kLongestMessage, which every chat service takes; of `warnings`, `reasons` and
// `pruned` the first kMostListed are in it.
inline constexpr std::size_t kLongestText = 4000;
inline constexpr std::size_t kLongestMessage = 1000;
inline constexpr std::size_t kMostListed = 500;

// The facts are the module's own words for what the catalog and the engine record; states, kinds
// and triggers are those of catalog/records.hpp, by name. Texts may hold any bytes: those that are
// not fit for one line of UTF-8 are in the document as printable() shows them.
struct TargetFacts {
  std::string target = {};
  std::string state = {};
  std::string error = {};                 // empty: none
  std::vector<std::string> reasons = {};  // why partial
  std::uint32_t attempts = 0;
  std::optional<Time> started = {}, finished = {};
  std::uint64_t bytes_source = 0, bytes_stored = 0, entries = 0, warnings = 0;
  std::string backup = {};  // empty: it left none
};

struct RunFacts {
  std::string id = {};
  std::string kind = "backup";  // or "verify"
  std::string trigger = {};
  std::string state = {};
  std::optional<Time> scheduled = {};  // the firing it answers
  Time queued = {};
  std::optional<Time> started = {}, finished = {};
  std::string error = {};  // of the run as a whole
  std::vector<TargetFacts> results = {};
};

// A firing that no run answers.
struct MissedFacts {
  Time scheduled = {};
  std::string why = {};  // "the machine was off"
};

struct OverdueFacts {
  std::optional<Time> since =
      {};  // no good backup is newer than this; nullopt: there never was one
  Time expected_by = {};
};

struct PrunedFacts {
  std::string backup = {};
  std::string why = {};
};

struct EventFacts {
  std::string id = {};  // new_event_id()
  EventKind kind = EventKind::test;
  Time at = {};
  std::string host = {};
  std::string job = {};                      // empty: none
  std::string message = {};                  // empty: message_of()
  std::optional<Time> next_run = {};         // the job's
  std::optional<Time> last_good = {};        // the oldest of its targets' last good backups
  std::vector<std::string> warnings = {};    // what deserves attention besides, a sentence each
  std::optional<RunFacts> run = {};          // of started … recovered
  std::optional<MissedFacts> missed = {};    // of missed
  std::optional<OverdueFacts> overdue = {};  // of overdue
  std::vector<PrunedFacts> pruned = {};      // of pruned
};

[[nodiscard]] std::string new_event_id(platform::Random& random);

// One line for people: "Backup of nightly on db1 failed: app-db: cannot connect to …". Facts that
// its kind should have and that are missing are left out of it.
[[nodiscard]] std::string message_of(const EventFacts& facts);

// The event with its document. Nothing is checked: absent facts become null.
[[nodiscard]] Event make_event(const EventFacts& facts);

// Facts as this kind of event may have, the same each time: for checking templates, for tests and
// for documentation. Those of `test` hold a sample run too, so that a template shows what it will
// look like.
[[nodiscard]] EventFacts sample_event(EventKind kind);

// What a person's asking for a test sends: sample_event(test) with a message that names notifier
// and host. The caller fills in id and at.
[[nodiscard]] EventFacts test_event(const std::string& notifier, const std::string& host);

}  // namespace snapshotter::notify
