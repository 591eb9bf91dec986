#include "unit/target/prometheus/world.hpp"

#include "base/error.hpp"
#include "support/catch.hpp"
#include "support/prometheus_blocks.hpp"

#include <algorithm>
#include <utility>

namespace snapshotter::test {
namespace {

constexpr int kMostSteps = 20'000;

template <class Value>
Value of_error(const std::exception_ptr& error, const std::function<Value(const Error&)>& get) {
  if (!error) return {};
  try {
    std::rethrow_exception(error);
  } catch (const Error& it) {
    return get(it);
  }
}

std::string kind_of(target::Warning::Kind kind) {
  using Kind = target::Warning::Kind;
  switch (kind) {
    case Kind::note:
      return "note ";
    case Kind::changed:
      return "changed ";
    case Kind::missing:
      return "missing ";
    case Kind::attention:
      return "attention ";
  }
  return "";
}

}  // namespace

PrometheusWorld::PrometheusWorld(unsigned count) {
  blocks = make_blocks(data, count);
  std::filesystem::create_directories(data / "wal");
  settings.data_dir = data;
}

void PrometheusWorld::back_up(const std::function<void(ScriptedServer&)>& server) {
  error = nullptr;
  report = {};
  archive_ = std::make_unique<MemoryArchive>();
  loop.run(play(server));
}

void PrometheusWorld::recover() {
  error = nullptr;
  loop.run(play_recovery());
}

Task<int> PrometheusWorld::play(std::function<void(ScriptedServer&)> prepare) {
  ScriptedServer server(loop.executor());
  prepare(server);
  auto its = settings;
  const std::string path = its.http.url.path;
  its.http.url = server.url();
  its.http.url.path = path;
  const auto target = target::make_prometheus_target("metrics", its);
  async::TaskGroup group(loop.executor());
  const auto id =
      group.spawn("backup", attempt(*target), [this](std::exception_ptr e) { error = e; });
  const Steady begin = clock.steady_now();
  co_await until_ended(group, id);
  took = clock.steady_now() - begin;
  requests = server.requests();
  co_return 0;
}

Task<int> PrometheusWorld::play_recovery() {
  const auto target = target::make_prometheus_target("metrics", settings);
  async::TaskGroup group(loop.executor());
  const auto id = group.spawn("recovery", attempt_recovery(*target),
                              [this](std::exception_ptr e) { error = e; });
  co_await until_ended(group, id);
  co_return 0;
}

Task<> PrometheusWorld::until_ended(async::TaskGroup& group, async::TaskGroup::Id id) {
  for (int i = 0; i < kMostSteps && group.size() > 0; ++i) {
    co_await clock.settle();
    if (cancel_when && cancel_when()) {
      group.cancel(id);
      cancel_when = nullptr;
    }
    if (group.size() > 0) co_await clock.advance(step);
  }
  const bool ended = group.size() == 0;
  group.cancel_all();
  co_await group.join();
  if (!ended) throw std::runtime_error("it did not end");
}

Task<> PrometheusWorld::attempt(target::BackupTarget& target) {
  target::Context context{
      {loop.executor(), pool_, clock, *random_, memory}, archive_->writer(), progress};
  report = co_await target.backup(context);
}

Task<> PrometheusWorld::attempt_recovery(target::BackupTarget& target) {
  target::Surroundings surroundings{loop.executor(), pool_, clock, *random_, memory};
  co_await target.recover(surroundings);
}

std::string PrometheusWorld::make_snapshot(const std::string& name) const {
  const auto snapshot = data / "snapshots" / name;
  std::filesystem::create_directories(snapshot);
  using Options = std::filesystem::copy_options;
  for (const std::string& block : blocks) {
    std::filesystem::copy(data / block, snapshot / block,
                          Options::recursive | Options::create_hard_links);
  }
  return name;
}

http::Response PrometheusWorld::named(const std::string& name) {
  return reply(200, R"({"status":"success","data":{"name":")" + name + "\"}}");
}

http::Response PrometheusWorld::answer(const http::Request& request) const {
  if (request.path.find("/admin/tsdb/snapshot") == std::string::npos) return reply(404);
  return named(make_snapshot());
}

std::vector<std::string> PrometheusWorld::snapshots() const {
  std::vector<std::string> names;
  if (!std::filesystem::exists(data / "snapshots")) return names;
  for (const auto& entry : std::filesystem::directory_iterator(data / "snapshots")) {
    names.push_back(entry.path().filename());
  }
  std::ranges::sort(names);
  return names;
}

std::string PrometheusWorld::what() const {
  return of_error<std::string>(error, [](const Error& it) { return std::string(it.what()); });
}
std::string PrometheusWorld::advice() const {
  return of_error<std::string>(error, [](const Error& it) { return it.advice(); });
}
bool PrometheusWorld::retryable() const {
  return of_error<bool>(error, [](const Error& it) { return it.retryable(); });
}
bool PrometheusWorld::cancelled() const {
  return of_error<bool>(
      error, [](const Error& it) { return dynamic_cast<const CancelledError*>(&it) != nullptr; });
}

std::vector<std::string> PrometheusWorld::warnings() const {
  std::vector<std::string> list;
  for (const auto& warning : report.warnings) {
    list.push_back(kind_of(warning.kind) + warning.path + ": " + warning.what);
  }
  return list;
}

std::map<std::string, Member> PrometheusWorld::members() {
  return members_by_path(archive_->finish());
}

}  // namespace snapshotter::test
