// Inside lib/bus only: what callers ask for, checked. All throw RequestError, whose message names
// the argument, or the key of a dictionary, that is wrong.
#pragma once

#include "bus/wire.hpp"
#include "catalog/catalog.hpp"
#include "engine/engine.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace snapshotter::bus {

// Names and ids are short; what is longer is a mistake, and comes back in no message.
inline constexpr std::size_t kMaxName = 1024;  // bytes
inline constexpr std::size_t kMaxNames = 1000;
// dbus-daemon cuts off who sends a message of more than 32 MiB (max_message_size of the system
// bus), and the daemon would go down with its connection. Larger answers are refused instead.
inline constexpr std::size_t kMaxAnswer = 16UL << 20U;

void check_name(const std::string& argument, const std::string& value);
void check_names(const std::string& argument, const std::vector<std::string>& values);

// The options of TriggerRunWithOptions, the filter of DescribeRuns.
[[nodiscard]] engine::TriggerOptions trigger_options(const Dictionary& options);
[[nodiscard]] catalog::RunFilter run_filter(const Dictionary& filter);

// An empty answer for a job that is in no configuration deserves NoSuchJob. (One that was taken out
// of it still has runs and backups.) The same for the target of a job.
void refuse_unknown(const engine::Engine& engine, const std::string& doing, const std::string& job,
                    const std::string& target = {});

// Refuses an answer of more than kMaxAnswer bytes; `advice` says how to ask for less.
void check_answer(std::size_t bytes, const std::string& doing, const std::string& advice);

}  // namespace snapshotter::bus
