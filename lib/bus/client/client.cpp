#include "bus/client/client.hpp"

#include "bus/sdbus_compat.hpp"

#include <org_snapshotter1_proxy.hpp>
#include <systemd/sd-bus.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <map>

namespace snapshotter::bus {
namespace {

constexpr const char* kService = "org.snapshotter1";
constexpr const char* kRoot = "/org/snapshotter1";
constexpr const char* kRunPrefix = "/org/snapshotter1/run";

constexpr std::chrono::seconds kQuick{30};
constexpr std::chrono::hours kLong{24};

std::string bus_name(Client::Place place) {
  return place == Client::Place::system ? "system bus" : "session bus";
}

// Nothing but calls: without registerProxy() no signal arrives here.
class Manager final : public sdbus::ProxyInterfaces<org::snapshotter1::Manager_proxy> {
 public:
  explicit Manager(sdbus::IConnection& connection)
      : ProxyInterfaces(connection, compat::ServiceName(kService), sdbus::ObjectPath(kRoot)) {}
  ~Manager() = default;

 private:
  void onRunStarted(const sdbus::ObjectPath&, const std::string&) override {}
  void onRunFinished(const sdbus::ObjectPath&, const std::string&, const std::string&) override {}
};

std::string run_id(const sdbus::ObjectPath& path) {
  char* decoded = nullptr;
  if (sd_bus_path_decode(path.c_str(), kRunPrefix, &decoded) <= 0) {
    throw Error({"understand the daemon's answer", path, "this is no path of a run"});
  }
  const std::unique_ptr<char, decltype(&std::free)> owned(decoded, &std::free);
  return owned.get();
}

// Nobody has the name, or nobody could be started to take it.
bool is_not_running(const std::string& name) {
  return name == "org.freedesktop.DBus.Error.ServiceUnknown" ||
         name == "org.freedesktop.DBus.Error.NameHasNoOwner" ||
         name.starts_with("org.freedesktop.DBus.Error.Spawn.") ||
         name.starts_with("org.freedesktop.systemd1.");
}

bool is_no_answer(const std::string& name) {
  static constexpr std::array kNames{"org.freedesktop.DBus.Error.NoReply",
                                     "org.freedesktop.DBus.Error.Timeout",
                                     "org.freedesktop.DBus.Error.TimedOut",
                                     "org.freedesktop.DBus.Error.Disconnected",
                                     "org.freedesktop.DBus.Error.NoServer",
                                     "System.Error.ECONNRESET",
                                     "System.Error.ENOTCONN",
                                     "System.Error.ETIMEDOUT",
                                     "org.freedesktop.DBus.Error.FileNotFound",
                                     "org.freedesktop.DBus.Error.IOError"};
  for (const auto* known : kNames) {
    if (name == known) return true;
  }
  return false;
}

std::string one_line(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '.')) text.pop_back();
  return text;
}

[[noreturn]] void rethrow(const sdbus::Error& error, Client::Place place) {
  const std::string& name = error.getName();
  const bool system = place == Client::Place::system;
  const std::string doing = "reach snapshotterd on the " + bus_name(place);
  if (is_not_running(name)) {
    throw CannotStartError({doing, "", "it is not running",
                            system ? "start it with: systemctl start snapshotterd"
                                   : "start it with: snapshotterd --bus session"});
  }
  if (is_no_answer(name)) {
    throw CannotStartError({doing, "", one_line(error.getMessage()),
                            system ? "see: journalctl -u snapshotterd" : "is it still running?"});
  }
  if (name == traits(ErrorKind::access_denied).dbus_name) {
    const Error denied(
        {"do this", "", "you are not allowed to",
         "become root; members of the group snapshotter may look, start and cancel"});
    throw ServerError(ErrorKind::access_denied, denied.what());
  }
  throw ServerError(kind_of(name), error.getMessage());
}

std::unique_ptr<sdbus::IConnection> connect(Client::Place place) {
  const bool system = place == Client::Place::system;
  try {
    return system ? sdbus::createSystemBusConnection() : sdbus::createSessionBusConnection();
  } catch (const sdbus::Error& error) {
    throw CannotStartError({"connect to the " + bus_name(place), "", one_line(error.getMessage()),
                            system ? "is D-Bus running (`systemctl status dbus`)?"
                                   : "is DBUS_SESSION_BUS_ADDRESS set, and does that bus run?"});
  }
}

}  // namespace

