// What the catalog remembers: plain values, equal when all their parts are. The names of
// enumerators are what JSON, D-Bus and the catalog's file say; they never change.
#pragma once

#include "base/time.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::catalog {

// The states of a run, and of one target within it (which are never queued or interrupted alone).
enum class RunState { queued, running, succeeded, partial, failed, cancelled, interrupted };
[[nodiscard]] std::string_view name(RunState state);
[[nodiscard]] std::optional<RunState> parse_run_state(std::string_view name);
[[nodiscard]] bool is_final(RunState state) noexcept;

enum class RunKind { backup, verify };
[[nodiscard]] std::string_view name(RunKind kind);
[[nodiscard]] std::optional<RunKind> parse_run_kind(std::string_view name);

// Why a run was made.
enum class Trigger { schedule, catch_up, manual };
[[nodiscard]] std::string_view name(Trigger trigger);
[[nodiscard]] std::optional<Trigger> parse_trigger(std::string_view name);

struct TargetResult {
  std::string target = {};  // of a verify run: the backup's id
  RunState state = RunState::queued;
  std::string error = {};                 // one line; empty when succeeded
  std::vector<std::string> reasons = {};  // why partial
  std::uint32_t attempts = 0;
  std::optional<Time> started = {}, finished = {};
  std::uint64_t bytes_source = 0, bytes_stored = 0, entries = 0, warnings = 0;
  std::string backup = {};  // id of the backup it left; empty: none
  friend bool operator==(const TargetResult&, const TargetResult&) = default;
};

struct RunRecord {
  std::string id = {};  // "20261124T020000Z-3f9c"
  std::string job = {};
  RunKind kind = RunKind::backup;
  Trigger trigger = Trigger::manual;
  RunState state = RunState::queued;
  std::optional<Time> scheduled = {};  // the firing it answers
  Time queued = {};
  std::optional<Time> started = {}, finished = {};
  std::string error = {};  // of the run as a whole
  std::vector<TargetResult> results = {};
  friend bool operator==(const RunRecord&, const RunRecord&) = default;
};

struct LogLine {
  Time time = {};
  std::string level = {};   // "info", "warning", "error"
  std::string target = {};  // may be empty
  std::string text = {};
  friend bool operator==(const LogLine&, const LogLine&) = default;
};

struct BackupRecord {
  std::string id = {};  // store::BackupKey::id()
  std::string store = {}, job = {}, target = {}, run = {};
  std::string state = "succeeded";  // or "partial"
  Time taken = {};
  std::uint64_t bytes_source = 0, bytes_stored = 0, entries = 0, warnings = 0;
  std::string sha256 = {}, format = {};
  std::optional<Time> verified = {};  // the last time it was read and found right
  std::string verify_error = {};      // the last verification's finding; empty: it was right
  [[nodiscard]] bool good() const noexcept {
    return state == "succeeded" && verified.has_value() && verify_error.empty();
  }
  friend bool operator==(const BackupRecord&, const BackupRecord&) = default;
};

// An event on its way to one notifier.
struct OutboxEntry {
  std::int64_t key = 0;  // given by the catalog; the order of delivery within a notifier
  std::string notifier = {};
  std::string event_id = {}, kind = {}, job = {};  // notify::Event
  Time at = {};
  std::string document = {};
  std::uint32_t attempts = 0;
  std::optional<Time> last_attempt = {};
  std::optional<Time> next_attempt = {};  // not before; nullopt: at once
  std::string last_answer = {};           // of the last attempt
  friend bool operator==(const OutboxEntry&, const OutboxEntry&) = default;
};

// What is known of the deliveries of one notifier.
struct DeliveryStatus {
  std::string notifier = {};
  std::uint64_t pending = 0;
  std::optional<Time> oldest_pending = {};  // when the event happened
  std::optional<Time> next_attempt = {};
  std::string last_answer = {};  // of the last attempt, whatever came of it
  std::optional<Time> last_delivered = {};
  std::uint64_t given_up = 0;  // since the catalog was made
  std::optional<Time> last_given_up = {};
  std::string given_up_why = {};  // of the last one
  friend bool operator==(const DeliveryStatus&, const DeliveryStatus&) = default;
};

}  // namespace snapshotter::catalog
