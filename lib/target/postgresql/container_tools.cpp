// PostgreSQL's programs run through a container engine: which calls in which order, and what is
// left in memory meanwhile. How a program is run to a known end: container_exec.hpp; how one is
// ended: database_session.hpp.
#include "async/cleanup.hpp"
#include "target/postgresql/client_tools.hpp"
#include "target/postgresql/container_exec.hpp"
#include "target/postgresql/database_session.hpp"

#include <exception>
#include <utility>

namespace snapshotter::target::postgresql {
namespace {

class ContainerTools : public ClientTools {
 public:
  explicit ContainerTools(ContainerSettings settings) : settings_(std::move(settings)) {}

  std::string where() const override { return "container '" + settings_.container + "'"; }

  Task<ToolResult> run(std::vector<std::string> argv, const Output& output,
                       Surroundings& surroundings) override {
    ExecSubject subject{"run " + argv.front() + " in container", settings_.container};
    EngineClient engine(settings_, std::move(subject), surroundings.clock);
    co_await engine.connect();
    co_await end_leftovers(surroundings);
    ExecRun run;
    run.program = argv.front();
    run.stall_timeout = settings_.stall_timeout;
    run.before = co_await engine.inspect_container(settings_.container);
    if (run.before.status != ContainerState::Status::running)
      throw DatabaseBackupError(not_running(engine.subject(), run.before, engine.program()));
    DatabaseSession session;
    session.name = DatabaseSession::new_name(surroundings.random);
    session.container = run.before.id;
    ExecSpec spec;
    spec.container = run.before.id;
    spec.argv = std::move(argv);
    spec.environment = session_environment(settings_.login, session.name);
    spec.user = settings_.container_user;
    session.exec = co_await create_exec(engine, std::move(spec), run.before);
    run.id = session.exec;
    co_return co_await run_remembered(engine, run, session, output, surroundings);
  }

  Task<> recover(Surroundings& surroundings) override {
    const auto remembered = co_await surroundings.memory.all();
    std::exception_ptr failure;
    for (const auto& [key, value] : remembered) {
      auto session = DatabaseSession::from_memory(key, value);
      if (!session) continue;
      try {
        co_await end_leftover(std::move(*session), surroundings);
      } catch (const DatabaseBackupError&) {
        failure = std::current_exception();
      }
    }
    if (failure) std::rethrow_exception(failure);
  }

 private:
  Task<ToolResult> run_remembered(EngineClient& engine, ExecRun& run, DatabaseSession session,
                                  const Output& output, Surroundings& surroundings) {
    ToolResult result;
    std::exception_ptr failure;
    try {
      co_await surroundings.memory.put(session.name, session.to_memory());
      result = co_await run_exec(engine, run, output, surroundings);
    } catch (...) {
      failure = std::current_exception();
    }
    co_await async::shielded(
        forget_when_ended(engine, run.may_run, std::move(session), failure, surroundings));
    if (failure) std::rethrow_exception(failure);
    co_return result;
  }

  // What can't be ended now stays in memory. A failure then has been told already, but a cancelled
  // run would look as if nothing was left.
  Task<> forget_when_ended(EngineClient& engine, bool may_run, DatabaseSession session,
                           std::exception_ptr& failure, Surroundings& surroundings) {
    try {
      if (may_run) co_await end_session(engine, settings_, session, surroundings);
      co_await surroundings.memory.remove(session.name);
    } catch (const Error&) {
      if (!failure || is_cancelled(failure)) failure = std::current_exception();
    }
  }

  static bool is_cancelled(const std::exception_ptr& failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const CancelledError&) {
      return true;
    } catch (...) {
      return false;
    }
  }

  Task<> end_leftover(DatabaseSession session, Surroundings& surroundings) {
    ExecSubject subject{"end what a former run left in container", settings_.container};
    EngineClient engine(settings_, std::move(subject), surroundings.clock);
    co_await engine.connect();
    const auto name = session.name;
    co_await end_session(engine, settings_, std::move(session), surroundings);
    co_await surroundings.memory.remove(name);
  }

  // What can't be ended is no reason to have no backup: only recover() tells.
  Task<> end_leftovers(Surroundings& surroundings) {
    try {
      co_await recover(surroundings);
    } catch (const DatabaseBackupError&) {
    }
  }

  const ContainerSettings settings_;
};

}  // namespace

std::unique_ptr<ClientTools> make_container_tools(ContainerSettings settings) {
  return std::make_unique<ContainerTools>(std::move(settings));
}

}  // namespace snapshotter::target::postgresql
