// The delivery of events: from the outbox to the notifiers.
//
// Each notifier has a coroutine of its own, which takes its events one after the other, in the
// order they happened. An event leaves the outbox when it was delivered, when the receiver has
// rejected it, or when it is older than notify::kGiveUpAfter after an attempt that failed; giving
// up is logged as an error and counted in the catalog. What was under way when the daemon stopped
// or died is tried again after its next start: at least once, under the same id.
//
// Nobody waits for a receiver but its own coroutine: not a run, not another notifier, not stop().
#pragma once

#include "async/event.hpp"
#include "async/task_group.hpp"
#include "catalog/records.hpp"
#include "config/config.hpp"
#include "engine/catalog_access.hpp"
#include "engine/services.hpp"
#include "notify/notifier.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace snapshotter::engine {

// When the first of a notifier's events is to be tried: as the catalog has it or, when newer events
// have come since (`hurry`), notify::kShortestPause after the last attempt, but not before
// `left_alone_until`, which the receiver has asked for. What lies more than notify::kLongestPause
// ahead was written by a clock that was wrong, and is due now. Pure.
[[nodiscard]] Time due_at(const catalog::OutboxEntry& entry, bool hurry, Time left_alone_until,
                          Time now);

// Loop thread only.
class Notifications {
 public:
  // While the catalog can't be read or written deliveries rest for so long.
  static constexpr Duration kCatalogPause = std::chrono::minutes{1};

  Notifications(const Services& services, CatalogAccess& catalog);
  ~Notifications();
  Notifications(const Notifications&) = delete;
  Notifications& operator=(const Notifications&) = delete;

  // Begins to deliver. What waits for notifiers that are not configured any more is given up.
  void start(const config::Config& config);
  // An attempt under way ends with the notifier it began with. What waits is tried soon: whoever
  // reloads may have put right what was wrong.
  void reload(const config::Config& config);
  // Ends attempts under way; waits for no receiver.
  [[nodiscard]] Task<> stop();

  // The outbox has new events for these.
  void wake(const std::vector<std::string>& notifiers);

  // Delivers this event past the outbox, once the attempt under way has ended, and says what came
  // of it. Throws invalid_argument (there is no such notifier), shutting_down.
  [[nodiscard]] Task<notify::NotificationResult> deliver_now(std::string notifier,
                                                             notify::Event event);
  // Returns when nothing is left that would be tried within `most`, and after `most` in any case.
  [[nodiscard]] Task<> drain(Duration most);

 private:
  struct Request;
  struct Lane;

  void open(const std::string& name, const config::NotifierSpec& spec);
  Task<> serve(std::shared_ptr<Lane> lane);
  Task<bool> abandon(std::shared_ptr<Lane> lane);
  Task<> give_up_unknown(std::vector<std::string> known);
  Task<> give_up_all(std::string notifier);
  Task<> answer_requests(std::shared_ptr<Lane> lane);
  Task<std::optional<catalog::OutboxEntry>> first_pending(std::shared_ptr<Lane> lane);
  Task<> rest(std::shared_ptr<Lane> lane, std::optional<Time> until);
  Task<> attempt(std::shared_ptr<Lane> lane, catalog::OutboxEntry entry);
  Task<notify::NotificationResult> deliver(std::shared_ptr<notify::Notifier> notifier,
                                           notify::Event event);
  Task<> settle(std::shared_ptr<Lane> lane, catalog::OutboxEntry entry,
                notify::NotificationResult result);
  Task<> put_off(std::shared_ptr<Lane> lane, catalog::OutboxEntry entry,
                 notify::NotificationResult result);
  Task<> give_up(catalog::OutboxEntry entry, std::string why);
  Task<> ask(std::function<void(catalog::Catalog&)> question);
  void spawn(std::string name, Task<> task);

  const Services& services_;
  CatalogAccess& catalog_;
  async::TaskGroup group_;
  async::Event rested_;
  std::map<std::string, std::shared_ptr<Lane>> lanes_;
  bool started_ = false, stopping_ = false;
};

}  // namespace snapshotter::engine
