// Inside snapshotctl only: what several documents have in common.
#pragma once

#include "snapshotctl/parts/json.hpp"
#include "snapshotctl/parts/table.hpp"

#include <string>
#include <string_view>

namespace snapshotter::ctl {

// Throws Error for what is no JSON of the expected kind.
[[nodiscard]] json::object parse_object(std::string_view document);
[[nodiscard]] json::array parse_array(std::string_view document);
// Elements that are no objects are passed over.
[[nodiscard]] const json::object* as_object(const json::value& value);

[[nodiscard]] Cell state_cell(const std::string& state);
// when(), or nothing for an absent time.
[[nodiscard]] std::string when_of(const json::object& object, std::string_view key,
                                  const View& view);
// When a run was made: its start, or when it was queued.
[[nodiscard]] std::optional<Time> run_time(const json::object& run);
// Why a run did not succeed, in one line: its own error, or what its targets say.
[[nodiscard]] std::string reason_of(const json::object& run);
// The job's name, or what a run without a job does.
[[nodiscard]] std::string title_of(const json::object& run);

}  // namespace snapshotter::ctl
