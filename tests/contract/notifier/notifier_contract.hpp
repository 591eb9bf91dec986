// The obligations of notify/notifier.hpp as tests: every notifier type and the fake run them.
#pragma once

#include "notify/notifier.hpp"
#include "support/fake/manual_clock.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace snapshotter::test {

// A notifier, and whoever receives its events. Lives on the loop, within a test's coroutine.
class NotifierUnderTest {
 public:
  virtual ~NotifierUnderTest() = default;
  [[nodiscard]] virtual notify::Notifier& notifier() = 0;

  // busy: asks to be left alone for two minutes. broken: goes away in the middle. silent: takes the
  // event and says nothing.
  enum class Receiver { accepts, busy, refuses, broken, silent };
  // For the attempts from now on.
  virtual void set(Receiver receiver) = 0;
  // The ids of the events of all attempts that have arrived.
  [[nodiscard]] virtual std::vector<std::string> received() const = 0;

  // What the configuration holds and nobody may see.
  std::vector<std::string> secrets = {};
};

// Called on the loop; the clock outlives what it returns.
using MakeNotifier = std::function<std::unique_ptr<NotifierUnderTest>(
    boost::asio::any_io_executor loop, ManualClock& clock)>;

// To be called in a TEST_CASE.
void notifier_contract(const MakeNotifier& make);

// An event of the sample facts with this id.
[[nodiscard]] notify::Event event_of(notify::EventKind kind, const std::string& id);

}  // namespace snapshotter::test
