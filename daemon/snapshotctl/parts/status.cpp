#include "snapshotctl/parts/document_parts.hpp"
#include "snapshotctl/parts/documents.hpp"
#include "snapshotctl/parts/times.hpp"

namespace snapshotter::ctl {
namespace {

std::string heading(std::string_view title, const View& view) {
  return '\n' + paint(title, Style::heading, view) + '\n';
}

// The rate since the beginning: one look has no other.
std::optional<double> average_rate(const json::object& run, const View& view) {
  const auto started = time(run, "started_at");
  constexpr std::chrono::seconds kLeast{1};
  if (!started || view.now - *started < kLeast) return std::nullopt;
  const std::chrono::duration<double> since = view.now - *started;
  return static_cast<double>(number(run, "bytes_read")) / since.count();
}

std::string what_runs(const json::object& run) {
  auto what = title_of(run);
  if (text(run, "state") == "queued") return what + ": queued";
  if (const auto target = text(run, "target"); !target.empty()) what += "  " + target;
  return what + ": " + text(run, "phase");
}

std::string running(const json::array& runs, const View& view) {
  auto text = heading("Running", view);
  auto inner = view;
  if (inner.width > 4) inner.width -= 2;
  for (const auto& value : runs) {
    const auto* run = as_object(value);
    if (run == nullptr) continue;
    const ProgressState state{what_runs(*run), number(*run, "bytes_read"),
                              number(*run, "bytes_total"), average_rate(*run, view)};
    text += "  " + progress_line(state, inner) + '\n';
  }
  return text;
}

std::string coming(const json::array& firings, const View& view) {
  Table table({{"JOB", false, true}, {"AT"}, {"FROM NOW"}});
  for (const auto& value : firings) {
    const auto* next = as_object(value);
    if (next == nullptr) continue;
    const auto at = time(*next, "at");
    if (at) table.add({text(*next, "job"), local_minute(*at, view), age(*at, view.now)});
  }
  return table.empty() ? "" : heading("Next", view) + table.render(view, 2);
}

std::string not_well(const json::array& runs, const View& view) {
  auto all = heading("Did not succeed last time", view);
  for (const auto& value : runs) {
    const auto* run = as_object(value);
    if (run == nullptr) continue;
    const auto state = text(*run, "state");
    const auto at = run_time(*run);
    all += "  " + title_of(*run) + "  " + paint(state, style_of_state(state), view) +
           (at ? "  " + date_and_age(*at, view) : "") + '\n';
    const auto width = view.width > 8 ? view.width - 4 : std::string::npos;
    if (const auto reason = reason_of(*run); !reason.empty()) {
      all += "    " + cut(reason, width) + '\n';
    }
    all += "    " + paint("snapshotctl show " + text(*run, "id"), Style::dim, view) + '\n';
  }
  return all;
}

std::string counted(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " notification" : " notifications");
}

// A notifier that what it was to tell did not get through to, or "".
std::string untold(const json::object& notifier, const View& view) {
  // What was given up longer ago is history; `notify list` has it.
  constexpr std::chrono::days kNews{7};
  std::string line;
  if (const auto pending = number(notifier, "pending"); pending > 0) {
    const auto since = time(notifier, "oldest_pending_at");
    const auto next = time(notifier, "next_attempt_at");
    line = counted(pending) + " not delivered yet";
    if (since) line += ", the oldest of " + age(*since, view.now);
    if (next && *next > view.now) line += ", next attempt " + age(*next, view.now);
    if (const auto answer = text(notifier, "last_answer"); !answer.empty()) line += ": " + answer;
  }
  const auto last = time(notifier, "last_given_up_at");
  if (number(notifier, "given_up") > 0 && last && view.now - *last < kNews) {
    if (!line.empty()) line += "; ";
    line += counted(number(notifier, "given_up")) + " given up, the last " + age(*last, view.now) +
            ": " + text(notifier, "given_up_why");
  }
  return line;
}

std::string not_told(const json::array& notifiers, const View& view) {
  std::string all;
  for (const auto& value : notifiers) {
    const auto* notifier = as_object(value);
    const auto line = notifier == nullptr ? "" : untold(*notifier, view);
    if (line.empty()) continue;
    const auto name = text(*notifier, "name");
    const auto used = display_width(name) + 4;
    const auto width = view.width > used ? view.width - used : std::string::npos;
    all += "  " + paint(name, Style::warning, view) + "  " + cut(line, width) + '\n';
  }
  return all.empty() ? "" : heading("Could not be told", view) + all;
}

}  // namespace

std::string with_state(std::string_view status, std::string_view state) {
  auto object = parse_object(status);
  object["state"] = state;
  return json::serialize(object);
}

std::string render_status(std::string_view status, const View& view) {
  const auto object = parse_object(status);
  const auto jobs = number(object, "jobs");
  const auto state = text(object, "state");
  auto all = paint("snapshotterd " + text(object, "version"), Style::heading, view);
  if (!state.empty()) {
    all += "  " + paint(state, state == "running" ? Style::good : Style::warning, view);
  }
  all += "  " + std::to_string(jobs) + (jobs == 1 ? " job" : " jobs") + '\n';

  const auto& runs = list(object, "active_runs");
  if (!runs.empty()) all += running(runs, view);
  all += coming(list(object, "next"), view);
  all += not_told(list(object, "notifications"), view);
  const auto& failing = list(object, "not_succeeded");
  if (!failing.empty()) return all + not_well(failing, view);
  return all + '\n' + paint("all good", Style::good, view) +
         ": no job's last run left anything undone\n";
}

}  // namespace snapshotter::ctl
