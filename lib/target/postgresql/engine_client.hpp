// The few calls of the Docker Engine API that running a program in a container takes.
//
// Docker 20.10 (API up to 1.41), Docker 29 (API from 1.44) and podman 4 and 5 (1.41) have no
// version of the API in common, and paths without one are deprecated: connect() asks for the
// engine's newest and uses that, but none newer than 1.44, for later ones are unknown here. 1.25 is
// the oldest that takes an environment for a program. All facts about answers were measured with
// Docker 20.10.24 and podman 4.3.1.
#pragma once

#include "base/error.hpp"
#include "http/client.hpp"
#include "target/postgresql/client_tools.hpp"
#include "target/postgresql/container_words.hpp"

#include <memory>
#include <string>
#include <vector>

namespace snapshotter::target::postgresql {

// There was no answer: nothing is known.
class EngineSilent : public DatabaseBackupError {
 public:
  using DatabaseBackupError::DatabaseBackupError;
};

// The engine said no. why() quotes its words.
class EngineRefusal : public DatabaseBackupError {
 public:
  EngineRefusal(unsigned status, Error::Parts parts)
      : DatabaseBackupError(std::move(parts)), status_(status) {}
  [[nodiscard]] unsigned status() const noexcept { return status_; }

 private:
  unsigned status_;
};

// An exec is one program that the engine runs in a container.
struct ExecSpec {
  std::string container;
  std::vector<std::string> argv;
  std::vector<std::string> environment;  // "NAME=value"
  std::string user;                      // empty: the container's
};

struct ExecState {
  // created: not started (yet). forgotten: the engine knows no such exec (any more): the container
  // was stopped, or the engine restarted.
  enum class Phase { created, running, ended, forgotten };
  Phase phase = Phase::forgotten;
  int exit_code = 0;  // of one that has ended
};

// Loop thread. Everything throws EngineSilent, EngineRefusal, and CancelledError on cancellation;
// an answer has 30 s.
class EngineClient {
 public:
  EngineClient(const ContainerSettings& settings, ExecSubject subject, platform::Clock& clock);
  ~EngineClient();
  EngineClient(const EngineClient&) = delete;
  EngineClient& operator=(const EngineClient&) = delete;

  // Before anything else: whether it is there, and which version it speaks.
  [[nodiscard]] Task<> connect();
  [[nodiscard]] Task<ContainerState> inspect_container(std::string name);
  // Returns its id. Nothing runs yet. A container that is paused or stopped is refused (409, by
  // podman 500).
  [[nodiscard]] Task<std::string> create_exec(ExecSpec spec);
  // The program's output, in frames (frame_parser.hpp). Every end of it looks alike, also when the
  // container or the engine is killed: ask inspect_exec().
  //
  // Not cancellable: podman, left by its client in the middle of a start, says that the program has
  // failed, and lets it run without anybody to write to; where that kills a child of process 1, it
  // may cost the database (database_session.hpp).
  [[nodiscard]] Task<std::unique_ptr<http::Exchange>> start_exec(std::string id);
  [[nodiscard]] Task<ExecState> inspect_exec(std::string id);

  // "docker" or "podman": its command, for advice.
  [[nodiscard]] const std::string& program() const noexcept;
  [[nodiscard]] const ExecSubject& subject() const noexcept;
  // What to throw for an exchange of start_exec() that broke off.
  [[nodiscard]] EngineSilent silent(const http::HttpError& error) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace snapshotter::target::postgresql
