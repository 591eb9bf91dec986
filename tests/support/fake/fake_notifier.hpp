// A Notifier that follows a test's script.
#pragma once

#include "notify/notifier.hpp"

#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace snapshotter::test {

// Loop thread.
class FakeNotifier : public notify::Notifier {
 public:
  explicit FakeNotifier(std::deque<notify::NotificationResult> results = {});

  std::string type() const override { return "fake"; }
  std::string describe() const override { return "what a test says"; }
  Task<notify::NotificationResult> deliver(const notify::Event& event,
                                           platform::Clock& clock) override;

  // What the next attempts come to, each used once; without one an event is delivered.
  std::deque<notify::NotificationResult> results;
  // Awaited in each attempt before its result, with the attempt's number from 1. It may wait for an
  // async::Event until the test lets go, or pass time.
  std::function<Task<>(int attempt)> before;

  // The event of each attempt that was begun.
  [[nodiscard]] const std::vector<notify::Event>& attempts() const noexcept { return attempts_; }
  // Those that came to `delivered`, in this order.
  [[nodiscard]] const std::vector<notify::Event>& delivered() const noexcept { return delivered_; }
  [[nodiscard]] int cancelled() const noexcept { return cancelled_; }
  // Whether an attempt was ever begun during another: a bug of the caller.
  [[nodiscard]] bool overlapped() const noexcept { return overlapped_; }

 private:
  class Running;

  std::vector<notify::Event> attempts_, delivered_;
  int cancelled_ = 0;
  int running_ = 0;
  bool overlapped_ = false;
};

}  // namespace snapshotter::test
