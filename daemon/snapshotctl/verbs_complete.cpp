// complete: plain names for the shells' completion scripts, and silence where there are none.
#include "base/error.hpp"
#include "snapshotctl/parts/documents.hpp"
#include "snapshotctl/verbs.hpp"

#include <CLI/CLI.hpp>

namespace snapshotter::ctl {
namespace {

std::vector<std::string> names(bus::Client& client, const std::string& what) {
  constexpr std::uint32_t kRecent = 50;
  if (what == "jobs") return values_of(client.describe_jobs(), "name");
  if (what == "runs") return values_of(client.describe_runs({"", false, {}, kRecent}), "id");
  if (what == "notifiers") return values_of(client.describe_notifiers(), "name");
  return values_of(client.describe_backups(), "id");
}

}  // namespace

void add_complete_verb(CLI::App& app, Context& context) {
  auto* verb = app.add_subcommand("complete", "Names for the completion of shells")->group("");
  const auto what = std::make_shared<std::string>();
  verb->add_option("WHAT", *what)
      ->required()
      ->check(CLI::IsMember({"jobs", "runs", "backups", "notifiers"}));
  verb->callback([&context, what] {
    context.action = [&context, what] {
      try {
        for (const auto& name : names(context.client(), *what)) print(name + '\n');
      } catch (const Error&) {
        // A message in the middle of a command line that is being typed helps nobody.
      }
      return kExitGood;
    };
  });
}

}  // namespace snapshotter::ctl
