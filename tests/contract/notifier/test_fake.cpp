#include "contract/notifier/notifier_contract.hpp"
#include "support/catch.hpp"
#include "support/fake/fake_notifier.hpp"

using namespace snapshotter;
using namespace snapshotter::test;
using namespace std::chrono_literals;
using notify::NotificationResult;
using Outcome = notify::NotificationResult::Outcome;

namespace {

class FakeUnderTest : public NotifierUnderTest {
 public:
  explicit FakeUnderTest(ManualClock& clock) : clock_(clock) {
    fake_.before = [this](int) { return answer(); };
  }
  notify::Notifier& notifier() override { return fake_; }
  void set(Receiver receiver) override { receiver_ = receiver; }
  std::vector<std::string> received() const override {
    std::vector<std::string> ids;
    for (const notify::Event& event : fake_.attempts()) ids.push_back(event.id);
    return ids;
  }

 private:
  Task<> answer() {
    switch (receiver_) {
      case Receiver::accepts:
        break;
      case Receiver::busy:
        fake_.results.push_back({Outcome::retry, "429", 2min});
        break;
      case Receiver::refuses:
        fake_.results.push_back({Outcome::rejected, "400"});
        break;
      case Receiver::broken:
        fake_.results.push_back({Outcome::retry, "it went away"});
        break;
      case Receiver::silent:
        co_await clock_.sleep_for(10s);
        fake_.results.push_back({Outcome::retry, "no answer within 10s"});
    }
  }

  ManualClock& clock_;
  FakeNotifier fake_;
  Receiver receiver_ = Receiver::accepts;
};

}  // namespace

TEST_CASE("the fake notifier keeps the contract") {
  notifier_contract([](boost::asio::any_io_executor, ManualClock& clock) {
    return std::make_unique<FakeUnderTest>(clock);
  });
}
