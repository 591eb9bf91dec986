#include "base/error.hpp"
#include "snapshotctl/parts/document_parts.hpp"
#include "snapshotctl/parts/documents.hpp"
#include "snapshotctl/parts/times.hpp"

namespace snapshotter::ctl {
namespace {

std::string schedule_of(const json::object& job) {
  const auto schedule = text(job, "schedule");
  return schedule.empty() ? "by hand" : schedule;
}

// "succeeded 3 h ago"
Cell last_run_cell(const json::object& job, const View& view) {
  const auto* run = part(job, "last_run");
  if (run == nullptr) return flag(job, "active") ? "running" : "";
  const auto state = text(*run, "state");
  const auto at = run_time(*run);
  return {state + (at ? ' ' + age(*at, view.now) : ""), style_of_state(state)};
}

Cell last_good_cell(const json::object& job, const View& view) {
  const auto* backup = part(job, "last_good_backup");
  const auto taken = backup == nullptr ? std::nullopt : time(*backup, "taken_at");
  if (!taken) return {"none", Style::warning};
  return age(*taken, view.now);
}

}  // namespace

std::string render_jobs(std::string_view jobs, const View& view) {
  Table table({{"JOB", false, true},
               {"SCHEDULE", false, true},
               {"ZONE", false, true},
               {"NEXT"},
               {"LAST RUN"},
               {"LAST GOOD"}});
  for (const auto& value : parse_array(jobs)) {
    const auto* job = as_object(value);
    if (job == nullptr) continue;
    table.add({text(*job, "name"), schedule_of(*job), view.narrow() ? "" : text(*job, "timezone"),
               when_of(*job, "next_at", view), last_run_cell(*job, view),
               last_good_cell(*job, view)});
  }
  return table.empty() ? "no jobs are configured\n" : table.render(view);
}

std::string render_job(std::string_view jobs, const View& view) {
  const auto job = parse_object(only_element(jobs));
  Fields fields;
  fields.add("Job", {text(job, "name"), Style::heading});
  const auto schedule = text(job, "schedule");
  fields.add("Schedule", schedule.empty() ? "none: it runs by hand"
                                          : schedule + "  (" + text(job, "timezone") + ")");
  const auto next = time(job, "next_at");
  fields.add("Next", next ? date_and_age(*next, view) : "");
  fields.add("Targets", joined(job, "targets"));
  fields.add("Store", text(job, "store"));
  if (flag(job, "active")) fields.add("Now", Cell("running", Style::good));
  fields.add("Last run", last_run_cell(job, view));
  if (const auto* run = part(job, "last_run")) {
    if (text(*run, "state") != "succeeded") fields.add("Reason", reason_of(*run));
    fields.add("Run", text(*run, "id"));
  }
  if (const auto* backup = part(job, "last_good_backup")) {
    const auto taken = time(*backup, "taken_at");
    fields.add("Last good backup", text(*backup, "id"));
    fields.add("Taken", taken ? date_and_age(*taken, view) : "");
    fields.add("Size", size(*backup, "bytes_stored"));
  } else {
    fields.add("Last good backup", Cell("none", Style::warning));
  }
  return fields.render(view);
}

std::string only_element(std::string_view array) {
  const auto all = parse_array(array);
  if (all.empty()) throw Error({"understand the daemon's answer", "", "it is empty"});
  return json::serialize(all.front());
}

}  // namespace snapshotter::ctl
