#include "target/postgresql/database_session.hpp"

#include "async/deadline.hpp"
#include "target/postgresql/container_exec.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace snapshotter::target::postgresql {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kPrefix = "snapshotter-";
constexpr std::size_t kDigits = 24;

constexpr Duration kPause = 200ms;
constexpr Duration kLimit = 10s;
constexpr Duration kStartGrace = 2s;
// A forgotten program's end can only be told from its sessions: so often there must be none.
constexpr int kQuietRounds = 3;

bool is_name(std::string_view text) {
  return text.size() == kPrefix.size() + kDigits && text.starts_with(kPrefix) &&
         text.substr(kPrefix.size()).find_first_not_of("0123456789abcdef") ==
             std::string_view::npos;
}

class SessionEnder {
 public:
  SessionEnder(EngineClient& engine, const ContainerSettings& settings, DatabaseSession session,
               Surroundings& surroundings)
      : engine_(engine),
        settings_(settings),
        session_(std::move(session)),
        surroundings_(surroundings) {}

  Task<> end() {
    const auto begin = surroundings_.clock.steady_now();
    for (int quiet = 0;;) {
      const auto container = co_await engine_.inspect_container(session_.container);
      if (!may_hold_programs(container)) co_return;
      const auto program = co_await engine_.inspect_exec(session_.exec);
      if (program.phase == ExecState::Phase::ended) co_return;
      if (program.phase == ExecState::Phase::created &&
          surroundings_.clock.steady_now() - begin >= kStartGrace)
        co_return;
      const auto ended = co_await terminate(container);
      quiet = ended == 0 ? quiet + 1 : 0;
      if (program.phase == ExecState::Phase::forgotten && quiet == kQuietRounds) co_return;
      co_await surroundings_.clock.sleep_for(kPause);
    }
  }

 private:
  bool may_hold_programs(const ContainerState& container) const {
    switch (container.status) {
      case ContainerState::Status::paused:
        throw DatabaseBackupError(not_running(engine_.subject(), container, engine_.program()));
      case ContainerState::Status::running:
      case ContainerState::Status::other:
        return true;
      default:
        return false;
    }
  }

  // How many sessions there were; nullopt: could not be asked, as by a server that has just no
  // connection to spare.
  Task<std::optional<std::size_t>> terminate(ContainerState container) {
    ExecSpec spec;
    spec.container = container.id;
    spec.user = settings_.container_user;
    spec.environment = session_environment(settings_.login, "snapshotter");
    spec.argv = {"psql",
                 "-X",
                 "-w",
                 "-A",
                 "-t",
                 "-d",
                 "postgres",
                 "-c",
                 "select pg_terminate_backend(pid) from pg_stat_activity where application_name "
                 "= '" +
                     session_.name + "'"};
    std::size_t lines = 0;
    const Output count = [&](std::span<const std::byte> output) {
      lines += static_cast<std::size_t>(std::ranges::count(output, std::byte{'\n'}));
    };
    try {
      ExecRun run;
      run.id = co_await create_exec(engine_, std::move(spec), container);
      run.program = "psql";
      run.before = container;
      run.stall_timeout = kLimit;
      const auto result = co_await run_exec(engine_, run, count, surroundings_);
      if (result.exit_code == 0) co_return lines;
    } catch (const EngineSilent&) {
      throw;
    } catch (const DatabaseBackupError&) {  // the next round sees whether it matters
    }
    co_return std::nullopt;
  }

  EngineClient& engine_;
  const ContainerSettings& settings_;
  const DatabaseSession session_;
  Surroundings& surroundings_;
};

}  // namespace

std::string DatabaseSession::new_name(platform::Random& random) {
  return std::string(kPrefix) + platform::random_hex(random, kDigits);
}

std::string DatabaseSession::to_memory() const { return exec + " " + container; }

std::optional<DatabaseSession> DatabaseSession::from_memory(const std::string& key,
                                                            const std::string& value) {
  const auto space = value.find(' ');
  if (!is_name(key) || space == std::string::npos) return std::nullopt;
  return DatabaseSession{key, value.substr(0, space), value.substr(space + 1)};
}

std::vector<std::string> session_environment(const Login& login, const std::string& name) {
  std::vector<std::string> environment{"PGUSER=" + login.user, "PGAPPNAME=" + name,
                                       "PGCONNECT_TIMEOUT=10", "LC_ALL=C"};
  if (!login.password.empty()) environment.push_back("PGPASSWORD=" + login.password.reveal());
  return environment;
}

Task<> end_session(EngineClient& engine, const ContainerSettings& settings, DatabaseSession session,
                   Surroundings& surroundings) {
  SessionEnder ender(engine, settings, std::move(session), surroundings);
  Error::Parts late{engine.subject().doing, engine.subject().container, "it still runs"};
  try {
    co_await async::with_deadline(ender.end(), surroundings.clock.sleep_for(kLimit),
                                  std::move(late));
  } catch (const TimeoutError&) {
    throw DatabaseBackupError({"end what was run in container", engine.subject().container,
                               "10 s after its sessions were ended it still runs",
                               "look at it: " + engine.program() + " top " +
                                   engine.subject().container +
                                   "; the next backup and the next start try again"});
  }
}

}  // namespace snapshotter::target::postgresql
