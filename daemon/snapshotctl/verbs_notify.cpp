// notify: who is told, what waits for them, and whether they can be reached.
#include "base/error.hpp"
#include "snapshotctl/parts/documents.hpp"
#include "snapshotctl/verbs.hpp"

#include <CLI/CLI.hpp>

namespace snapshotter::ctl {

void add_notify_verb(CLI::App& app, Context& context) {
  auto& verb = add_verb(app, "notify",
                        {"Who is told of events, and can they be reached?",
                         "snapshotctl notify list\n  snapshotctl notify test NAME",
                         "snapshotctl notify list\n"
                         "snapshotctl notify test ops           (0 if it was delivered, else 1)"});
  verb.require_subcommand(1);
  add_verb(verb, "list",
           {"Every notifier: where, what waits, what became of the last", "snapshotctl notify list",
            "snapshotctl notify list --json"})
      .callback([&context] {
        context.action = [&context] {
          return context.show(context.client().describe_notifiers(), render_notifiers);
        };
      });
  auto& test = add_verb(verb, "test",
                        {"Send a test now, and print the answer", "snapshotctl notify test NAME",
                         "snapshotctl notify test ops"});
  const auto name = std::make_shared<std::string>();
  test.add_option("NAME", *name, "The notifier")->required();
  test.callback([&context, name] {
    context.action = [&context, name] {
      const auto delivery = context.client().test_notifier(*name);
      (void)context.show(delivery, render_delivery);
      return was_delivered(delivery) ? kExitGood : kExitFailed;
    };
  });
}

}  // namespace snapshotter::ctl
