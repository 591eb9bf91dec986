#include "bus/requests.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/units.hpp"

#include <limits>

namespace snapshotter::bus {
namespace {

std::string quoted_type(const sdbus::Variant& value) {
  return "'" + std::string(value.peekValueType()) + "'";
}

template <class Value>
Value take(const std::string& doing, const std::string& key, const sdbus::Variant& value) {
  if (!value.containsValueOfType<Value>()) {
    throw RequestError({doing, key,
                        "it has D-Bus type " + quoted_type(value) + ", but must have '" +
                            std::string(sdbus::Variant(Value{}).peekValueType()) + "'"});
  }
  return value.get<Value>();
}

[[noreturn]] void refuse_key(const std::string& doing, const std::string& key,
                             const std::vector<std::string>& known) {
  const bool printed = key.size() <= kMaxName;
  throw RequestError({doing, printed ? key : "",
                      "there is no such key" + (printed ? suggestion(key, known) : ""),
                      "known are " + join(known, ", ")});
}

std::vector<std::string> job_names(const engine::Engine& engine) {
  std::vector<std::string> names;
  for (const auto& [name, job] : engine.config().jobs) names.push_back(name);
  return names;
}

std::vector<std::string> target_names(const engine::Engine& engine) {
  std::vector<std::string> names;
  for (const auto& [name, target] : engine.config().targets) names.push_back(name);
  return names;
}

}  // namespace

void check_name(const std::string& argument, const std::string& value) {
  if (value.size() <= kMaxName) return;
  throw RequestError({"take argument", argument,
                      "it is " + std::to_string(value.size()) + " bytes long; at most " +
                          std::to_string(kMaxName) + " make a name"});
}

void check_names(const std::string& argument, const std::vector<std::string>& values) {
  if (values.size() > kMaxNames) {
    throw RequestError({"take argument", argument,
                        "it names " + std::to_string(values.size()) + " things, at most " +
                            std::to_string(kMaxNames) + " at a time"});
  }
  for (const auto& value : values) check_name(argument, value);
}

engine::TriggerOptions trigger_options(const Dictionary& options) {
  const std::string doing = "use option";
  engine::TriggerOptions parsed;
  for (const auto& [key, value] : options) {
    if (key != "targets") refuse_key(doing, key, {"targets"});
    parsed.targets = take<std::vector<std::string>>(doing, key, value);
    check_names(key, parsed.targets);
    // To the engine that means all of them: hardly what whoever computed the list had in mind.
    if (parsed.targets.empty()) {
      throw RequestError({doing, key, "the list is empty", "leave it out to run all targets"});
    }
  }
  return parsed;
}

catalog::RunFilter run_filter(const Dictionary& filter) {
  const std::string doing = "use filter";
  catalog::RunFilter parsed;
  for (const auto& [key, value] : filter) {
    if (key == "job") {
      parsed.job = take<std::string>(doing, key, value);
      check_name(key, parsed.job);
    } else if (key == "failed") {
      parsed.failed = take<bool>(doing, key, value);
    } else if (key == "limit") {
      parsed.limit = take<std::uint32_t>(doing, key, value);
    } else if (key == "since") {
      const auto since = take<std::uint64_t>(doing, key, value);
      if (since > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        throw RequestError(
            {doing, key, "no calendar goes that far", "give microseconds since the epoch"});
      }
      parsed.since = from_unix_micros(static_cast<std::int64_t>(since));
    } else {
      refuse_key(doing, key, {"failed", "job", "limit", "since"});
    }
  }
  return parsed;
}

void refuse_unknown(const engine::Engine& engine, const std::string& doing, const std::string& job,
                    const std::string& target) {
  const auto& config = engine.config();
  if (!job.empty() && !config.jobs.contains(job)) {
    throw RequestError({doing, job, "there is no such job" + suggestion(job, job_names(engine))},
                       ErrorKind::no_such_job);
  }
  if (!target.empty() && !config.targets.contains(target)) {
    throw RequestError(
        {doing, target, "there is no such target" + suggestion(target, target_names(engine))});
  }
}

void check_answer(std::size_t bytes, const std::string& doing, const std::string& advice) {
  if (bytes <= kMaxAnswer) return;
  throw RequestError(
      {doing, "",
       "the answer would have " + to_string(ByteSize{bytes}) + ", more than a bus carries",
       advice});
}

}  // namespace snapshotter::bus
