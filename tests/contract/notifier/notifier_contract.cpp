#include "contract/notifier/notifier_contract.hpp"

#include "async/loop.hpp"
#include "async/task_group.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "notify/event_document.hpp"
#include "support/catch.hpp"

#include <utility>

namespace snapshotter::test {
namespace {

using notify::Event;
using notify::EventKind;
using notify::NotificationResult;
using Outcome = NotificationResult::Outcome;
using Receiver = NotifierUnderTest::Receiver;
using namespace std::chrono_literals;

using Executor = boost::asio::any_io_executor;

const std::string kId = "evt_00000000000000000000000a";

// How an attempt that was begun in a group of its own has ended.
struct Attempt {
  std::optional<NotificationResult> result;
  std::exception_ptr error;
  bool over = false;
};

Task<> run(notify::Notifier& notifier, const Event& event, platform::Clock& clock,
           Attempt& attempt) {
  attempt.result = co_await notifier.deliver(event, clock);
}

async::TaskGroup::Id begin(async::TaskGroup& group, notify::Notifier& notifier, const Event& event,
                           platform::Clock& clock, Attempt& attempt) {
  return group.spawn("attempt", run(notifier, event, clock, attempt),
                     [&attempt](std::exception_ptr error) {
                       attempt.error = std::move(error);
                       attempt.over = true;
                     });
}

Task<> until_received(NotifierUnderTest& under_test, std::size_t count, ManualClock& clock) {
  while (under_test.received().size() < count) co_await clock.settle();
}

bool is_cancelled(const std::exception_ptr& error) {
  if (!error) return false;
  try {
    std::rethrow_exception(error);
  } catch (const CancelledError&) {
    return true;
  } catch (...) {
    return false;
  }
}

void check_text(const std::string& text, const NotifierUnderTest& under_test) {
  INFO(text);
  CHECK_FALSE(text.empty());
  // One line of UTF-8: printable() finds nothing but backslashes to escape.
  const auto backslashes = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\\'));
  CHECK(printable(text).size() == text.size() + backslashes);
  for (const std::string& secret : under_test.secrets) {
    CHECK(text.find(secret) == std::string::npos);
  }
}

Task<> outcomes(NotifierUnderTest& under_test, ManualClock& clock, Executor /*loop*/) {
  struct Row {
    Receiver receiver;
    Outcome outcome;
    std::optional<Duration> not_before = {};
  };
  const std::vector<Row> rows{{Receiver::accepts, Outcome::delivered},
                              {Receiver::busy, Outcome::retry, 2min},
                              {Receiver::refuses, Outcome::rejected},
                              {Receiver::broken, Outcome::retry},
                              {Receiver::accepts, Outcome::delivered}};
  const Event event = event_of(EventKind::failed, kId);
  std::vector<std::string> expected;
  for (const Row& row : rows) {
    under_test.set(row.receiver);
    const NotificationResult result = co_await under_test.notifier().deliver(event, clock);
    expected.push_back(kId);
    INFO(result.answer);
    CHECK(result.outcome == row.outcome);
    CHECK(result.not_before == row.not_before);
    check_text(result.answer, under_test);
    CHECK(under_test.received() == expected);  // the same id each time
  }
}

Task<> every_kind(NotifierUnderTest& under_test, ManualClock& clock, Executor /*loop*/) {
  under_test.set(Receiver::accepts);
  for (int kind = 0; kind <= static_cast<int>(EventKind::test); ++kind) {
    const std::string id = "evt_" + std::string(23, '0') + "0123456789a"[kind];
    const Event event = event_of(static_cast<EventKind>(kind), id);
    const NotificationResult result = co_await under_test.notifier().deliver(event, clock);
    INFO(result.answer);
    CHECK(result.outcome == Outcome::delivered);
    CHECK(under_test.received().back() == id);
  }
}

Task<> odd_documents(NotifierUnderTest& under_test, ManualClock& clock, Executor /*loop*/) {
  under_test.set(Receiver::accepts);
  for (const std::string& document : {std::string(), std::string("no JSON"), std::string("[]"),
                                      std::string("{\"job\": 7}"), std::string(300'000, ' ')}) {
    Event event = event_of(EventKind::test, kId);
    event.document = document;
    // What was stored may be damaged; it is sent or refused, but it does not throw.
    const NotificationResult result = co_await under_test.notifier().deliver(event, clock);
    check_text(result.answer, under_test);
  }
}

Task<> cancelled(NotifierUnderTest& under_test, ManualClock& clock, Executor loop) {
  under_test.set(Receiver::silent);
  const Event event = event_of(EventKind::failed, kId);
  async::TaskGroup group(loop);
  Attempt early;
  group.cancel(begin(group, under_test.notifier(), event, clock, early));
  co_await group.join();
  CHECK(is_cancelled(early.error));
  CHECK(under_test.received().empty());

  Attempt attempt;
  const auto id = begin(group, under_test.notifier(), event, clock, attempt);
  co_await until_received(under_test, 1, clock);
  CHECK_FALSE(attempt.over);
  group.cancel(id);
  co_await group.join();
  CHECK(is_cancelled(attempt.error));
  CHECK_FALSE(attempt.result);
  CHECK(clock.waiters() == 0);

  under_test.set(Receiver::accepts);
  const NotificationResult after = co_await under_test.notifier().deliver(event, clock);
  CHECK(after.outcome == Outcome::delivered);
}

Task<> ends_by_itself(NotifierUnderTest& under_test, ManualClock& clock, Executor loop) {
  under_test.set(Receiver::silent);
  const Event event = event_of(EventKind::failed, kId);
  async::TaskGroup group(loop);
  Attempt attempt;
  begin(group, under_test.notifier(), event, clock, attempt);
  co_await until_received(under_test, 1, clock);
  co_await clock.advance(500ms);
  CHECK_FALSE(attempt.over);
  co_await clock.advance(5min);
  co_await group.join();
  REQUIRE(attempt.result);
  CHECK(attempt.result->outcome == Outcome::retry);
  check_text(attempt.result->answer, under_test);
}

using Part = Task<> (*)(NotifierUnderTest&, ManualClock&, Executor);

Task<int> play(const MakeNotifier& make, Part part, Executor loop) {
  ManualClock clock(loop);
  const std::unique_ptr<NotifierUnderTest> under_test = make(loop, clock);
  const std::string described = under_test->notifier().describe();
  check_text(described, *under_test);
  CHECK_FALSE(under_test->notifier().type().empty());
  co_await part(*under_test, clock, loop);
  CHECK(under_test->notifier().describe() == described);
  CHECK(clock.waiters() == 0);
  co_return 0;
}

}  // namespace

Event event_of(EventKind kind, const std::string& id) {
  notify::EventFacts facts = notify::sample_event(kind);
  facts.id = id;
  return notify::make_event(facts);
}

void notifier_contract(const MakeNotifier& make) {
  const auto check = [&](Part part) {
    async::Loop loop;
    loop.run(play(make, part, loop.executor()));
  };
  SECTION("an answer is one of three outcomes, and says so") { check(outcomes); }
  SECTION("every kind of event is delivered under its id") { check(every_kind); }
  SECTION("no document makes it throw") { check(odd_documents); }
  SECTION("a cancelled attempt ends, and the next one works") { check(cancelled); }
  SECTION("a silent receiver does not hold it for ever") { check(ends_by_itself); }
}

}  // namespace snapshotter::test
