#include "base/error.hpp"
#include "base/text.hpp"
#include "snapshotctl/parts/document_parts.hpp"
#include "snapshotctl/parts/documents.hpp"
#include "snapshotctl/parts/times.hpp"

namespace snapshotter::ctl {
namespace {

std::string started_cell(const json::object& run, const View& view) {
  const auto at = run_time(run);
  return at ? when(*at, view) : "";
}

std::string targets_table(const json::object& run, const View& view) {
  const bool verify = text(run, "kind") == "verify";
  Table table({{verify ? "BACKUP" : "TARGET", false, !verify},
               {"STATE"},
               {"TOOK", true},
               {"SOURCE", true},
               {"STORED", true},
               {"ENTRIES", true},
               {"WARNINGS", true},
               {verify ? "" : "VERIFIED BACKUP", false, true}});
  for (const auto& value : list(run, "results")) {
    const auto* result = as_object(value);
    if (result == nullptr) continue;
    const auto entries = number(*result, "entries");
    const auto warnings = number(*result, "warnings");
    table.add({text(*result, "target"),
               state_cell(text(*result, "state")),
               duration(*result, "duration"),
               size(*result, "bytes_source"),
               size(*result, "bytes_stored"),
               entries == 0 ? "" : std::to_string(entries),
               {warnings == 0 ? "" : std::to_string(warnings), Style::warning},
               verify ? "" : text(*result, "backup")});
  }
  return table.empty() ? "" : '\n' + table.render(view);
}

// Reasons are what people came to read: they are never cut.
std::string reasons(const json::object& run, const View& view) {
  std::string all;
  for (const auto& value : list(run, "results")) {
    const auto* result = as_object(value);
    if (result == nullptr) continue;
    const auto target = text(*result, "target");
    if (const auto error = text(*result, "error"); !error.empty()) {
      all += paint(target, Style::bad, view) + ": " + error + '\n';
    }
    if (const auto why = joined(*result, "reasons"); !why.empty()) {
      all += paint(target, Style::warning, view) + ": " + why + '\n';
    }
  }
  return all.empty() ? "" : '\n' + all;
}

Style style_of_level(std::string_view level) {
  if (level == "error") return Style::bad;
  return level == "warning" ? Style::warning : Style::dim;
}

std::string log_lines(const json::object& run, const View& view) {
  std::string all;
  for (const auto& value : list(run, "log")) {
    const auto* line = as_object(value);
    if (line == nullptr) continue;
    const auto at = time(*line, "time");
    const auto level = text(*line, "level");
    all += "  " + (at ? local_clock(*at, view) : "") + "  " +
           paint(pad(level, 7), style_of_level(level), view) + "  " + text(*line, "text") + '\n';
  }
  return all.empty() ? "" : '\n' + paint("Log", Style::heading, view) + '\n' + all;
}

// "in 1m 2s", "1.2 GiB stored as 300 MiB"
std::string sizes_of(const json::object& object) {
  const auto source = size(object, "bytes_source");
  const auto stored = size(object, "bytes_stored");
  if (source.empty() || stored.empty()) return source;
  return source + " stored as " + stored;
}

std::string why_of(const json::object& result) {
  auto why = text(result, "error");
  return why.empty() ? joined(result, "reasons") : why;
}

std::string outcome_line(const json::object& result, const std::string& why, std::size_t longest,
                         const View& view) {
  const auto state = text(result, "state");
  auto line =
      pad(text(result, "target"), longest) + "  " + paint(state, style_of_state(state), view);
  if (const auto sizes = sizes_of(result); !sizes.empty()) line += "  " + sizes;
  if (const auto backup = text(result, "backup"); !backup.empty()) line += "  " + backup;
  return line + (why.empty() ? "" : ": " + why) + '\n';
}

}  // namespace

std::string render_runs(std::string_view runs, const View& view) {
  Table table({{"RUN"},
               {"JOB", false, true},
               {"STATE"},
               {"STARTED"},
               {"TOOK", true},
               {"STORED", true},
               {"WHY", false, true}});
  for (const auto& value : parse_array(runs)) {
    const auto* run = as_object(value);
    if (run == nullptr) continue;
    const auto state = text(*run, "state");
    table.add({text(*run, "id"), title_of(*run), state_cell(state), started_cell(*run, view),
               duration(*run, "duration"), view.narrow() ? "" : size(*run, "bytes_stored"),
               state == "succeeded" ? "" : reason_of(*run)});
  }
  return table.empty() ? "no runs\n" : table.render(view);
}

std::string render_run(std::string_view document, const View& view) {
  const auto run = parse_object(document);
  const auto trigger = text(run, "trigger");
  const auto took = duration(run, "duration");
  const auto at = run_time(run);
  Fields fields;
  fields.add("Run", {text(run, "id"), Style::heading});
  fields.add("Job", title_of(run));
  fields.add("State", state_cell(text(run, "state")));
  const auto whys = reasons(run, view);
  if (whys.empty()) fields.add("Why", text(run, "error"));
  fields.add("Begun by", trigger == "manual"     ? "hand"
                         : trigger == "catch_up" ? "catching up"
                                                 : trigger);
  fields.add("Started", at ? date_and_age(*at, view) : "");
  fields.add("Took", took);
  fields.add("Size", sizes_of(run));
  auto all = fields.render(view);
  const auto state = read_run(document);
  if (!state.progress_json.empty()) {
    const auto what = (state.target.empty() ? "" : state.target + ": ") + state.phase;
    all += '\n' + progress_line({what, state.bytes_read, state.bytes_total}, view) + '\n';
  }
  return all + targets_table(run, view) + whys + log_lines(run, view);
}

std::string render_outcome(std::string_view document, const View& view) {
  const auto run = parse_object(document);
  const auto& results = list(run, "results");
  std::size_t longest = 0;
  for (const auto& value : results) {
    const auto* result = as_object(value);
    if (result != nullptr) longest = std::max(longest, display_width(text(*result, "target")));
  }
  std::string all;
  bool explained = false;
  for (const auto& value : results) {
    const auto* result = as_object(value);
    if (result == nullptr) continue;
    const auto why = why_of(*result);
    explained = explained || !why.empty();
    all += outcome_line(*result, why, longest, view);
  }
  const auto state = text(run, "state");
  all += title_of(run) + ' ' + paint(state, style_of_state(state), view);
  if (const auto took = duration(run, "duration"); !took.empty()) all += " in " + took;
  // The run's own error sums up those of its targets.
  const auto error = explained ? "" : text(run, "error");
  if (!error.empty()) all += ": " + error;
  return all + "  (run " + text(run, "id") + ")\n";
}

RunState read_run(std::string_view document) {
  const auto run = parse_object(document);
  RunState state{raw_text(run, "id"),
                 raw_text(run, "job"),
                 raw_text(run, "kind"),
                 raw_text(run, "state"),
                 false,
                 {},
                 {},
                 {}};
  state.final = state.state != "queued" && state.state != "running";
  if (const auto* progress = part(run, "progress")) {
    state.progress_json = json::serialize(*progress);
    state.phase = text(*progress, "phase");
    state.target = text(*progress, "target");
    state.bytes_read = number(*progress, "bytes_read");
    state.bytes_written = number(*progress, "bytes_written");
    state.bytes_total = number(*progress, "bytes_total");
  }
  return state;
}

int exit_code_of(std::string_view state) {
  if (state == "succeeded") return kExitGood;
  return state == "partial" ? kExitPartial : kExitFailed;
}

std::vector<std::string> values_of(std::string_view array, std::string_view key) {
  std::vector<std::string> values;
  for (const auto& value : parse_array(array)) {
    const auto* object = as_object(value);
    if (object != nullptr) values.push_back(text(*object, key));
  }
  return values;
}

}  // namespace snapshotter::ctl
