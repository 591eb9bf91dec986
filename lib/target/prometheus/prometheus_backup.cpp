#include "target/prometheus/prometheus_backup.hpp"

#include "async/cleanup.hpp"
#include "async/deadline.hpp"
#include "async/event.hpp"
#include "async/offload.hpp"
#include "async/task_group.hpp"
#include "base/text.hpp"

#include <boost/json.hpp>

#include <optional>
#include <utility>

namespace snapshotter::target::prometheus {
namespace {

namespace json = boost::json;
using Unfinished = Leftovers::Unfinished;

// The contract gives a second to end a cancelled backup.
constexpr Duration kAfterCancel = std::chrono::milliseconds{800};
constexpr Duration kUntilVisible = std::chrono::seconds{10};
constexpr Duration kBetweenLooks = std::chrono::milliseconds{200};
constexpr Duration kSweep = std::chrono::seconds{30};

Error::Parts too_slow(const SnapshotsFolder& folder) {
  return {"delete snapshots in", folder.path(), "it takes longer than " + to_string(kSweep),
          "it is tried again before the next backup; is the file system all right?", true};
}

Task<> sweep_into(Leftovers& leftovers, Unfinished unfinished, Leftovers::Swept& swept) {
  swept = co_await leftovers.sweep(unfinished);
}

// Bounded; what goes wrong is a problem in the result.
Task<Leftovers::Swept> sweep_within(Leftovers& leftovers, const SnapshotsFolder& folder,
                                    platform::Clock& clock, Unfinished unfinished) {
  Leftovers::Swept swept;
  std::optional<Warning> problem;
  const Error::Parts parts = too_slow(folder);
  try {
    co_await async::with_deadline(sweep_into(leftovers, unfinished, swept), clock.sleep_for(kSweep),
                                  parts);
  } catch (const CancelledError&) {
    throw;
  } catch (const Error& error) {
    problem = Warning{Warning::Kind::attention, folder.path(), error.what()};
  }
  if (problem) swept.problems.push_back(*problem);
  co_return swept;
}

Task<> wait_for(async::Event& event, platform::Clock& clock, Duration patience) {
  const Error::Parts parts{"get an answer from", "Prometheus", "there was none", "", true};
  try {
    co_await async::with_deadline(event.wait(), clock.sleep_for(patience), parts);
  } catch (const TimeoutError&) {
  }
}

Task<> store_name(Server& server, bool skip_head, std::string& name) {
  name = co_await server.make_snapshot(skip_head);
}

json::object to_json(const SavedBlock& block) {
  return {{"ulid", block.meta.ulid},
          {"min_time", to_rfc3339(block.meta.min_time)},
          {"max_time", to_rfc3339(block.meta.max_time)},
          {"series", block.meta.series},
          {"samples", block.meta.samples},
          {"chunks", block.meta.chunks},
          {"bytes", block.bytes},
          {"level", block.meta.level}};
}

}  // namespace

Backup::Backup(const PrometheusSettings& settings, const SnapshotsFolder& folder, Context& context)
    : settings_(settings),
      folder_(folder),
      context_(context),
      server_(settings.http, settings.timeout, context.clock),
      leftovers_(context, folder) {}

Task<Report> Backup::run() {
  co_await async::offload(context_.pool, [this](std::stop_token) { folder_.check(); });
  co_await sweep(Unfinished::wait);
  std::exception_ptr failure;
  bool cancelled = false;
  try {
    co_await save();
  } catch (const CancelledError&) {
    cancelled = true;
    failure = std::current_exception();
  } catch (...) {
    failure = std::current_exception();
  }
  const auto unfinished = cancelled ? Unfinished::leave : Unfinished::wait;
  co_await async::shielded(sweep(unfinished));
  if (failure) std::rethrow_exception(failure);
  co_return std::move(report_);
}

Task<> Backup::sweep(Unfinished unfinished) {
  Leftovers::Swept swept = co_await sweep_within(leftovers_, folder_, context_.clock, unfinished);
  for (Warning& problem : swept.problems) report_.add(std::move(problem));
  for (const std::string& name : swept.removed) {
    if (name == name_) continue;
    report_.add({Warning::Kind::note, folder_.path_of(name),
                 "was left by an earlier backup that was interrupted, and has been deleted"});
  }
}

Task<> Backup::save() {
  const std::string version = co_await server_.version();
  co_await make_snapshot();
  co_await wait_until_complete();
  const SavedSnapshot saved = co_await async::offload(context_.pool, [this](std::stop_token stop) {
    const auto snapshot = folder_.open(name_);
    return save_snapshot(snapshot.get(), folder_.path_of(name_), context_.archive,
                         context_.progress, report_, stop);
  });
  if (saved.blocks.empty()) {
    throw PrometheusBackupError({"back up snapshot", folder_.path_of(name_),
                                 "none of its blocks can be used",
                                 "ask 'promtool tsdb list' about data_dir"});
  }
  describe(saved, version);
}

Task<> Backup::make_snapshot() {
  const Time until = context_.clock.now() + settings_.timeout + settings_.http.connect_timeout;
  bool cancelled = false;
  try {
    co_await leftovers_.asking(until);
    co_await async::check_cancelled();
  } catch (const CancelledError&) {
    cancelled = true;
  }
  if (cancelled) {
    co_await async::shielded(leftovers_.not_made());
    throw CancelledError("make a snapshot");
  }
  Asked asked;
  co_await ask(asked);
  co_await async::shielded(settle(asked));
  co_await async::check_cancelled();
  if (asked.failure) std::rethrow_exception(asked.failure);
}

// The request is a task of its own, so that a cancel of this one does not end it at once.
Task<> Backup::ask(Asked& asked) {
  async::TaskGroup group(context_.loop);
  async::Event answered(context_.loop);
  group.spawn("prometheus snapshot", store_name(server_, settings_.skip_head, asked.name),
              [&](std::exception_ptr failure) {
                asked.failure = failure;
                answered.set();
              });
  bool cancelled = false;
  try {
    co_await answered.wait();
  } catch (const CancelledError&) {
    cancelled = true;
  }
  if (cancelled) co_await async::shielded(wait_for(answered, context_.clock, kAfterCancel));
  group.cancel_all();
  co_await group.join();
}

// Remembers what the answer says.
Task<> Backup::settle(const Asked& asked) {
  if (!asked.failure) {
    name_ = asked.name;
    co_await leftovers_.made(name_);
    co_return;
  }
  bool may_exist = true;
  try {
    std::rethrow_exception(asked.failure);
  } catch (const SnapshotError& error) {
    may_exist = error.may_exist();
  } catch (...) {
  }
  if (!may_exist) co_await leftovers_.not_made();
}

Task<> Backup::wait_until_complete() {
  const Steady end = context_.clock.steady_now() + kUntilVisible;
  std::optional<SnapshotsFolder::Look> last;
  for (;;) {
    const auto look = co_await async::offload(
        context_.pool, [this](std::stop_token stop) { return folder_.look(name_, stop); });
    const bool complete = look && last == look && !look->unfinished;
    if (complete) check_not_empty(*look);
    if (complete) break;
    last = look;
    if (context_.clock.steady_now() >= end) break;
    co_await context_.clock.sleep_for(kBetweenLooks);
  }
  if (!last) co_await fail_invisible();
  if (last->unfinished) {
    throw PrometheusBackupError({"back up snapshot", folder_.path_of(name_),
                                 "Prometheus said that it is complete, and still writes to it", "",
                                 true});
  }
  context_.progress.bytes_total = last->bytes;
}

void Backup::check_not_empty(const SnapshotsFolder::Look& look) const {
  if (look.blocks > 0) return;
  throw PrometheusBackupError(
      {"back up snapshot", folder_.path_of(name_), "there is no block in it",
       settings_.skip_head
           ? "with skip_head only whole 2-hour blocks are saved: wait until Prometheus has one, or "
             "leave skip_head out"
           : "Prometheus has no samples yet: look at what it scrapes",
       true});
}

Task<> Backup::fail_invisible() {
  const std::string path = co_await server_.data_path();
  std::string why = "snapshot " + name_ + " was made, but is not there";
  if (!path.empty()) why += "; the server says its data is in '" + printable(path) + "'";
  throw PrometheusBackupError(
      {"find the snapshot in", folder_.path(), std::move(why),
       "set data_dir to where this machine sees the server's data folder; the snapshot pins what "
       "is in it on the disk until it is deleted, which is done when it is found"});
}

void Backup::describe(const SavedSnapshot& saved, const std::string& version) {
  json::array blocks;
  std::uint64_t samples = 0, chunks = 0, bytes = 0;
  for (const SavedBlock& block : saved.blocks) {
    blocks.push_back(to_json(block));
    samples += block.meta.samples;
    chunks += block.meta.chunks;
    bytes += block.bytes;
  }
  const json::object totals{
      {"blocks", blocks.size()}, {"samples", samples}, {"chunks", chunks}, {"bytes", bytes}};
  report_.source = json::serialize(json::object{{"version", version},
                                                {"snapshot", name_},
                                                {"skip_head", settings_.skip_head},
                                                {"blocks", std::move(blocks)},
                                                {"totals", totals}});
}

Task<> recover(const SnapshotsFolder& folder, Surroundings& surroundings) {
  Leftovers leftovers(surroundings, folder);
  const Leftovers::Swept swept =
      co_await sweep_within(leftovers, folder, surroundings.clock, Unfinished::wait);
  if (swept.problems.empty()) co_return;
  const Warning& first = swept.problems.front();
  throw PrometheusBackupError(
      {"delete what an interrupted backup left at", first.path, first.what, "", true});
}

}  // namespace snapshotter::target::prometheus
