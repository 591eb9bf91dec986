#include "engine/notifications.hpp"

#include "async/cleanup.hpp"
#include "async/deadline.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "base/units.hpp"
#include "engine/events.hpp"
#include "notify/retry_policy.hpp"
#include "telemetry/message_ids.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace snapshotter::engine {

using notify::NotificationResult;
using Outcome = NotificationResult::Outcome;

Time due_at(const catalog::OutboxEntry& entry, bool hurry, Time left_alone_until, Time now) {
  Time due = entry.next_attempt.value_or(now);
  if (hurry && entry.last_attempt) {
    const auto soonest = std::max(*entry.last_attempt + notify::kShortestPause, left_alone_until);
    due = std::min(due, soonest);
  }
  return due > now + notify::kLongestPause ? now : due;
}

// An event to be delivered past the outbox.
struct Notifications::Request {
  Request(boost::asio::any_io_executor loop, notify::Event what)
      : event(std::move(what)), answered(std::move(loop)) {}
  notify::Event event;
  async::Event answered;
  std::optional<NotificationResult> result;  // none: it was not tried
};

// One notifier's way.
struct Notifications::Lane {
  Lane(boost::asio::any_io_executor loop, std::string of) : name(std::move(of)), wake(loop) {}

  const std::string name;
  std::shared_ptr<notify::Notifier> notifier;  // null: it is not configured any more
  async::Event wake;
  bool hurry = false;  // there is reason to try before the pause has passed
  Time left_alone_until{};
  std::deque<std::shared_ptr<Request>> requests;
  std::optional<Time> resting_until;  // Time::max(): nothing waits; nullopt: it works
};

namespace {

std::string about(const catalog::OutboxEntry& entry) {
  auto text = "notifier '" + entry.notifier + "': event " + entry.kind;
  if (!entry.job.empty()) text += " of job " + entry.job;
  return text;
}

Task<> reach(platform::Clock& clock, Time time) { (void)co_await clock.wait_until(time); }

// Until it is set, or `expiry` has come.
Task<> wait_at_most(async::Event& event, Task<> expiry) {
  const Error::Parts parts{"wait", "", "the time has come"};
  try {
    co_await async::with_deadline(event.wait(), std::move(expiry), parts);
  } catch (const TimeoutError&) {
    // As good as an event.
  }
}

Task<> change(CatalogAccess& catalog, const std::function<void(catalog::Catalog&)>& what) {
  co_await catalog.call([&](catalog::Catalog& records) { what(records); });
}

}  // namespace

Notifications::Notifications(const Services& services, CatalogAccess& catalog)
    : services_(services), catalog_(catalog), group_(services.loop), rested_(services.loop) {}

Notifications::~Notifications() = default;

void Notifications::spawn(std::string name, Task<> task) {
  group_.spawn(name, std::move(task), [log = services_.log, name](std::exception_ptr error) {
    if (!error) return;
    try {
      std::rethrow_exception(error);
    } catch (const CancelledError&) {
      // stop()
    } catch (const std::exception& failure) {
      log.error(name + " ends until the next start: " + failure.what());
    }
  });
}

void Notifications::open(const std::string& name, const config::NotifierSpec& spec) {
  auto lane = std::make_shared<Lane>(services_.loop, name);
  lane->notifier = spec.notifier;
  lanes_[name] = lane;
  spawn("delivery to notifier '" + name + "'", serve(lane));
}

void Notifications::start(const config::Config& config) {
  started_ = true;
  std::vector<std::string> known;
  for (const auto& [name, spec] : config.notifiers) {
    known.push_back(name);
    open(name, spec);
  }
  spawn("giving up what waits for unknown notifiers", give_up_unknown(known));
}

void Notifications::reload(const config::Config& config) {
  if (!started_ || stopping_) return;
  for (const auto& [name, lane] : lanes_) {
    const auto spec = config.notifiers.find(name);
    lane->notifier = spec == config.notifiers.end() ? nullptr : spec->second.notifier;
    lane->left_alone_until = {};
    lane->hurry = true;
    lane->wake.set();
  }
  for (const auto& [name, spec] : config.notifiers) {
    if (!lanes_.contains(name)) open(name, spec);
  }
}

Task<> Notifications::stop() {
  stopping_ = true;
  group_.cancel_all();
  co_await group_.join();
  for (const auto& [name, lane] : lanes_) {
    for (const auto& request : lane->requests) request->answered.set();
  }
}

