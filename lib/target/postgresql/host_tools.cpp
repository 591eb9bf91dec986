#include "async/deadline.hpp"
#include "async/offload.hpp"
#include "base/error.hpp"
#include "platform/process.hpp"
#include "target/postgresql/client_tools.hpp"

#include <atomic>
#include <cerrno>
#include <utility>

namespace snapshotter::target::postgresql {
namespace {

// Of one address; a name may have several.
constexpr std::string_view kConnectTimeout = "15";
// A suspended machine must not pass for a silent program: only time that both could use counts, in
// pieces of this fraction.
constexpr int kPieces = 8;

// Written by the worker, read by the loop.
struct Activity {
  std::atomic<std::uint64_t> pieces{0};
  std::atomic<bool> taking{false};  // output() is busy: the program waits for us
};

[[noreturn]] void cannot_run(const std::string& program, const SystemError& error) {
  const bool absent = error.error_number() == ENOENT;
  throw DatabaseBackupError(
      {.doing = "run",
       .subject = program,
       .why = absent ? "the program is not installed" : error.why(),
       .advice = absent ? "install postgresql-client, or set 'bin_dir'" : error.advice(),
       .retryable = !absent && error.retryable(),
       .error_number = error.error_number()});
}

// It ended, but processes that it had started still held its output, and were ended.
[[noreturn]] void cut_short(const std::string& program) {
  throw DatabaseBackupError({.doing = "run",
                             .subject = program,
                             .why = "it left processes behind that were still writing",
                             .advice = "look at what 'bin_dir' or PATH finds under this name",
                             .retryable = true});
}

ToolResult run_program(const platform::Command& command, const Output& output, Activity& activity,
                       const std::stop_token& stop) {
  const auto take = [&](std::span<const std::byte> bytes) {
    activity.taking = true;
    output(bytes);
    activity.taking = false;
    ++activity.pieces;
  };
  try {
    platform::Exit exit = platform::run(command, take, stop);
    if (exit.left_children) cut_short(command.argv[0]);
    return {exit.signal != 0 ? 128 + exit.signal : exit.code, std::move(exit.messages)};
  } catch (const SystemError& error) {
    cannot_run(command.argv[0], error);
  }
}

Task<> silent_for(const Activity& activity, platform::Clock& clock, Duration limit) {
  auto seen = activity.pieces.load();
  for (int quiet = 0; quiet < kPieces;) {
    co_await clock.sleep_for(limit / kPieces);
    const auto now = activity.pieces.load();
    quiet = now == seen && !activity.taking ? quiet + 1 : 0;
    seen = now;
  }
}

class HostTools : public ClientTools {
 public:
  explicit HostTools(HostSettings settings) : settings_(std::move(settings)) {}

  std::string where() const override {
    if (!settings_.service.empty()) return "service '" + settings_.service + "'";
    const std::string host = settings_.host.empty() ? "this host" : settings_.host;
    return "server " + host + ":" + std::to_string(settings_.port);
  }

  Task<ToolResult> run(std::vector<std::string> argv, const Output& output,
                       Surroundings& surroundings) override {
    const platform::Command command = command_for(std::move(argv));
    Activity activity;
    ToolResult result;
    Error::Parts silent{.doing = "run " + command.argv[0],
                        .subject = where(),
                        .why = "it wrote nothing for " + to_string(settings_.stall_timeout),
                        .advice =
                            "look for a lock in pg_locks that it waits for, or raise "
                            "'stall_timeout'",
                        .retryable = true};
    std::optional<Error::Parts> stalled;
    try {
      co_await async::with_deadline(
          run_on_worker(command, output, activity, surroundings, result),
          silent_for(activity, surroundings.clock, settings_.stall_timeout), silent);
    } catch (const TimeoutError& error) {
      stalled = error.parts();
    }
    if (stalled) throw DatabaseBackupError(*std::move(stalled));
    co_return result;
  }

  // Nothing is left: a program whose reader died ends at its next write, and its session with it.
  Task<> recover(Surroundings&) override { co_return; }

 private:
  static Task<> run_on_worker(const platform::Command& command, const Output& output,
                              Activity& activity, Surroundings& surroundings, ToolResult& result) {
    result = co_await async::offload(surroundings.pool, [&](std::stop_token stop) {
      return run_program(command, output, activity, stop);
    });
  }

  platform::Command command_for(std::vector<std::string> argv) const;

  const HostSettings settings_;
};

// Everything by environment: arguments are there for all to see. What the configuration does not
// say is left to libpq, with its own variables and files.
platform::Command HostTools::command_for(std::vector<std::string> argv) const {
  platform::Command command;
  command.argv = std::move(argv);
  if (!settings_.bin_dir.empty()) command.argv[0] = settings_.bin_dir + "/" + command.argv[0];
  auto& environment = command.environment;
  environment["LC_ALL"] = "C";
  environment["LANGUAGE"] = std::nullopt;  // gettext would prefer it
  environment["PGAPPNAME"] = "snapshotter";
  environment["PGCONNECT_TIMEOUT"] = kConnectTimeout;
  environment["PGCLIENTENCODING"] = std::nullopt;  // dumps are in the database's own
  environment["PGDATABASE"] = std::nullopt;
  environment["PGPORT"] = std::to_string(settings_.port);
  environment["PGUSER"] = settings_.login.user;
  if (!settings_.host.empty()) {
    environment["PGHOST"] = settings_.host;
    environment["PGHOSTADDR"] = std::nullopt;
  }
  if (!settings_.login.password.empty()) {
    environment["PGPASSWORD"] = settings_.login.password.reveal();
  }
  if (!settings_.sslmode.empty()) environment["PGSSLMODE"] = settings_.sslmode;
  if (!settings_.service.empty()) environment["PGSERVICE"] = settings_.service;
  return command;
}

}  // namespace

std::unique_ptr<ClientTools> make_host_tools(HostSettings settings) {
  return std::make_unique<HostTools>(std::move(settings));
}

}  // namespace snapshotter::target::postgresql
