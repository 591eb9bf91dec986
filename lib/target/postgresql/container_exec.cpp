#include "target/postgresql/container_exec.hpp"

#include "async/cleanup.hpp"
#include "target/postgresql/exec_stream.hpp"
#include "target/postgresql/frame_parser.hpp"

#include <chrono>
#include <exception>
#include <optional>
#include <utility>

namespace snapshotter::target::postgresql {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPollPause = 50ms;
constexpr Duration kPollLimit = 30s;
constexpr Duration kAftermath = 2s;

// What a shell and the engines say of a program that could not be started; none of PostgreSQL's
// programs ends with them.
constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;
constexpr int kKilled = 128 + 9;

Error::Parts about(const EngineClient& engine, std::string why, std::string advice = {},
                   bool retryable = false) {
  return {engine.subject().doing, engine.subject().container, std::move(why), std::move(advice),
          retryable};
}

// Throws what happened to the container, if anything did.
Task<ContainerState> check_container(EngineClient& engine, ContainerState before) {
  const auto now = co_await engine.inspect_container(before.id);
  auto happened = what_happened(engine.subject(), before, now, engine.program());
  if (happened) throw DatabaseBackupError(std::move(*happened));
  co_return now;
}

std::exception_ptr broken(const EngineClient& engine, const ExecRun& run,
                          const http::HttpError& error) {
  if (error.step() != http::HttpError::Step::stalled)
    return std::make_exception_ptr(engine.silent(error));
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(run.stall_timeout);
  return std::make_exception_ptr(DatabaseBackupError(about(
      engine, run.program + " wrote nothing for " + std::to_string(minutes.count()) + " minutes",
      "does it wait for a lock? select * from pg_stat_activity where wait_event_type = "
      "'Lock'",
      true)));
}

Task<StreamEnd> take_output(EngineClient& engine, ExecRun& run, const Output& output,
                            Surroundings& surroundings) {
  std::exception_ptr failure;
  co_await async::check_cancelled();
  run.may_run = true;
  try {
    const auto exchange = co_await engine.start_exec(run.id);
    co_return co_await take_stream(*exchange, output, surroundings);
  } catch (const EngineRefusal& refusal) {
    run.may_run = refusal.status() >= 500;
    failure = std::current_exception();
  } catch (const http::HttpError& error) {
    failure = broken(engine, run, error);
  } catch (const FrameError& error) {
    failure = std::make_exception_ptr(DatabaseBackupError(
        about(engine, std::string("what the engine sent can't be read: ") + error.what())));
  }
  co_await check_container(engine, run.before);
  std::rethrow_exception(failure);
}

// As the engine says: its word is the only proof that a program has ended.
Task<int> ask_exit_code(EngineClient& engine, const ExecRun& run, platform::Clock& clock) {
  const auto end = clock.steady_now() + kPollLimit;
  for (;;) {
    const auto state = co_await engine.inspect_exec(run.id);
    if (state.phase == ExecState::Phase::ended) co_return state.exit_code;
    if (state.phase == ExecState::Phase::forgotten) {
      co_await check_container(engine, run.before);
      throw DatabaseBackupError(
          about(engine,
                "whether " + run.program + " finished can't be known: the engine has forgotten it",
                "was the engine restarted?", true));
    }
    if (clock.steady_now() >= end) {
      co_await check_container(engine, run.before);
      throw DatabaseBackupError(
          about(engine,
                "whether " + run.program +
                    " finished can't be known: its output has ended, but for 30 s the engine has "
                    "not said that it has",
                "look at the container: " + engine.program() + " top " + engine.subject().container,
                true));
    }
    co_await clock.sleep_for(kPollPause);
  }
}

Task<int> exit_code_of(EngineClient& engine, const ExecRun& run, platform::Clock& clock) {
  try {
    co_return co_await ask_exit_code(engine, run, clock);
  } catch (const EngineSilent& error) {
    auto parts = error.parts();
    parts.why = "whether " + run.program + " finished can't be known: " + parts.why;
    throw EngineSilent(std::move(parts));
  }
}

// Throws what happened to the container when that ended the program. An engine says so a moment
// after it has said that the program was killed.
Task<> look_for_cause(EngineClient& engine, const ExecRun& run, int exit_code,
                      platform::Clock& clock) {
  const auto end = clock.steady_now() + kAftermath;
  for (;;) {
    const auto now = co_await check_container(engine, run.before);
    if (exit_code != kKilled) co_return;
    if (now.out_of_memory)
      throw DatabaseBackupError(
          about(engine, run.program + " was killed for want of memory",
                "give the container more: " + engine.program() + " update --memory", true));
    if (clock.steady_now() >= end) co_return;
    co_await clock.sleep_for(kPollPause);
  }
}

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \r\n\t");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \r\n\t") - begin + 1);
}

// Docker puts its reason into the output, podman into the messages.
Error::Parts not_started(const EngineClient& engine, const ExecRun& run, const StreamEnd& end) {
  const auto reason = trimmed(end.messages.empty() ? end.opening : end.messages);
  return about(engine, run.program + " could not be started in the container: " + reason,
               "see that the container's image holds PostgreSQL's client programs, and that "
               "'container_user', if set, exists in it");
}

}  // namespace

Task<std::string> create_exec(EngineClient& engine, ExecSpec spec, ContainerState before) {
  std::exception_ptr refused;
  try {
    co_return co_await engine.create_exec(std::move(spec));
  } catch (const EngineRefusal&) {
    refused = std::current_exception();
  }
  co_await check_container(engine, before);
  std::rethrow_exception(refused);
}

Task<ToolResult> run_exec(EngineClient& engine, ExecRun& run, const Output& output,
                          Surroundings& surroundings) {
  auto end = co_await take_output(engine, run, output, surroundings);
  const auto exit_code = co_await exit_code_of(engine, run, surroundings.clock);
  run.may_run = false;
  if (exit_code == kNotExecutable || exit_code == kNotFound)
    throw DatabaseBackupError(not_started(engine, run, end));
  if (exit_code != 0) co_await look_for_cause(engine, run, exit_code, surroundings.clock);
  if (!end.engine_errors.empty())
    throw DatabaseBackupError(
        about(engine, "the engine reports: " + trimmed(end.engine_errors), {}, true));
  if (!end.whole)
    throw DatabaseBackupError(about(engine, "the stream of the engine broke off", {}, true));
  ToolResult result{exit_code, std::move(end.messages)};
  co_return result;
}

}  // namespace snapshotter::target::postgresql