void Notifications::wake(const std::vector<std::string>& notifiers) {
  for (const auto& name : notifiers) {
    const auto lane = lanes_.find(name);
    if (lane == lanes_.end()) continue;
    lane->second->hurry = true;
    lane->second->resting_until.reset();
    lane->second->wake.set();
  }
}

Task<NotificationResult> Notifications::deliver_now(std::string notifier, notify::Event event) {
  const Error::Parts stopped{"send to notifier", notifier, "the daemon is shutting down"};
  if (stopping_) throw RequestError(stopped, ErrorKind::shutting_down);
  const auto lane = lanes_.find(notifier);
  if (lane == lanes_.end()) {
    std::vector<std::string> names;
    for (const auto& [name, known] : lanes_) names.push_back(name);
    throw RequestError({"send to notifier", notifier,
                        "there is no such notifier" + suggestion(notifier, names),
                        "`snapshotctl notify list` names them"});
  }
  const auto request = std::make_shared<Request>(services_.loop, std::move(event));
  lane->second->requests.push_back(request);
  lane->second->wake.set();
  co_await request->answered.wait();
  if (request->result) co_return *request->result;
  if (stopping_) throw RequestError(stopped, ErrorKind::shutting_down);
  throw RequestError({"send to notifier", notifier, "it is not configured any more"});
}

Task<> Notifications::drain(Duration most) {
  const auto end = services_.clock.steady_now() + most;
  for (;;) {
    const auto left = end - services_.clock.steady_now();
    const auto horizon = services_.clock.now() + left;
    const bool quiet = std::ranges::all_of(lanes_, [&](const auto& entry) {
      return entry.second->resting_until && *entry.second->resting_until > horizon;
    });
    if (quiet || left <= Duration::zero()) co_return;
    co_await wait_at_most(rested_, services_.clock.sleep_for(left));
  }
}

Task<> Notifications::serve(std::shared_ptr<Lane> lane) {
  for (;;) {
    if (lane->notifier == nullptr) {
      if (co_await abandon(lane)) co_return;
      continue;
    }
    co_await answer_requests(lane);
    const auto entry = co_await first_pending(lane);
    if (lane->notifier == nullptr || !lane->requests.empty()) continue;
    const auto now = services_.clock.now();
    const auto due = entry ? due_at(*entry, lane->hurry, lane->left_alone_until, now) : Time::max();
    if (due <= now) {
      co_await attempt(lane, *entry);
    } else {
      lane->resting_until = due;
      rested_.set();
      if (entry) {
        co_await wait_at_most(lane->wake, reach(services_.clock, due));
      } else {
        co_await lane->wake.wait();
      }
      lane->resting_until.reset();
    }
  }
}

// False: it is configured again.
Task<bool> Notifications::abandon(std::shared_ptr<Lane> lane) {
  co_await give_up_all(lane->name);
  if (lane->notifier != nullptr) co_return false;
  for (const auto& request : lane->requests) request->answered.set();
  lanes_.erase(lane->name);
  rested_.set();
  co_return true;
}

Task<> Notifications::give_up_unknown(std::vector<std::string> known) {
  std::vector<catalog::DeliveryStatus> all;
  co_await ask([&](catalog::Catalog& records) { all = records.deliveries(); });
  for (const auto& status : all) {
    const bool unknown = std::ranges::count(known, status.notifier) == 0;
    // One that a reload has brought back meanwhile has a lane.
    if (unknown && status.pending > 0 && !lanes_.contains(status.notifier)) {
      co_await give_up_all(status.notifier);
    }
  }
}

Task<> Notifications::give_up_all(std::string notifier) {
  constexpr auto kWhy = "no longer configured";
  const auto now = services_.clock.now();
  std::uint64_t count = 0;
  co_await ask(
      [&](catalog::Catalog& records) { count = records.give_up_all(notifier, now, kWhy); });
  if (count == 0) co_return;
  services_.log.error("notifier '" + notifier + "' is " + kWhy + ": " + std::to_string(count) +
                          (count == 1 ? " event is" : " events are") + " given up",
                      {.message_id = std::string(telemetry::kNotificationGivenUp)});
}

