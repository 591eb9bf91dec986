// snapshotctl: reads the command line, does the one verb, says what went wrong in one line.
#include "base/error.hpp"
#include "base/text.hpp"
#include "base/version.hpp"
#include "snapshotctl/verbs.hpp"

#include <CLI/CLI.hpp>

#include <iostream>
#include <map>

namespace snapshotter::ctl {
namespace {

constexpr auto kDescription = "Talks to snapshotterd, the backup daemon.";
constexpr auto kFooter =
    "Examples:\n"
    "  snapshotctl status                          is everything well?\n"
    "  snapshotctl run nightly --follow            back up now, and watch\n"
    "  snapshotctl restore nightly/configs         get the newest backup's files back\n"
    "  snapshotctl VERB --help                     more of one verb, with examples\n"
    "\nExit status: 0 good, 1 failed, 2 configuration, 3 partial, 4 the daemon is not reachable,\n"
    "64 usage. See snapshotctl(1).";

void build(CLI::App& app, Context& context) {
  using Place = bus::Client::Place;
  app.footer(kFooter);
  app.set_version_flag("--version", "snapshotctl " + std::string(version()));
  app.fallthrough();  // --bus and --json may come after the verb
  app.require_subcommand(0, 1);
  app.add_option("--bus", context.bus, "Where the daemon is: system (default) or session")
      ->type_name("BUS")
      ->transform(CLI::Transformer(
          std::map<std::string, Place>{{"system", Place::system}, {"session", Place::session}}));
  app.add_flag("--json", context.json, "JSON instead of tables");
  add_listing_verbs(app, context);
  add_next_verb(app, context);
  add_run_verbs(app, context);
  add_restore_verb(app, context);
  add_upkeep_verbs(app, context);
  add_notify_verb(app, context);
  add_complete_verb(app, context);
}

std::vector<std::string> verbs(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (verb->get_name() != "complete") names.push_back(verb->get_name());
  }
  return names;
}

std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

// What was meant by words that nobody takes.
std::string unexpected(const CLI::App& app) {
  const auto word = app.remaining(true).front();
  const auto chosen = app.get_subcommands();
  if (word.starts_with('-')) {
    auto known = options_of(app);
    for (const auto* verb : chosen) {
      for (auto& name : options_of(*verb)) known.push_back(std::move(name));
    }
    return "unknown option '" + printable(word) + "'" + suggestion(word, known);
  }
  if (!chosen.empty()) return "'" + printable(word) + "' is one argument too many";
  return "unknown verb '" + printable(word) + "'" + suggestion(word, verbs(app));
}

int usage(const CLI::App& app, const CLI::ParseError& error) {
  const bool extras = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::ExtrasError);
  const auto chosen = app.get_subcommands();
  std::string help = "snapshotctl ";
  if (!chosen.empty()) help += chosen.front()->get_name() + ' ';
  std::cerr << "snapshotctl: " << (extras ? unexpected(app) : error.what()) << " (see: " << help
            << "--help)\n";
  return kExitUsage;
}

// One line for one error; a configuration's problems each have theirs already.
int report(const Error& error) {
  const bool lines = error.kind() == ErrorKind::config;
  std::cerr << (lines ? "" : "snapshotctl: ") << error.what() << '\n';
  return traits(error.kind()).exit_code;
}

int run(int argc, char** argv) {
  Context context;
  CLI::App app(kDescription, "snapshotctl");
  build(app, context);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) return usage(app, error);
    return app.exit(error);
  }
  if (context.action) return context.action();
  std::cerr << app.help();
  return kExitUsage;
}

}  // namespace
}  // namespace snapshotter::ctl

int main(int argc, char** argv) {
  using namespace snapshotter;
  try {
    return ctl::run(argc, argv);
  } catch (const Error& error) {
    return ctl::report(error);
  } catch (const std::exception& error) {
    std::cerr << "snapshotctl: unexpected: " << error.what() << '\n';
    return kExitFailed;
  }
}
