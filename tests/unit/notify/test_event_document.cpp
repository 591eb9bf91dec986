#include "notify/event_document.hpp"
#include "support/catch.hpp"

#include <boost/json.hpp>

#include <set>

using namespace snapshotter;
using namespace std::chrono_literals;
using notify::EventFacts;
using notify::EventKind;
using notify::RunFacts;
using notify::sample_event;
using test::ContainsText;

namespace {

namespace json = boost::json;

// 2026-11-24T02:00:00Z
constexpr Time kNight{std::chrono::seconds{1'795'485'600}};

json::object document_of(const EventFacts& facts) {
  return json::parse(notify::make_event(facts).document).as_object();
}

std::string text(const json::value& value) { return std::string(value.as_string()); }

EventFacts facts_of(EventKind kind) {
  EventFacts facts;
  facts.kind = kind;
  facts.at = kNight;
  facts.host = "db1";
  facts.job = "nightly";
  return facts;
}

EventFacts run_facts(EventKind kind, std::vector<notify::TargetFacts> results) {
  EventFacts facts = facts_of(kind);
  facts.run = RunFacts{.id = "r1", .state = std::string(notify::name(kind)), .queued = kNight};
  facts.run->results = std::move(results);
  return facts;
}

}  // namespace

TEST_CASE("an event carries the facts it is found by") {
  EventFacts facts = sample_event(EventKind::failed);
  const notify::Event event = notify::make_event(facts);
  CHECK(event.id == facts.id);
  CHECK(event.kind == EventKind::failed);
  CHECK(event.job == "nightly");
  CHECK(event.at == facts.at);
  CHECK(notify::make_event(facts) == event);
}

TEST_CASE("ids of events are unique and have their form") {
  const auto random = platform::seeded_random(7);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = notify::new_event_id(*random);
    CHECK(id.size() == 28);
    CHECK(id.substr(0, 4) == "evt_");
    CHECK(id.find_first_not_of("0123456789abcdef", 4) == std::string::npos);
    seen.insert(id);
  }
  CHECK(seen.size() == 1000);
}

TEST_CASE("a document says what the run did") {
  const json::object document = document_of(sample_event(EventKind::failed));
  CHECK(document.at("version") == 1);
  CHECK(text(document.at("event")) == "failed");
  CHECK(text(document.at("at")) == "2026-11-24T02:02:00Z");
  CHECK(text(document.at("host")) == "db1");
  CHECK(text(document.at("next_run_at")) == "2026-11-25T02:00:00Z");
  CHECK(text(document.at("last_good_backup_at")) == "2026-11-23T02:02:00Z");
  CHECK(document.at("missed").is_null());
  const json::object& run = document.at("run").as_object();
  CHECK(run.at("duration").as_double() == 119);
  CHECK(text(run.at("scheduled_for")) == "2026-11-24T02:00:00Z");
  CHECK(run.at("bytes_source") == 25'165'824);
  CHECK(run.at("bytes_stored") == 6'291'456);
  const json::array& results = run.at("results").as_array();
  REQUIRE(results.size() == 2);
  CHECK(results[0].at("error").is_null());
  CHECK(text(results[0].at("backup")) == "nightly/configs/configs-20261124T020002Z");
  CHECK(text(results[1].at("state")) == "failed");
  CHECK(results[1].at("attempts") == 3);
  CHECK(results[1].at("duration").as_double() == 90);
  CHECK(results[1].at("backup").is_null());
}

TEST_CASE("what is not known is null in a document, and a list is empty") {
  EventFacts facts;
  facts.at = kNight;
  const json::object document = document_of(facts);
  for (const auto* key :
       {"job", "next_run_at", "last_good_backup_at", "run", "missed", "overdue"}) {
    INFO(key);
    CHECK(document.at(key).is_null());
  }
  CHECK(document.at("warnings").as_array().empty());
  CHECK(document.at("pruned").as_array().empty());
}

TEST_CASE("a run that has not ended has no duration") {
  EventFacts facts = run_facts(EventKind::started, {});
  facts.run->started = kNight;
  const json::value run = document_of(facts).at("run");
  CHECK(text(run.at("started_at")) == "2026-11-24T02:00:00Z");
  CHECK(run.at("finished_at").is_null());
  CHECK(run.at("duration").is_null());
}

TEST_CASE("hostile texts become one line of UTF-8") {
  EventFacts facts = run_facts(EventKind::failed, {});
  facts.run->error = "cannot read '/a\nb\xff\"\x1b[31m'";
  const json::object document = document_of(facts);
  CHECK(text(document.at("run").at("error")) == "cannot read '/a\\nb\\xff\"\\x1b[31m'");
  CHECK_THAT(text(document.at("message")), ContainsText("/a\\nb\\xff\""));
}

TEST_CASE("a text that is fit already keeps its backslashes") {
  EventFacts facts = run_facts(EventKind::failed, {});
  facts.run->error = "cannot read '/a\\x0ab'";
  CHECK(text(document_of(facts).at("run").at("error")) == "cannot read '/a\\x0ab'");
}

TEST_CASE("long texts are cut between characters") {
  for (std::size_t shift = 0; shift < 3; ++shift) {
    EventFacts facts = facts_of(EventKind::test);
    facts.message = std::string(shift, 'x');
    for (int i = 0; i < 2000; ++i) facts.message += "\u20ac";
    const std::string message = text(document_of(facts).at("message"));
    CHECK(message.size() <= notify::kLongestMessage);
    CHECK(message.size() > notify::kLongestMessage - 4);
    CHECK(message.substr(message.size() - 6) == "\u20ac…");
  }
}

TEST_CASE("a text of just the longest length is whole") {
  EventFacts facts = facts_of(EventKind::test);
  facts.message = std::string(notify::kLongestMessage, 'x');
  CHECK(text(document_of(facts).at("message")) == facts.message);
  facts.message += 'x';
  CHECK_THAT(text(document_of(facts).at("message")), ContainsText("x…"));
}

TEST_CASE("long lists keep their beginning") {
  EventFacts facts = facts_of(EventKind::pruned);
  for (int i = 0; i < 600; ++i) facts.pruned.push_back({"b" + std::to_string(i), "old"});
  const json::object document = document_of(facts);
  const json::array& pruned = document.at("pruned").as_array();
  REQUIRE(pruned.size() == notify::kMostListed);
  CHECK(text(pruned.back().at("backup")) == "b499");
  // The message counts all.
  CHECK(text(document.at("message")) == "Retention removed 600 backups of nightly on db1");
}

TEST_CASE("a message names each target that is not good, and why") {
  CHECK(message_of(run_facts(EventKind::failed, {{.target = "a", .state = "failed", .error = "no"},
                                                 {.target = "b", .state = "succeeded"},
                                                 {.target = "c", .state = "cancelled"}})) ==
        "Backup of nightly on db1 failed: a: no; c: cancelled");
  CHECK(message_of(run_facts(
            EventKind::partial,
            {{.target = "a", .state = "partial", .reasons = {"1 file changed", "2 vanished"}}})) ==
        "Backup of nightly on db1 is partial: a: 1 file changed, 2 vanished");
}

TEST_CASE("a message says what the run says unless a target has said it") {
  EventFacts facts =
      run_facts(EventKind::failed, {{.target = "a", .state = "failed", .error = "no"}});
  facts.run->error = "a: no";
  CHECK(message_of(facts) == "Backup of nightly on db1 failed: a: no");
  facts.run->error = "the job's timeout of 6h passed";
  CHECK(message_of(facts) ==
        "Backup of nightly on db1 failed: the job's timeout of 6h passed; a: no");
  facts.run->results.clear();
  CHECK(message_of(facts) == "Backup of nightly on db1 failed: the job's timeout of 6h passed");
  facts.run->error.clear();
  CHECK(message_of(facts) == "Backup of nightly on db1 failed");
}

TEST_CASE("one long error leaves room for the other targets in a message") {
  const std::string message = message_of(run_facts(
      EventKind::failed, {{.target = "a", .state = "failed", .error = std::string(5000, 'x')},
                          {.target = "b", .state = "failed", .error = "gone"}}));
  CHECK_THAT(message, ContainsText("…; b: gone"));
}

TEST_CASE("good runs say how much and how long") {
  EventFacts facts = run_facts(EventKind::succeeded,
                               {{.target = "a", .state = "succeeded", .bytes_source = 1U << 30U},
                                {.target = "b", .state = "succeeded", .bytes_source = 1U << 29U}});
  CHECK(message_of(facts) == "Backup of nightly on db1 succeeded: 2 targets, 1.5 GiB");
  facts.run->started = kNight;
  facts.run->finished = kNight + 252s;
  CHECK(message_of(facts) == "Backup of nightly on db1 succeeded: 2 targets, 1.5 GiB in 4m 12s");
  facts.kind = EventKind::recovered;
  CHECK(message_of(facts) ==
        "Backup of nightly on db1 succeeds again: 2 targets, 1.5 GiB in 4m 12s");
  facts.job.clear();
  facts.run->kind = "verify";
  facts.run->results.pop_back();
  facts.kind = EventKind::succeeded;
  CHECK(message_of(facts) == "Verification on db1 succeeded: 1 backup, 1 GiB in 4m 12s");
  // The clock was set back meanwhile.
  facts.run->finished = kNight - 1h;
  CHECK(message_of(facts) == "Verification on db1 succeeded: 1 backup, 1 GiB");
}

TEST_CASE("messages of what is no run") {
  EventFacts missed = facts_of(EventKind::missed);
  CHECK(message_of(missed) == "Backup of nightly on db1 did not run");
  missed.missed = notify::MissedFacts{kNight + 250ms, "the machine was off"};
  CHECK(message_of(missed) ==
        "Backup of nightly on db1 did not run at 2026-11-24 02:00:00 UTC: the machine was off");

  EventFacts overdue = facts_of(EventKind::overdue);
  CHECK(message_of(overdue) == "nightly on db1 has no recent good backup");
  overdue.overdue = notify::OverdueFacts{{}, kNight};
  CHECK(message_of(overdue) ==
        "nightly on db1 has never had a good backup; one was expected by 2026-11-24 02:00:00 UTC");
  overdue.overdue->since = kNight - 24h;
  CHECK_THAT(message_of(overdue),
             ContainsText("has had no good backup since 2026-11-23 02:00:00 UTC; one was"));

  EventFacts pruned = facts_of(EventKind::pruned);
  pruned.pruned = {{"b", "old"}};
  CHECK(message_of(pruned) == "Retention removed 1 backup of nightly on db1");
  CHECK(message_of(facts_of(EventKind::test)) == "This is a test on db1");
  CHECK(notify::test_event("ops", "db1").message == "This is a test of notifier ops on db1");
}

TEST_CASE("messages of runs that were ended") {
  EventFacts facts = run_facts(EventKind::cancelled, {{.target = "a", .state = "cancelled"}});
  facts.run->error = "cancelled on request";
  CHECK(message_of(facts) == "Backup of nightly on db1 was cancelled");
  facts.kind = EventKind::interrupted;
  facts.run->error = "the daemon was stopped";
  CHECK(message_of(facts) ==
        "Backup of nightly on db1 was interrupted: the daemon was stopped; a: cancelled");
  facts.kind = EventKind::started;
  CHECK(message_of(facts) == "Backup of nightly on db1 started");
}

TEST_CASE("every kind of event has a message of its own and a sample") {
  std::set<std::string> messages;
  for (int i = 0; i <= static_cast<int>(EventKind::test); ++i) {
    const auto kind = static_cast<EventKind>(i);
    const EventFacts facts = sample_event(kind);
    CHECK(facts.kind == kind);
    CHECK(text(document_of(facts).at("event")) == notify::name(kind));
    messages.insert(message_of(facts));
    CHECK_FALSE(message_of(facts_of(kind)).empty());
  }
  CHECK(messages.size() == static_cast<std::size_t>(EventKind::test) + 1);
}
