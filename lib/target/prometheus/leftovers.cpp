#include "target/prometheus/leftovers.hpp"

#include "async/offload.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace snapshotter::target::prometheus {
namespace {

namespace json = boost::json;

constexpr std::string_view kRequest = "request";
constexpr std::string_view kSnapshot = "snapshot ";
constexpr std::string_view kMade = "made";
constexpr std::string_view kUnanswered = "unanswered";
constexpr Duration kBetweenLooks = std::chrono::seconds{1};
constexpr int kMostLooks = 10;

struct PendingRequest {
  Time from, until;
  std::set<std::string> existing;

  [[nodiscard]] bool fits(const std::string& name) const {
    const auto stamp = snapshot_stamp(name);
    return stamp && *stamp >= from && *stamp <= until && !existing.contains(name);
  }
};

std::string to_text(const PendingRequest& request) {
  json::array existing;
  for (const std::string& name : request.existing) existing.emplace_back(name);
  return json::serialize(json::object{{"from", to_unix_micros(request.from)},
                                      {"until", to_unix_micros(request.until)},
                                      {"existing", std::move(existing)}});
}

// nullopt: it was written by nobody we know.
std::optional<PendingRequest> from_text(const std::string& text) try {
  const json::value document = json::parse(text);
  PendingRequest request;
  request.from = from_unix_micros(document.at("from").to_number<std::int64_t>());
  request.until = from_unix_micros(document.at("until").to_number<std::int64_t>());
  for (const json::value& name : document.at("existing").as_array()) {
    request.existing.emplace(std::string_view(name.as_string()));
  }
  return request;
} catch (const std::exception&) {
  return std::nullopt;
}

std::string key_of(const std::string& name) { return std::string(kSnapshot) + name; }

Warning attention(std::string path, std::string what) {
  return {Warning::Kind::attention, std::move(path), std::move(what)};
}

}  // namespace

Task<std::vector<std::string>> Leftovers::names() {
  co_return co_await async::offload(surroundings_.pool,
                                    [this](std::stop_token) { return folder_.names(); });
}

Task<> Leftovers::asking(Time until) {
  PendingRequest request;
  request.from = surroundings_.clock.now() - kSkew;
  request.until = until + kSkew;
  const auto there = co_await names();
  for (const std::string& name : there) {
    if (request.fits(name)) request.existing.insert(name);
  }
  co_await surroundings_.memory.put(std::string(kRequest), to_text(request));
}

Task<> Leftovers::made(std::string name) {
  co_await surroundings_.memory.put(key_of(name), std::string(kMade));
  co_await surroundings_.memory.remove(std::string(kRequest));
}

Task<> Leftovers::not_made() { co_await surroundings_.memory.remove(std::string(kRequest)); }

Task<Leftovers::Swept> Leftovers::sweep(Unfinished unfinished) {
  Swept swept;
  Values values = co_await surroundings_.memory.all();
  if (const auto request = values.find(std::string(kRequest)); request != values.end()) {
    std::set<std::string> known;
    for (const auto& [key, value] : values) {
      if (key.starts_with(kSnapshot)) known.insert(key.substr(kSnapshot.size()));
    }
    co_await resolve_request(request->second, known, swept);
    values = co_await surroundings_.memory.all();
  }
  for (const auto& [key, value] : values) {
    if (!key.starts_with(kSnapshot)) continue;
    const bool may_grow = value == kUnanswered;
    if (may_grow && unfinished == Unfinished::leave) continue;
    co_await sweep_one(key.substr(kSnapshot.size()), may_grow, swept);
  }
  co_return swept;
}

Task<> Leftovers::resolve_request(std::string value, std::set<std::string> known, Swept& swept) {
  const auto request = from_text(value);
  std::vector<std::string> candidates;
  std::optional<Warning> problem;
  try {
    const auto there = co_await names();
    for (const std::string& name : there) {
      if (request && request->fits(name) && !known.contains(name)) candidates.push_back(name);
    }
  } catch (const PrometheusBackupError& error) {
    problem = attention(folder_.path(), error.what());
  }
  if (problem) {  // it stays remembered
    swept.problems.push_back(*problem);
    co_return;
  }
  if (candidates.empty() && request && surroundings_.clock.now() <= request->until) co_return;
  if (candidates.size() == 1) {
    co_await surroundings_.memory.put(key_of(candidates.front()), std::string(kUnanswered));
  } else if (!candidates.empty()) {
    swept.problems.push_back(
        attention(folder_.path(), "one of " + join(candidates, ", ") +
                                      " was made for a backup that was interrupted, and pins what "
                                      "is in it on the disk; delete by hand those that nobody "
                                      "needs"));
  }
  co_await surroundings_.memory.remove(std::string(kRequest));
}

Task<> Leftovers::sweep_one(std::string name, bool may_grow, Swept& swept) {
  const auto stamp = snapshot_stamp(name);
  if (!stamp) {  // written by nobody we know
    co_await surroundings_.memory.remove(key_of(name));
    co_return;
  }
  const std::string path = folder_.path_of(name);
  std::optional<Warning> problem;
  bool removed = false;
  try {
    bool settled = true;
    if (may_grow) settled = co_await is_settled(name);
    if (!settled) {
      problem = attention(path,
                          "is still being made by Prometheus, for a backup that has ended; it will "
                          "be deleted before the next one");
    } else {
      removed = co_await async::offload(
          surroundings_.pool, [&](std::stop_token stop) { return folder_.remove(name, stop); });
    }
  } catch (const PrometheusBackupError& error) {
    problem = attention(
        path, "pins what is in it on the disk; delete it by hand: " + std::string(error.what()));
  }
  if (problem) {
    swept.problems.push_back(*problem);
    co_return;
  }
  if (removed) swept.removed.push_back(name);
  const bool is_old = surroundings_.clock.now() - *stamp > kKeepMissing;
  if (removed || is_old) co_await surroundings_.memory.remove(key_of(name));
}

Task<bool> Leftovers::is_settled(std::string name) {
  std::optional<SnapshotsFolder::Look> last;
  for (int looks = 0; looks < kMostLooks; ++looks) {
    const auto look = co_await async::offload(
        surroundings_.pool, [&](std::stop_token stop) { return folder_.look(name, stop); });
    if (!look) co_return true;
    if (last == look && !look->unfinished) co_return true;
    last = look;
    co_await surroundings_.clock.sleep_for(kBetweenLooks);
  }
  co_return false;
}

}  // namespace snapshotter::target::prometheus
