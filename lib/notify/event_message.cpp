#include "base/text.hpp"
#include "base/units.hpp"
#include "notify/event_document.hpp"
#include "notify/one_line.hpp"

#include <algorithm>

namespace snapshotter::notify {
namespace {

// One target's long error leaves room for those of the others.
constexpr std::size_t kLongestDetail = 300;

std::string on_host(const EventFacts& facts) {
  return facts.host.empty() ? "" : " on " + facts.host;
}

// "Backup of nightly on db1"
std::string what_ran(const EventFacts& facts) {
  std::string what = facts.run && facts.run->kind == "verify" ? "Verification" : "Backup";
  if (!facts.job.empty()) what += " of " + facts.job;
  return what + on_host(facts);
}

std::string counted(std::size_t count, const std::string& one) {
  return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

// "2026-11-24 02:00:00 UTC"
std::string date(Time time) {
  std::string text = to_rfc3339(std::chrono::floor<std::chrono::seconds>(time));
  std::replace(text.begin(), text.end(), 'T', ' ');
  return text.substr(0, text.size() - 1) + " UTC";
}

std::string detail(const TargetFacts& result) {
  std::string why = result.error.empty() ? join(result.reasons, ", ") : result.error;
  if (why.empty()) why = result.state;
  return one_line(result.target + ": " + why, kLongestDetail);
}

// ": why; why" of the run that did not succeed, or "".
std::string why_not(const EventFacts& facts) {
  if (!facts.run) return {};
  std::vector<std::string> whys;
  for (const auto& result : facts.run->results) {
    if (result.state != "succeeded") whys.push_back(detail(result));
  }
  // A run mostly says what its first bad target does.
  const std::string own = one_line(facts.run->error, kLongestDetail);
  const bool said = std::any_of(whys.begin(), whys.end(), [&](const std::string& why) {
    return std::string_view(why).substr(0, own.size()) == own;
  });
  if (!own.empty() && !said) whys.insert(whys.begin(), own);
  return whys.empty() ? "" : ": " + join(whys, "; ");
}

// ": 3 targets, 1.2 GiB in 4m 12s"
std::string how_much(const EventFacts& facts) {
  if (!facts.run) return {};
  const RunFacts& run = *facts.run;
  const bool verify = run.kind == "verify";
  std::uint64_t bytes = 0;
  for (const auto& result : run.results) bytes += result.bytes_source;
  std::string text = ": " + counted(run.results.size(), verify ? "backup" : "target") + ", " +
                     to_string(ByteSize{bytes});
  if (run.started && run.finished && *run.finished >= *run.started) {
    text += " in " + to_string(*run.finished - *run.started);
  }
  return text;
}

std::string missed(const EventFacts& facts) {
  std::string text = what_ran(facts) + " did not run";
  if (!facts.missed) return text;
  text += " at " + date(facts.missed->scheduled);
  return facts.missed->why.empty() ? text : text + ": " + facts.missed->why;
}

std::string overdue(const EventFacts& facts) {
  std::string text = (facts.job.empty() ? "A job" : facts.job) + on_host(facts);
  if (!facts.overdue) return text + " has no recent good backup";
  text += facts.overdue->since ? " has had no good backup since " + date(*facts.overdue->since)
                               : " has never had a good backup";
  return text + "; one was expected by " + date(facts.overdue->expected_by);
}

std::string pruned(const EventFacts& facts) {
  std::string text = "Retention removed " + counted(facts.pruned.size(), "backup");
  if (!facts.job.empty()) text += " of " + facts.job;
  return text + on_host(facts);
}

std::string whole_message(const EventFacts& facts) {
  switch (facts.kind) {
    case EventKind::started:
      return what_ran(facts) + " started";
    case EventKind::succeeded:
      return what_ran(facts) + " succeeded" + how_much(facts);
    case EventKind::partial:
      return what_ran(facts) + " is partial" + why_not(facts);
    case EventKind::failed:
      return what_ran(facts) + " failed" + why_not(facts);
    case EventKind::cancelled:
      return what_ran(facts) + " was cancelled";
    case EventKind::interrupted:
      return what_ran(facts) + " was interrupted" + why_not(facts);
    case EventKind::recovered:
      return what_ran(facts) + " succeeds again" + how_much(facts);
    case EventKind::missed:
      return missed(facts);
    case EventKind::overdue:
      return overdue(facts);
    case EventKind::pruned:
      return pruned(facts);
    case EventKind::test:
      break;
  }
  return "This is a test" + on_host(facts);
}

}  // namespace

std::string message_of(const EventFacts& facts) {
  return one_line(whole_message(facts), kLongestMessage);
}

EventFacts test_event(const std::string& notifier, const std::string& host) {
  EventFacts facts = sample_event(EventKind::test);
  facts.host = host;
  facts.message = "This is a test of notifier " + notifier + on_host(facts);
  return facts;
}

}  // namespace snapshotter::notify
