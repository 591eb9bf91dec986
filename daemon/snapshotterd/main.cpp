// snapshotterd: options, and what each of them starts.
#include "base/error.hpp"
#include "base/version.hpp"
#include "common/check_config.hpp"
#include "snapshotterd/one_run.hpp"
#include "snapshotterd/parts.hpp"
#include "snapshotterd/service.hpp"

#include <CLI/CLI.hpp>
#include <malloc.h>

#include <iostream>

namespace snapshotter::daemon {
namespace {

constexpr auto kDescription =
    "Backs up PostgreSQL, Prometheus and files on schedules, into verified archives.\n"
    "Started by systemd as snapshotterd.service; snapshotctl(1) talks to it.";
constexpr auto kFooter =
    "Examples:\n"
    "  snapshotterd --check-config          is the configuration right?\n"
    "  snapshotterd --run nightly           run one job now, without a daemon\n"
    "  snapshotterd --bus session --config ./test.yaml\n"
    "\nExit status: 0 good, 1 the run failed, 2 configuration, 3 partial, 4 cannot start, 64 "
    "usage.\n"
    "See snapshotterd(8) and snapshotterd.yaml(5).";

struct Options {
  std::string config = std::string(config::kDefaultPath);
  BusChoice bus = BusChoice::system;
  bool check_config = false;
  std::string run;
};

int start(const Options& options) {
  if (options.check_config) return check_config(options.config);
  Parts parts(options.config);
  if (!options.run.empty()) return parts.loop.run(run_one(parts, options.run));
  DaemonService service(parts, options.bus);
  return parts.loop.run(service.run());
}

// One line for one error; a configuration's problems each have theirs already.
int report(const Error& error) {
  const bool lines = error.kind() == ErrorKind::config;
  std::cerr << (lines ? "" : "snapshotterd: ") << error.what() << '\n';
  return traits(error.kind()).exit_code;
}

}  // namespace
}  // namespace snapshotter::daemon

int main(int argc, char** argv) {
  using namespace snapshotter;
  using namespace snapshotter::daemon;
  // Few arenas: threads that each keep memory of their own cost an idle daemon more than they save.
  ::mallopt(M_ARENA_MAX, 2);
  Options options;
  CLI::App app(kDescription, "snapshotterd");
  app.footer(kFooter);
  app.set_version_flag("--version", "snapshotterd " + std::string(version()));
  app.add_option("--config", options.config, "Configuration file")->capture_default_str();
  app.add_option("--bus", options.bus, "D-Bus to serve: system, session or none")
      ->transform(CLI::Transformer(std::map<std::string, BusChoice>{{"system", BusChoice::system},
                                                                    {"session", BusChoice::session},
                                                                    {"none", BusChoice::none}}))
      ->default_str("system");
  app.add_flag("--check-config", options.check_config,
               "Check the configuration: 0, or 2 with every error as file:line:column");
  app.add_option("--run", options.run, "Run this job now, without a bus, and exit")
      ->excludes("--check-config");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitGood : kExitUsage;
  }
  try {
    return start(options);
  } catch (const Error& error) {
    return report(error);
  } catch (const std::exception& error) {
    std::cerr << "snapshotterd: unexpected: " << error.what() << '\n';
    return kExitFailed;
  }
}
