// prune, rescan, reload, check-config: what keeps the daemon's house in order.
#include "base/error.hpp"
#include "common/check_config.hpp"
#include "config/load.hpp"
#include "snapshotctl/parts/documents.hpp"
#include "snapshotctl/parts/json.hpp"
#include "snapshotctl/verbs.hpp"

#include <CLI/CLI.hpp>

namespace snapshotter::ctl {
namespace {

void add_prune(CLI::App& app, Context& context) {
  struct Options {
    std::string job;
    bool dry_run = false;
  };
  auto& verb =
      add_verb(app, "prune",
               {"Remove what no rule keeps any more", "snapshotctl prune [JOB] [--dry-run]",
                "snapshotctl prune --dry-run           (what would go, and why)\n"
                "snapshotctl prune nightly"});
  const auto options = std::make_shared<Options>();
  verb.add_option("JOB", options->job, "Only of this job");
  verb.add_flag("--dry-run", options->dry_run, "Only say what would be removed");
  verb.callback([&context, options] {
    context.action = [&context, options] {
      const auto removed = context.client().prune(options->job, options->dry_run);
      print(context.json ? removed_to_json(removed) + '\n'
                         : render_removed(removed, options->dry_run, context.view()));
      return kExitGood;
    };
  });
}

void add_rescan(CLI::App& app, Context& context) {
  add_verb(
      app, "rescan",
      {"Rebuild the catalog from the manifests beside the backups", "snapshotctl rescan",
       "snapshotctl rescan                    (after archives were moved, or the catalog lost)"})
      .callback([&context] {
        context.action = [&context] {
          context.client().rescan();
          const auto count = read_backups(context.client().describe_backups()).size();
          print(context.json ? json::serialize(json::object{{"backups", count}}) + '\n'
                             : "the catalog is rebuilt: " + std::to_string(count) + " backups\n");
          return kExitGood;
        };
      });
}

void add_reload(CLI::App& app, Context& context) {
  add_verb(app, "reload",
           {"Make the daemon read its configuration anew", "snapshotctl reload",
            "snapshotctl check-config && snapshotctl reload"})
      .callback([&context] {
        context.action = [&context] {
          context.client().reload();
          const auto count = values_of(context.client().describe_jobs(), "name").size();
          print(context.json ? json::serialize(json::object{{"jobs", count}}) + '\n'
                             : "the new configuration is in force: " + std::to_string(count) +
                                   (count == 1 ? " job\n" : " jobs\n"));
          return kExitGood;
        };
      });
}

void add_check_config(CLI::App& app, Context& context) {
  auto& verb = add_verb(
      app, "check-config",
      {"Is the configuration right? Needs no daemon", "snapshotctl check-config [--config FILE]",
       "snapshotctl check-config\n"
       "snapshotctl check-config --config ./snapshotterd.yaml"});
  const auto path = std::make_shared<std::string>(config::kDefaultPath);
  verb.add_option("--config", *path, "The file to check")->capture_default_str();
  verb.callback(
      [&context, path] { context.action = [path] { return daemon::check_config(*path); }; });
}

}  // namespace

void add_upkeep_verbs(CLI::App& app, Context& context) {
  add_prune(app, context);
  add_rescan(app, context);
  add_reload(app, context);
  add_check_config(app, context);
}

}  // namespace snapshotter::ctl
