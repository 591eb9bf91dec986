// Inside lib/bus only: values in the form in which they go over the bus.
#pragma once

#include "base/time.hpp"
#include "bus/sdbus_compat.hpp"
#include "catalog/records.hpp"
#include "engine/engine.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::bus {

// Microseconds since the epoch; 0: none, and for a time before it.
[[nodiscard]] std::uint64_t micros(std::optional<Time> time);

// D-Bus refuses a whole message for one bad byte, and names of files, from which our texts are
// made, hold any. Bytes that are not UTF-8, NUL and noncharacters become U+FFFD.
[[nodiscard]] std::string utf8(std::string text);

// The rows of the List… methods; the XML says what is in which place.
using JobRow = sdbus::Struct<std::string, std::string, std::string, std::uint64_t, std::uint64_t,
                             std::string, sdbus::ObjectPath>;
using RunRow = sdbus::Struct<std::string, std::string, std::string, std::uint64_t, std::uint64_t,
                             std::uint64_t, sdbus::ObjectPath>;
using BackupRow = sdbus::Struct<std::string, std::string, std::string, std::uint64_t, std::uint64_t,
                                std::uint64_t, bool>;
using PruneRow = sdbus::Struct<std::string, std::string>;
using Dictionary = std::map<std::string, sdbus::Variant>;

[[nodiscard]] JobRow job_row(const engine::JobStatus& job);
[[nodiscard]] RunRow run_row(const catalog::RunRecord& run);
[[nodiscard]] BackupRow backup_row(const catalog::BackupRecord& backup);
[[nodiscard]] PruneRow prune_row(const retention::Decision& decision);
[[nodiscard]] Dictionary result_dictionary(const catalog::TargetResult& result);

// A run in memory that is final in all but its end (old backups are being removed, say) is still
// running to the world, so that State, FinishedAt and RunFinished say the same.
[[nodiscard]] catalog::RunState state_of(const engine::Run& run);
// When a job last ran: the start of that run, or when it was queued if it never started.
[[nodiscard]] std::uint64_t last_run_of(const engine::JobStatus& job);
[[nodiscard]] std::string last_state_of(const engine::JobStatus& job);

}  // namespace snapshotter::bus
