// run, cancel, verify: what makes the daemon do something, and watching it.
#include "base/error.hpp"
#include "snapshotctl/parts/documents.hpp"
#include "snapshotctl/parts/interrupts.hpp"
#include "snapshotctl/parts/json.hpp"
#include "snapshotctl/terminal.hpp"
#include "snapshotctl/verbs.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

namespace snapshotter::ctl {
namespace {

enum class Watch { quietly, with_progress };

std::string activity(const RunState& run) {
  const auto name = run.job.empty() ? run.kind : run.job;
  if (run.phase.empty()) return name + ": " + run.state;
  return name + (run.target.empty() ? "" : "  " + run.target) + ": " + run.phase;
}

// Shows each state of the run that is asked for it.
class Watcher {
 public:
  Watcher(const Context& context, Watch how)
      : json_(context.json), show_(how == Watch::with_progress) {}

  void see(const RunState& run) {
    if (!show_) return;
    if (!json_) return display_.update({activity(run), run.bytes_read, run.bytes_total});
    if (run.progress_json.empty() || run.progress_json == last_) return;
    print(run.progress_json + '\n');
    last_ = run.progress_json;
  }
  void end() { display_.clear(); }

 private:
  bool json_;
  bool show_;
  std::string last_;
  ProgressDisplay display_;
};

// Until the run is over; prints how it ended, and returns the exit code that says so.
int follow(Context& context, const std::string& id, Watch how) {
  constexpr Duration kFirst = std::chrono::milliseconds(20);
  constexpr Duration kLongest = std::chrono::milliseconds(250);
  const Interrupts interrupts;
  Watcher watcher(context, how);
  for (Duration pause = kFirst;; pause = std::min(kLongest, pause + pause / 2)) {
    const auto document = context.client().describe_run(id);
    const auto run = read_run(document);
    if (run.final) {
      watcher.end();
      context.show(document, render_outcome);
      return exit_code_of(run.state);
    }
    watcher.see(run);
    if (!interrupts.wait(pause)) continue;
    watcher.end();
    std::cerr << "snapshotctl: run " << id << " goes on; see it with: snapshotctl show " << id
              << ", end it with: snapshotctl cancel " << id << '\n';
    return Interrupts::kExitCode;
  }
}

void add_run(CLI::App& app, Context& context) {
  struct Options {
    std::string job;
    std::vector<std::string> targets;
    bool wait = false, follow = false;
  };
  auto& verb = add_verb(app, "run",
                        {"Back up now", "snapshotctl run JOB [--target TARGET]… [--wait|--follow]",
                         "snapshotctl run nightly --follow\n"
                         "snapshotctl run nightly --target app-db --wait && echo saved"});
  const auto options = std::make_shared<Options>();
  verb.add_option("JOB", options->job, "The job to run")->required();
  verb.add_option("--target", options->targets, "Only this target of the job; may be repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  auto* wait = verb.add_flag("--wait", options->wait, "Wait for its end; the exit code tells it");
  verb.add_flag("--follow", options->follow, "The same, and show progress")->excludes(wait);
  verb.callback([&context, options] {
    context.action = [&context, options] {
      const auto id = context.client().trigger(options->job, options->targets);
      if (options->follow) return follow(context, id, Watch::with_progress);
      if (options->wait) return follow(context, id, Watch::quietly);
      const json::object queued{{"id", id}, {"job", options->job}};
      print(context.json ? json::serialize(queued) + '\n'
                         : "queued run " + id + "; see it with: snapshotctl show " + id + '\n');
      return kExitGood;
    };
  });
}

void add_cancel(CLI::App& app, Context& context) {
  auto& verb = add_verb(app, "cancel",
                        {"Stop a run; nothing half-done is left behind", "snapshotctl cancel RUN",
                         "snapshotctl cancel 20261124T020000Z-3f9c"});
  const auto given = std::make_shared<std::string>();
  verb.add_option("RUN", *given, "Its id, or a unique beginning of it")->required();
  verb.callback([&context, given] {
    context.action = [&context, given] {
      const auto id = read_run(context.client().describe_run(*given)).id;
      context.client().cancel(id);
      print(context.json ? json::serialize(json::object{{"id", id}}) + '\n'
                         : "run " + id + " is being cancelled\n");
      return kExitGood;
    };
  });
}

void add_verify(CLI::App& app, Context& context) {
  struct Options {
    std::vector<std::string> backups;
    bool all = false;
  };
  auto& verb = add_verb(app, "verify",
                        {"Read backups again and compare them with their checksums",
                         "snapshotctl verify BACKUP…|--all",
                         "snapshotctl verify nightly/app-db/20261124T020000Z\n"
                         "snapshotctl verify --all"});
  const auto options = std::make_shared<Options>();
  auto* backups =
      verb.add_option("BACKUP", options->backups, "Their ids, as in `snapshotctl backups`");
  verb.add_flag("--all", options->all, "Every backup there is")->excludes(backups);
  verb.callback([&context, options] {
    context.action = [&context, options] {
      if (options->backups.empty() && !options->all) {
        throw RequestError(
            {"verify", "", "it is not said what", "name backups, or all of them with --all"});
      }
      const auto id = context.client().verify(options->backups);
      return follow(context, id, context.json ? Watch::quietly : Watch::with_progress);
    };
  });
}

}  // namespace

void add_run_verbs(CLI::App& app, Context& context) {
  add_run(app, context);
  add_cancel(app, context);
  add_verify(app, context);
}

}  // namespace snapshotter::ctl
