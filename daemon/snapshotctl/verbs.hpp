// The verbs, each group in a file of its own. They add themselves to the command line and, when
// one is chosen, set Context::action.
#pragma once

#include "snapshotctl/context.hpp"

#include <string>

namespace CLI {
class App;
}

namespace snapshotter::ctl {

void add_listing_verbs(CLI::App& app, Context& context);  // status jobs job runs show backups
void add_next_verb(CLI::App& app, Context& context);      // next
void add_run_verbs(CLI::App& app, Context& context);      // run cancel verify
void add_restore_verb(CLI::App& app, Context& context);   // restore
void add_upkeep_verbs(CLI::App& app, Context& context);   // prune rescan reload check-config
void add_notify_verb(CLI::App& app, Context& context);    // notify list, notify test
void add_complete_verb(CLI::App& app, Context& context);  // complete (hidden)

struct VerbHelp {
  std::string summary;   // one line in the list of verbs
  std::string usage;     // "snapshotctl run JOB [--wait]"
  std::string examples;  // lines of their own, without indentation
};
// A verb with help in the form that all of them have. It lives as long as `app`.
CLI::App& add_verb(CLI::App& app, const std::string& name, const VerbHelp& help);

}  // namespace snapshotter::ctl