Task<> Notifications::answer_requests(std::shared_ptr<Lane> lane) {
  while (!lane->requests.empty() && lane->notifier != nullptr) {
    const auto request = lane->requests.front();
    request->result = co_await deliver(lane->notifier, request->event);
    lane->requests.pop_front();
    request->answered.set();
  }
}

Task<std::optional<catalog::OutboxEntry>> Notifications::first_pending(std::shared_ptr<Lane> lane) {
  std::optional<catalog::OutboxEntry> entry;
  co_await ask([&](catalog::Catalog& records) { entry = records.first_pending(lane->name); });
  co_return entry;
}

Task<> Notifications::attempt(std::shared_ptr<Lane> lane, catalog::OutboxEntry entry) {
  lane->hurry = false;
  auto result = co_await deliver(lane->notifier, event_of(entry));
  const auto now = services_.clock.now();
  ++entry.attempts;
  entry.last_attempt = now;
  entry.last_answer = result.answer;
  co_await settle(std::move(lane), std::move(entry), std::move(result));
}

Task<NotificationResult> Notifications::deliver(std::shared_ptr<notify::Notifier> notifier,
                                                notify::Event event) {
  NotificationResult result;
  try {
    result = co_await notifier->deliver(event, services_.clock);
  } catch (const CancelledError&) {
    throw;
  } catch (const std::exception& failure) {
    result.outcome = Outcome::retry;
    result.answer = std::string("unexpected: ") + failure.what();
  }
  co_return result;
}

Task<> Notifications::settle(std::shared_ptr<Lane> lane, catalog::OutboxEntry entry,
                             NotificationResult result) {
  const auto now = *entry.last_attempt;
  if (result.outcome == Outcome::retry) {
    if (now - entry.at <= notify::kGiveUpAfter) {
      co_await put_off(std::move(lane), std::move(entry), std::move(result));
      co_return;
    }
    co_await give_up(std::move(entry), "not delivered within " + to_string(notify::kGiveUpAfter) +
                                           ": " + result.answer);
  } else if (result.outcome == Outcome::rejected) {
    co_await give_up(std::move(entry), "rejected: " + result.answer);
  } else {
    const auto text = about(entry) + " delivered: " + result.answer;
    const auto log = services_.log.with({.job = entry.job});
    if (entry.attempts > 1) {
      log.info(text + ", at attempt " + std::to_string(entry.attempts));
    } else {
      log.debug(text);
    }
    co_await ask(
        [&](catalog::Catalog& records) { records.mark_delivered(entry, now, entry.last_answer); });
  }
}

Task<> Notifications::put_off(std::shared_ptr<Lane> lane, catalog::OutboxEntry entry,
                              NotificationResult result) {
  const auto now = *entry.last_attempt;
  const auto pause = notify::pause_after(entry.attempts, result.not_before, services_.random);
  entry.next_attempt = now + pause;
  if (result.not_before) {
    lane->left_alone_until = now + std::min(*result.not_before, notify::kLongestPause);
  }
  const auto text = about(entry) + " was not delivered: " + entry.last_answer +
                    "; the next attempt is in " +
                    to_string(std::chrono::ceil<std::chrono::seconds>(pause));
  const auto level =
      entry.attempts == 1 ? telemetry::LogLevel::warning : telemetry::LogLevel::debug;
  services_.log.log(level, text, {.job = entry.job});
  co_await ask([&](catalog::Catalog& records) { records.put_off(entry); });
}

Task<> Notifications::give_up(catalog::OutboxEntry entry, std::string why) {
  services_.log.error(
      about(entry) + " is given up: " + why,
      {.job = entry.job, .message_id = std::string(telemetry::kNotificationGivenUp)});
  const auto now = services_.clock.now();
  co_await ask([&](catalog::Catalog& records) { records.give_up(entry, now, why); });
}

// Until the catalog has answered: an event that can't be struck out would be delivered over and
// over.
Task<> Notifications::ask(std::function<void(catalog::Catalog&)> question) {
  for (bool first = true;; first = false) {
    std::string error;
    try {
      // Also when stop() comes in between: what was delivered is noted.
      co_await async::shielded(change(catalog_, question));
      co_return;
    } catch (const Error& failure) {
      error = failure.what();
    }
    if (first) services_.log.error("notifications wait: " + error);
    co_await services_.clock.sleep_for(kCatalogPause);
  }
}

}  // namespace snapshotter::engine
