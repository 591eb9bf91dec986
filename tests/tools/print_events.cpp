// Prints documents of events, one a line, for check_event_schema.py: a sample of each kind, and
// events at their limits.
#include "notify/event_document.hpp"

#include <iostream>
#include <string>
#include <vector>

using namespace snapshotter;

namespace {

// Nothing is known but what can't be absent.
notify::EventFacts least() {
  notify::EventFacts facts = notify::sample_event(notify::EventKind::failed);
  facts.job.clear();
  facts.next_run.reset();
  facts.last_good.reset();
  facts.run =
      notify::RunFacts{.id = "r", .trigger = "manual", .state = "failed", .queued = facts.at};
  facts.run->results.push_back({.target = "t", .state = "cancelled"});
  facts.missed = notify::MissedFacts{facts.at, ""};
  facts.overdue = notify::OverdueFacts{{}, facts.at};
  facts.pruned = {{"b", ""}};
  return facts;
}

notify::EventFacts most() {
  const std::string hostile =
      "\"quoted\" \\ \n \x1b[31m \xff\xfe \xe2\x80\xae " + std::string(9000, 'x');
  notify::EventFacts facts = notify::sample_event(notify::EventKind::partial);
  facts.host = facts.job = facts.message = hostile;
  facts.warnings.assign(9000, hostile);
  facts.run->error = hostile;
  facts.run->results.front().error = hostile;
  facts.run->results.front().reasons.assign(9000, "why");
  facts.pruned.assign(9000, {hostile, hostile});
  return facts;
}

}  // namespace

int main() {
  std::vector<notify::EventFacts> all{least(), most(), notify::test_event("ops", "db1")};
  for (int kind = 0; kind <= static_cast<int>(notify::EventKind::test); ++kind) {
    all.push_back(notify::sample_event(static_cast<notify::EventKind>(kind)));
  }
  for (const auto& facts : all) std::cout << notify::make_event(facts).document << '\n';
}
