// next: the firings to come, of the daemon's jobs or of any expression.
#include "base/error.hpp"
#include "snapshotctl/parts/firings.hpp"
#include "snapshotctl/parts/times.hpp"
#include "snapshotctl/verbs.hpp"

#include <CLI/CLI.hpp>

namespace snapshotter::ctl {
namespace {

struct NextOptions {
  std::string job, schedule, timezone, from;
  std::size_t number = 5;
};

schedule::TimeZone zone_of(const NextOptions& options, const View& view) {
  if (options.timezone.empty()) return view.zone;
  if (const auto zone = schedule::TimeZone::load(options.timezone)) return *zone;
  throw RequestError({"use time zone", options.timezone,
                      "there is no such zone" + schedule::TimeZone::suggestion(options.timezone)});
}

Time start_of(const NextOptions& options, const schedule::TimeZone& zone, Time now) {
  if (options.from.empty()) return now;
  if (const auto time = parse_when(options.from, now, zone)) return *time;
  throw RequestError({"understand --from", options.from, "this is no time",
                      "write it as 2026-03-28T00:00, in the time zone of the schedule"});
}

int next(Context& context, const NextOptions& options) {
  const auto view = context.view();
  std::vector<JobFiring> firings;
  if (!options.schedule.empty()) {
    const auto expression = schedule::CronExpression::parse(options.schedule);
    const auto zone = zone_of(options, view);
    firings = firings_of(expression, zone, start_of(options, zone, view.now), options.number);
  } else {
    const auto from = start_of(options, view.zone, view.now);
    firings = firings_of_jobs(context.client().describe_jobs(options.job), from, options.number);
  }
  const bool every_job = options.job.empty() && options.schedule.empty();
  print(context.json ? firings_to_json(firings, every_job) + '\n' : render_firings(firings, view));
  return kExitGood;
}

}  // namespace

void add_next_verb(CLI::App& app, Context& context) {
  auto& verb =
      add_verb(app, "next",
               {"The next firings, with what the clocks' changes do to them",
                "snapshotctl next [JOB] [-n N]\n"
                "  snapshotctl next --schedule EXPR [--timezone ZONE] [--from TIME] [-n N]",
                "snapshotctl next nightly -n 10\n"
                "snapshotctl next --schedule '0 2 * * *' --timezone Europe/Berlin \\\n"
                "    --from 2026-03-28T00:00        (needs no daemon)"});
  const auto options = std::make_shared<NextOptions>();
  auto* job = verb.add_option("JOB", options->job, "Only of this job");
  verb.add_option("-n,--number", options->number, "So many")->check(CLI::Range(1, 10000));
  auto* schedule =
      verb.add_option("--schedule", options->schedule, "Any cron expression")->excludes(job);
  verb.add_option("--timezone", options->timezone, "Its time zone; else this machine's")
      ->needs(schedule);
  verb.add_option("--from", options->from, "From this time on; else from now");
  verb.callback([&context, options] {
    context.action = [&context, options] { return next(context, *options); };
  });
}

}  // namespace snapshotter::ctl
