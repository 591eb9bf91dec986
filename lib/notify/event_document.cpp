#include "notify/event_document.hpp"

#include "notify/one_line.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <string_view>

namespace snapshotter::notify {
namespace {

namespace json = boost::json;

json::string text(std::string_view text) { return json::string(one_line(text, kLongestText)); }

json::value text_or_null(const std::string& content) {
  if (content.empty()) return nullptr;
  return text(content);
}

json::value time_or_null(const std::optional<Time>& time) {
  if (!time || *time == Time{}) return nullptr;
  return json::string(to_rfc3339(*time));
}

json::value duration_or_null(const std::optional<Time>& from, const std::optional<Time>& to) {
  if (!from || !to) return nullptr;
  return std::chrono::duration<double>(*to - *from).count();
}

json::array texts(const std::vector<std::string>& list) {
  json::array array;
  for (std::size_t i = 0; i < std::min(list.size(), kMostListed); ++i) {
    array.push_back(text(list[i]));
  }
  return array;
}

json::object to_json(const TargetFacts& result) {
  return {{"target", text(result.target)},
          {"state", text(result.state)},
          {"error", text_or_null(result.error)},
          {"reasons", texts(result.reasons)},
          {"attempts", result.attempts},
          {"started_at", time_or_null(result.started)},
          {"finished_at", time_or_null(result.finished)},
          {"duration", duration_or_null(result.started, result.finished)},
          {"bytes_source", result.bytes_source},
          {"bytes_stored", result.bytes_stored},
          {"entries", result.entries},
          {"warnings", result.warnings},
          {"backup", text_or_null(result.backup)}};
}

json::value to_json(const std::optional<RunFacts>& run) {
  if (!run) return nullptr;
  json::array results;
  std::uint64_t source = 0;
  std::uint64_t stored = 0;
  for (const auto& result : run->results) {
    results.push_back(to_json(result));
    source += result.bytes_source;
    stored += result.bytes_stored;
  }
  return json::object{{"id", text(run->id)},
                      {"kind", text(run->kind)},
                      {"trigger", text(run->trigger)},
                      {"state", text(run->state)},
                      {"scheduled_for", time_or_null(run->scheduled)},
                      {"queued_at", to_rfc3339(run->queued)},
                      {"started_at", time_or_null(run->started)},
                      {"finished_at", time_or_null(run->finished)},
                      {"duration", duration_or_null(run->started, run->finished)},
                      {"error", text_or_null(run->error)},
                      {"bytes_source", source},
                      {"bytes_stored", stored},
                      {"results", std::move(results)}};
}

json::value to_json(const std::optional<MissedFacts>& missed) {
  if (!missed) return nullptr;
  return json::object{{"scheduled_for", to_rfc3339(missed->scheduled)},
                      {"why", text_or_null(missed->why)}};
}

json::value to_json(const std::optional<OverdueFacts>& overdue) {
  if (!overdue) return nullptr;
  return json::object{{"since", time_or_null(overdue->since)},
                      {"expected_by", to_rfc3339(overdue->expected_by)}};
}

json::array to_json(const std::vector<PrunedFacts>& pruned) {
  json::array array;
  for (std::size_t i = 0; i < std::min(pruned.size(), kMostListed); ++i) {
    array.push_back(
        json::object{{"backup", text(pruned[i].backup)}, {"why", text_or_null(pruned[i].why)}});
  }
  return array;
}

std::string document_of(const EventFacts& facts) {
  const std::string message = facts.message.empty() ? message_of(facts) : facts.message;
  return json::serialize(json::object{{"version", kDocumentVersion},
                                      {"id", text(facts.id)},
                                      {"event", name(facts.kind)},
                                      {"at", to_rfc3339(facts.at)},
                                      {"host", text(facts.host)},
                                      {"message", one_line(message, kLongestMessage)},
                                      {"job", text_or_null(facts.job)},
                                      {"next_run_at", time_or_null(facts.next_run)},
                                      {"last_good_backup_at", time_or_null(facts.last_good)},
                                      {"warnings", texts(facts.warnings)},
                                      {"run", to_json(facts.run)},
                                      {"missed", to_json(facts.missed)},
                                      {"overdue", to_json(facts.overdue)},
                                      {"pruned", to_json(facts.pruned)}});
}

}  // namespace

std::string new_event_id(platform::Random& random) {
  return "evt_" + platform::random_hex(random, 24);
}

Event make_event(const EventFacts& facts) {
  return {facts.id, facts.kind, facts.job, facts.at, document_of(facts)};
}

}  // namespace snapshotter::notify
