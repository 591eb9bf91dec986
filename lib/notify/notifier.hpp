// The contract of something that is told of events.
//
// To add a type: a folder below lib/notify/, one line in registry.cpp, the contract test run on it,
// an example in etc/.
//
// For implementers:
//  * deliver() is a coroutine on the loop and makes one attempt, within a time of its own. Keeping
//    the event until it was delivered, and the pauses between attempts, are the engine's.
//  * Failures are a result, not an exception; only CancelledError passes through.
//  * Receivers may see an event twice; it has the same id then. No two attempts of one notifier are
//    made at once.
//  * No secret, and nothing of the receiver's address beyond its origin, in any text.
//  * Constructing it does no I/O.
#pragma once

#include "async/task.hpp"
#include "base/registry.hpp"
#include "notify/event.hpp"
#include "platform/clock.hpp"

#include <optional>
#include <string>

namespace snapshotter::notify {

struct NotificationResult {
  // retry: may succeed later without anyone acting. rejected: it never will.
  enum class Outcome { delivered, retry, rejected };
  Outcome outcome = Outcome::delivered;
  std::string answer;                       // for people, one line: "204 No Content in 31 ms",
                                            // "cannot connect to 'https://…': Connection refused"
  std::optional<Duration> not_before = {};  // the receiver asked to be left alone for so long
};

class Notifier {
 public:
  virtual ~Notifier() = default;
  [[nodiscard]] virtual std::string type() const = 0;      // "webhook"
  [[nodiscard]] virtual std::string describe() const = 0;  // "https://hooks.example.org"
  // `event` and `clock` outlive it.
  [[nodiscard]] virtual Task<NotificationResult> deliver(const Event& event,
                                                         platform::Clock& clock) = 0;
};

using NotifierRegistry = Registry<Notifier>;

// Every notifier type of this build: "webhook".
[[nodiscard]] NotifierRegistry built_in_notifiers();

}  // namespace snapshotter::notify