ServerError::ServerError(ErrorKind kind, std::string message)
    : RequestError({"do this", "", message}, kind), message_(std::move(message)) {}

ErrorKind kind_of(const std::string& dbus_name) {
  // Several kinds share a name. The requests are the kinds that a daemon answers with, so they are
  // looked at before the others.
  constexpr auto kFirstRequest = static_cast<int>(ErrorKind::no_such_job);
  constexpr auto kLast = static_cast<int>(ErrorKind::access_denied);
  for (int i = kFirstRequest; i <= kLast; ++i) {
    if (traits(static_cast<ErrorKind>(i)).dbus_name == dbus_name) return static_cast<ErrorKind>(i);
  }
  for (int i = 0; i < kFirstRequest; ++i) {
    if (traits(static_cast<ErrorKind>(i)).dbus_name == dbus_name) return static_cast<ErrorKind>(i);
  }
  return ErrorKind::internal;
}

struct Client::Impl {
  explicit Impl(Place where) : place(where), connection(connect(where)), manager(*connection) {}

  template <class Call>
  auto call(std::chrono::microseconds timeout, Call what) {
    try {
      connection->setMethodCallTimeout(timeout);
      return what();
    } catch (const sdbus::Error& error) {
      rethrow(error, place);
    }
  }

  Place place;
  std::unique_ptr<sdbus::IConnection> connection;
  Manager manager;
};

Client::Client(Place place) : impl_(std::make_unique<Impl>(place)) {}
Client::~Client() = default;

std::string Client::state() {
  return impl_->call(kQuick, [&] { return impl_->manager.State(); });
}

std::string Client::describe_status() {
  return impl_->call(kQuick, [&] { return impl_->manager.DescribeStatus(); });
}

std::string Client::describe_jobs(const std::string& job) {
  return impl_->call(kQuick, [&] { return impl_->manager.DescribeJobs(job); });
}

std::string Client::describe_runs(const RunsFilter& filter) {
  std::map<std::string, sdbus::Variant> given;
  if (!filter.job.empty()) given.emplace("job", sdbus::Variant(filter.job));
  if (filter.failed) given.emplace("failed", sdbus::Variant(true));
  if (filter.limit > 0) given.emplace("limit", sdbus::Variant(filter.limit));
  if (filter.since) {
    const auto since = std::max<std::int64_t>(0, to_unix_micros(*filter.since));
    given.emplace("since", sdbus::Variant(static_cast<std::uint64_t>(since)));
  }
  return impl_->call(kQuick, [&] { return impl_->manager.DescribeRuns(given); });
}

std::string Client::describe_run(const std::string& id) {
  return impl_->call(kQuick, [&] { return impl_->manager.DescribeRun(id); });
}

std::string Client::describe_backups(const std::string& job, const std::string& target) {
  return impl_->call(kQuick, [&] { return impl_->manager.DescribeBackups(job, target); });
}

std::string Client::describe_notifiers() {
  return impl_->call(kQuick, [&] { return impl_->manager.DescribeNotifiers(); });
}

std::string Client::test_notifier(const std::string& name) {
  return impl_->call(kLong, [&] { return impl_->manager.TestNotifier(name); });
}

std::string Client::trigger(const std::string& job, const std::vector<std::string>& targets) {
  return impl_->call(kQuick, [&] {
    if (targets.empty()) return run_id(impl_->manager.TriggerRun(job));
    const std::map<std::string, sdbus::Variant> options{{"targets", sdbus::Variant(targets)}};
    return run_id(impl_->manager.TriggerRunWithOptions(job, options));
  });
}

std::string Client::verify(const std::vector<std::string>& ids) {
  return impl_->call(kLong, [&] { return run_id(impl_->manager.Verify(ids)); });
}

void Client::cancel(const std::string& run) {
  impl_->call(kQuick, [&] { impl_->manager.CancelRun(run); });
}

std::vector<std::pair<std::string, std::string>> Client::prune(const std::string& job,
                                                               bool dry_run) {
  return impl_->call(kLong, [&] {
    std::vector<std::pair<std::string, std::string>> removed;
    for (const auto& row : impl_->manager.Prune(job, dry_run)) {
      removed.emplace_back(std::get<0>(row), std::get<1>(row));
    }
    return removed;
  });
}

void Client::reload() {
  impl_->call(kLong, [&] { impl_->manager.Reload(); });
}

void Client::rescan() {
  impl_->call(kLong, [&] { impl_->manager.Rescan(); });
}

}  // namespace snapshotter::bus
