// What became of it: the pure rules from warnings and sizes to states.
#pragma once

#include "catalog/records.hpp"
#include "config/config.hpp"
#include "target/target.hpp"

#include <optional>
#include <string>
#include <vector>

namespace snapshotter::engine {

// The state of a run whose targets ended like this (all final). Of a run that was asked to stop, it
// is what the engine says; this is for those that went to their end.
[[nodiscard]] catalog::RunState outcome(const std::vector<catalog::TargetResult>& results);

// Why a backup with these warnings is only partial; empty: it is whole. Throws BackupError when
// there are more than the tolerance lets pass at all.
[[nodiscard]] std::vector<std::string> check_warnings(const target::Report& report,
                                                      const config::Tolerance& tolerance,
                                                      const std::string& target);

// The anomaly gate: why a backup of this size is not to be trusted. Even without an expectation,
// one that is suddenly empty is not.
[[nodiscard]] std::vector<std::string> check_size(ByteSize content,
                                                  const config::Expectation& expect,
                                                  std::optional<ByteSize> last_good);

}  // namespace snapshotter::engine
