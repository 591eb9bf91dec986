#include "support/fake/fake_notifier.hpp"

#include "base/error.hpp"

#include <utility>

namespace snapshotter::test {

using notify::NotificationResult;

// Counts an attempt for as long as it lasts.
class FakeNotifier::Running {
 public:
  explicit Running(FakeNotifier& notifier) : notifier_(notifier) {
    if (++notifier_.running_ > 1) notifier_.overlapped_ = true;
  }
  ~Running() { --notifier_.running_; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  FakeNotifier& notifier_;
};

FakeNotifier::FakeNotifier(std::deque<NotificationResult> script) : results(std::move(script)) {}

Task<NotificationResult> FakeNotifier::deliver(const notify::Event& event, platform::Clock&) {
  const Running running(*this);
  attempts_.push_back(event);
  const int attempt = static_cast<int>(attempts_.size());
  try {
    if (before) co_await before(attempt);
  } catch (const CancelledError&) {
    ++cancelled_;
    throw;
  }
  NotificationResult result{NotificationResult::Outcome::delivered, "200 OK in 1 ms"};
  if (!results.empty()) {
    result = std::move(results.front());
    results.pop_front();
  }
  if (result.outcome == NotificationResult::Outcome::delivered) delivered_.push_back(event);
  co_return result;
}

}  // namespace snapshotter::test
