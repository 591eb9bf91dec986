#include "snapshotctl/parts/document_parts.hpp"
#include "snapshotctl/parts/documents.hpp"
#include "snapshotctl/parts/times.hpp"

#include <cstdio>

namespace snapshotter::ctl {
namespace {

std::string ratio_of(const json::object& backup) {
  const auto ratio = real(backup, "ratio");
  if (!ratio) return {};
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", *ratio);
  return text.data();
}

// When it was last found right, or what is wrong with it.
Cell verified_cell(const json::object& backup, const View& view) {
  if (!text(backup, "verify_error").empty()) return {"damaged", Style::bad};
  if (text(backup, "state") == "partial") return {"partial", Style::warning};
  const auto at = time(backup, "verified_at");
  if (!at) return {"never", Style::warning};
  return {age(*at, view.now), Style::good};
}

std::string kept_by(const json::object& backup) {
  const auto rules = joined(backup, "kept_by");
  return rules.empty() ? "nothing (the next prune removes it)" : rules;
}

std::string damages(const json::array& backups, const View& view) {
  std::string all;
  for (const auto& value : backups) {
    const auto* backup = as_object(value);
    if (backup == nullptr) continue;
    const auto error = text(*backup, "verify_error");
    if (!error.empty()) all += paint(text(*backup, "id"), Style::bad, view) + ": " + error + '\n';
  }
  return all.empty() ? "" : '\n' + all;
}

}  // namespace

std::string render_backups(std::string_view backups, const View& view) {
  Table table({{"BACKUP"},
               {"TAKEN"},
               {"SOURCE", true},
               {"STORED", true},
               {"RATIO", true},
               {"VERIFIED"},
               {"KEPT BY", false, true}});
  constexpr std::size_t kWide = 140;
  const bool dates = view.width == 0 || view.width >= kWide;
  const auto all = parse_array(backups);
  for (const auto& value : all) {
    const auto* backup = as_object(value);
    if (backup == nullptr) continue;
    // The id tells when it was taken; what keeps it needs the room more.
    const auto taken = time(*backup, "taken_at");
    const auto when_taken = !taken  ? ""
                            : dates ? date_and_age(*taken, view)
                                    : age(*taken, view.now);
    table.add({text(*backup, "id"), when_taken, view.narrow() ? "" : size(*backup, "bytes_source"),
               size(*backup, "bytes_stored"), view.narrow() ? "" : ratio_of(*backup),
               verified_cell(*backup, view), kept_by(*backup)});
  }
  return table.empty() ? "no backups\n" : table.render(view) + damages(all, view);
}

std::string removed_to_json(const Removed& removed) {
  json::array list;
  for (const auto& [id, reason] : removed) {
    list.push_back(json::object{{"id", id}, {"reason", reason}});
  }
  return json::serialize(list);
}

std::string render_removed(const Removed& removed, bool dry_run, const View& view) {
  if (removed.empty()) return dry_run ? "nothing would be removed\n" : "nothing to remove\n";
  Table table({{dry_run ? "WOULD BE REMOVED" : "REMOVED"}, {"WHY", false, true}});
  for (const auto& [id, reason] : removed) table.add({fit(id), fit(reason)});
  return table.render(view);
}

std::vector<BackupPlace> read_backups(std::string_view backups) {
  std::vector<BackupPlace> places;
  for (const auto& value : parse_array(backups)) {
    const auto* backup = as_object(value);
    if (backup == nullptr) continue;
    places.push_back({raw_text(*backup, "id"), raw_text(*backup, "target"),
                      raw_text(*backup, "location"), flag(*backup, "good")});
  }
  return places;
}

}  // namespace snapshotter::ctl
