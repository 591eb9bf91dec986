// The daemon's JSON documents (lib/engine/describe.hpp) as people read them. Pure; text in, text
// out, every line ended. What is not in a document is left out, never a failure; text that is no
// JSON throws Error.
#pragma once

#include "snapshotctl/parts/progress.hpp"
#include "snapshotctl/parts/view.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace snapshotter::ctl {

// DescribeStatus with the daemon's own "state" put in, as `status --json` prints it.
[[nodiscard]] std::string with_state(std::string_view status, std::string_view state);
// One screen: what runs, what comes next, what is not well – or that all is.
[[nodiscard]] std::string render_status(std::string_view status, const View& view);

[[nodiscard]] std::string render_jobs(std::string_view jobs, const View& view);
// `jobs`: an array of one.
[[nodiscard]] std::string render_job(std::string_view jobs, const View& view);
// The first element of an array, as a document of its own.
[[nodiscard]] std::string only_element(std::string_view array);

[[nodiscard]] std::string render_runs(std::string_view runs, const View& view);
// All of one run, target by target, with its log.
[[nodiscard]] std::string render_run(std::string_view run, const View& view);
// How a run ended: a line per target and one for the whole.
[[nodiscard]] std::string render_outcome(std::string_view run, const View& view);

[[nodiscard]] std::string render_backups(std::string_view backups, const View& view);

[[nodiscard]] std::string render_notifiers(std::string_view notifiers, const View& view);
// What came of a test: one line.
[[nodiscard]] std::string render_delivery(std::string_view delivery, const View& view);
[[nodiscard]] bool was_delivered(std::string_view delivery);

using Removed = std::vector<std::pair<std::string, std::string>>;  // backup id, reason
[[nodiscard]] std::string removed_to_json(const Removed& removed);
[[nodiscard]] std::string render_removed(const Removed& removed, bool dry_run, const View& view);

// What following a run and restoring a backup need to know of documents.
struct RunState {
  std::string id, job, kind, state;
  bool final = false;
  std::string progress_json;  // the "progress" object; empty: none
  std::string phase, target;
  std::uint64_t bytes_read = 0, bytes_written = 0, bytes_total = 0;  // total 0: unknown
};
[[nodiscard]] RunState read_run(std::string_view run);
// The exit code of a program that waited for a run that ended like this.
[[nodiscard]] int exit_code_of(std::string_view state);

struct BackupPlace {
  std::string id, target, location;
  bool good = false;
};
// In the document's order: newest first.
[[nodiscard]] std::vector<BackupPlace> read_backups(std::string_view backups);
// The values of `key` in an array of objects, for completion.
[[nodiscard]] std::vector<std::string> values_of(std::string_view array, std::string_view key);

}  // namespace snapshotter::ctl
