// status, jobs, job, runs, show, backups: one question, one table.
#include "base/error.hpp"
#include "base/text.hpp"
#include "snapshotctl/parts/documents.hpp"
#include "snapshotctl/parts/times.hpp"
#include "snapshotctl/verbs.hpp"

#include <CLI/CLI.hpp>

namespace snapshotter::ctl {
namespace {

struct RunsOptions {
  std::string job;
  bool failed = false;
  std::string since;
  std::uint32_t number = 0;
};

bus::RunsFilter filter_of(const RunsOptions& options, const View& view) {
  // A screen of them, unless a time says how far back.
  constexpr std::uint32_t kUsual = 30;
  bus::RunsFilter filter{options.job, options.failed, {}, options.number};
  if (options.since.empty()) {
    if (filter.limit == 0) filter.limit = kUsual;
    return filter;
  }
  filter.since = parse_when(options.since, view.now, view.zone);
  if (filter.since) return filter;
  throw RequestError({"understand --since", options.since, "this is no time",
                      "try 2h, '3 days', today, yesterday, 2026-11-24 or 2026-11-24T02:00:00Z"});
}

void add_status(CLI::App& app, Context& context) {
  add_verb(app, "status",
           {"The daemon: what runs, what comes next, what is not well", "snapshotctl status",
            "snapshotctl status\nwatch -c snapshotctl status"})
      .callback([&context] {
        context.action = [&context] {
          auto& client = context.client();
          return context.show(with_state(client.describe_status(), client.state()), render_status);
        };
      });
}

void add_jobs(CLI::App& app, Context& context) {
  add_verb(app, "jobs",
           {"Every job: schedule, next and last run, last good backup", "snapshotctl jobs",
            "snapshotctl jobs\nsnapshotctl jobs --json | jq -r '.[].name'"})
      .callback([&context] {
        context.action = [&context] {
          return context.show(context.client().describe_jobs(), render_jobs);
        };
      });
}

void add_job(CLI::App& app, Context& context) {
  auto& verb =
      add_verb(app, "job", {"All of one job", "snapshotctl job JOB", "snapshotctl job nightly"});
  const auto name = std::make_shared<std::string>();
  verb.add_option("JOB", *name, "Its name")->required();
  verb.callback([&context, name] {
    context.action = [&context, name] {
      const auto jobs = context.client().describe_jobs(*name);
      if (!context.json) return context.show(jobs, render_job);
      print(only_element(jobs) + '\n');
      return kExitGood;
    };
  });
}

void add_runs(CLI::App& app, Context& context) {
  auto& verb =
      add_verb(app, "runs",
               {"What ran, newest first", "snapshotctl runs [JOB] [--failed] [--since WHEN] [-n N]",
                "snapshotctl runs nightly\n"
                "snapshotctl runs --failed --since '3 days'\n"
                "snapshotctl runs --since yesterday --json"});
  const auto options = std::make_shared<RunsOptions>();
  verb.add_option("JOB", options->job, "Only of this job");
  verb.add_flag("--failed", options->failed, "Only those that did not succeed");
  verb.add_option("--since", options->since,
                  "Only later ones: 2h, '3 days', today, yesterday, 2026-11-24, RFC 3339");
  verb.add_option("-n,--number", options->number, "At most so many (30, or all with --since)")
      ->check(CLI::PositiveNumber);
  verb.callback([&context, options] {
    context.action = [&context, options] {
      const auto filter = filter_of(*options, context.view());
      return context.show(context.client().describe_runs(filter), render_runs);
    };
  });
}

void add_show(CLI::App& app, Context& context) {
  auto& verb =
      add_verb(app, "show",
               {"All of one run: target by target, with its log lines", "snapshotctl show RUN",
                "snapshotctl show 20261124T020000Z-3f9c\n"
                "snapshotctl show 20261124T02          (a unique beginning)"});
  const auto id = std::make_shared<std::string>();
  verb.add_option("RUN", *id, "Its id, or a unique beginning of it")->required();
  verb.callback([&context, id] {
    context.action = [&context, id] {
      return context.show(context.client().describe_run(*id), render_run);
    };
  });
}

void add_backups(CLI::App& app, Context& context) {
  auto& verb = add_verb(app, "backups",
                        {"What is kept: size, age, when it was verified, which rule keeps it",
                         "snapshotctl backups [JOB[/TARGET]]",
                         "snapshotctl backups\nsnapshotctl backups nightly/app-db"});
  const auto which = std::make_shared<std::string>();
  verb.add_option("JOB[/TARGET]", *which, "Only of this job, or of this target of it");
  verb.callback([&context, which] {
    context.action = [&context, which] {
      const auto slash = which->find('/');
      const auto job = which->substr(0, slash);
      const auto target = slash == std::string::npos ? "" : which->substr(slash + 1);
      return context.show(context.client().describe_backups(job, target), render_backups);
    };
  });
}

}  // namespace

void add_listing_verbs(CLI::App& app, Context& context) {
  add_status(app, context);
  add_jobs(app, context);
  add_job(app, context);
  add_runs(app, context);
  add_show(app, context);
  add_backups(app, context);
}

}  // namespace snapshotter::ctl
