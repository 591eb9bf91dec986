#include "engine/scheduler.hpp"

#include "base/error.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace snapshotter::engine {
namespace {

std::chrono::sys_seconds seconds_of(Time time) {
  return std::chrono::floor<std::chrono::seconds>(time);
}

}  // namespace

Scheduler::Scheduler(const Services& services, OnDue on_due)
    : services_(services), on_due_(std::move(on_due)), group_(services.loop) {}

void Scheduler::restore(std::map<std::string, Time> answered) { answered_ = std::move(answered); }

void Scheduler::set_jobs(const config::Config& config) {
  const auto before = std::exchange(entries_, {});
  queue_.clear();
  const auto now = services_.clock.now();
  for (const auto& [name, job] : config.jobs) {
    if (!job.schedule) continue;
    const auto jitter = schedule::stable_jitter(services_.machine_id, name, job.jitter);
    auto& entry =
        entries_.emplace(name, Entry{*job.schedule, job.timezone, job.dst, jitter, {}, {}})
            .first->second;
    auto& answered = answered_.try_emplace(name, now).first->second;
    forget_future(name, answered, now);
    // What a changed schedule would have fired earlier today was not missed.
    const auto old = before.find(name);
    const bool changed = running_ && (old == before.end() || !old->second.fires_like(entry));
    arm(name, entry, changed ? std::max(answered, now) : answered);
  }
  if (running_) restart();
}

void Scheduler::forget_future(const std::string& job, Time& answered, Time now) {
  if (answered <= now + kFarFuture) return;
  services_.log.with({.job = job})
      .warning("the last firing on record, " + to_rfc3339(answered) +
               ", lies in the future: the clock was wrong then; counting from now");
  answered = now;
}

// After the clock was set: what was answered in a future that is not to come counts no more.
void Scheduler::look_again() {
  const auto now = services_.clock.now();
  for (auto& [name, entry] : entries_) {
    auto& answered = answered_.at(name);
    if (answered <= now + kFarFuture) continue;
    forget_future(name, answered, now);
    queue_.erase({entry.due, name});
    arm(name, entry, answered);
  }
}

bool Scheduler::Entry::fires_like(const Entry& other) const {
  return expression.text() == other.expression.text() && zone.name() == other.zone.name() &&
         dst == other.dst && jitter == other.jitter;
}

void Scheduler::arm(const std::string& job, Entry& entry, Time after) {
  const auto next = entry.expression.next(seconds_of(after), entry.zone, entry.dst);
  if (!next) return;  // past the year 2200
  entry.scheduled = *next;
  entry.due = *next + entry.jitter;
  queue_.emplace(entry.due, job);
}

void Scheduler::start() {
  running_ = true;
  restart();
}

Task<> Scheduler::stop() {
  running_ = false;
  group_.cancel_all();
  co_await group_.join();
}

void Scheduler::restart() {
  group_.cancel_all();
  if (queue_.empty()) return;
  group_.spawn("scheduler", sleep_and_fire(), [this](std::exception_ptr error) {
    if (!error) return;
    try {
      std::rethrow_exception(error);
    } catch (const CancelledError&) {
      // stop(), or a restart of its own.
    } catch (const std::exception& failure) {
      // No timer to be had. A daemon that does not fire is worse than one that is started anew.
      services_.log.error(std::string("the scheduler can't go on: ") + failure.what());
      std::terminate();
    }
  });
}

Task<> Scheduler::sleep_and_fire() {
  while (!queue_.empty()) {
    const auto woke = co_await services_.clock.wait_until(queue_.begin()->first);
    if (woke == platform::Clock::Woke::clock_changed) look_again();
    fire_due();
  }
}

void Scheduler::fire_due() {
  const auto now = services_.clock.now();
  while (!queue_.empty() && queue_.begin()->first <= now) {
    const auto job = queue_.begin()->second;
    queue_.erase(queue_.begin());
    auto& entry = entries_.at(job);
    Due due{job, entry.scheduled, entry.scheduled, now - entry.due > kLate};
    // Missed firings are answered together, up to now – but not one that is only waiting for its
    // jitter to pass.
    if (due.missed) due.answered = std::max(entry.scheduled, now - entry.jitter);
    answered_[job] = due.answered;
    arm(job, entry, due.answered);
    on_due_(due);
  }
}

std::optional<Time> Scheduler::next(const std::string& job) const {
  const auto found = entries_.find(job);
  if (found == entries_.end() || found->second.due == Time{}) return std::nullopt;
  return found->second.due;
}

std::optional<Time> Scheduler::next_of_all() const {
  if (queue_.empty()) return std::nullopt;
  return queue_.begin()->first;
}

}  // namespace snapshotter::engine
