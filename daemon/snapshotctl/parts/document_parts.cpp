#include "snapshotctl/parts/document_parts.hpp"

#include "base/error.hpp"
#include "snapshotctl/parts/times.hpp"

namespace snapshotter::ctl {
namespace {

json::value parse(std::string_view document) {
  json::error_code error;
  auto value = json::parse(document, error);
  if (error) {
    throw Error({"understand the daemon's answer", "", error.message(),
                 "are snapshotctl and snapshotterd of the same version?"});
  }
  return value;
}

[[noreturn]] void refuse(const char* expected) {
  throw Error({"understand the daemon's answer", "", std::string("it is not ") + expected,
               "are snapshotctl and snapshotterd of the same version?"});
}

}  // namespace

json::object parse_object(std::string_view document) {
  auto value = parse(document);
  if (!value.is_object()) refuse("an object");
  return std::move(value.get_object());
}

json::array parse_array(std::string_view document) {
  auto value = parse(document);
  if (!value.is_array()) refuse("a list");
  return std::move(value.get_array());
}

const json::object* as_object(const json::value& value) {
  return value.is_object() ? &value.get_object() : nullptr;
}

Cell state_cell(const std::string& state) { return {state, style_of_state(state)}; }

std::string when_of(const json::object& object, std::string_view key, const View& view) {
  const auto at = time(object, key);
  return at ? when(*at, view) : "";
}

std::optional<Time> run_time(const json::object& run) {
  if (const auto started = time(run, "started_at")) return started;
  return time(run, "queued_at");
}

std::string reason_of(const json::object& run) {
  if (auto error = text(run, "error"); !error.empty()) return error;
  std::string all;
  for (const auto& value : list(run, "results")) {
    const auto* result = as_object(value);
    if (result == nullptr) continue;
    auto reason = text(*result, "error");
    if (reason.empty()) reason = joined(*result, "reasons");
    if (reason.empty()) continue;
    if (!all.empty()) all += "; ";
    all += text(*result, "target") + ": " + reason;
  }
  return all;
}

std::string title_of(const json::object& run) {
  if (auto job = text(run, "job"); !job.empty()) return job;
  return text(run, "kind") == "verify" || text(run, "phase") == "verifying" ? "(verify)" : "";
}

}  // namespace snapshotter::ctl
