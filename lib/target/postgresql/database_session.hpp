// Ending what runs in a container without killing it.
//
// A program in a container is not to be killed: its children (pg_dumpall's pg_dump) go to the
// container's process 1, and where that is PostgreSQL itself, it takes the death of such an orphan
// for a crash of its own and restarts the database. So each program gets a name for its sessions in
// the database (PGAPPNAME, which children inherit), the sessions are ended by pg_terminate_backend,
// and the program fails by itself.
#pragma once

#include "target/postgresql/client_tools.hpp"
#include "target/postgresql/engine_client.hpp"

#include <optional>
#include <string>
#include <vector>

namespace snapshotter::target::postgresql {

// A program started in a container. Remembered (Memory) from before its start until it is known to
// have ended, by its name.
struct DatabaseSession {
  std::string name;       // "snapshotter-" and 24 hexadecimal digits
  std::string exec;       // the engine's id of the program
  std::string container;  // the engine's id

  [[nodiscard]] static std::string new_name(platform::Random& random);
  // What Memory holds beside the name.
  [[nodiscard]] std::string to_memory() const;
  // nullopt: this entry is none of ours.
  [[nodiscard]] static std::optional<DatabaseSession> from_memory(const std::string& key,
                                                                  const std::string& value);
};

// The environment of a program in the container. `name`: of its sessions.
[[nodiscard]] std::vector<std::string> session_environment(const Login& login,
                                                           const std::string& name);

// Ends the sessions, again and again, for pg_dumpall may begin the next while one is ended, until
// the engine says that the program has ended, or the container does not run any more. Returns at
// once when that is so already; takes a few tenths of a second otherwise, 10 s at most, after which
// it throws DatabaseBackupError. Throws that also when the container is paused, and EngineSilent.
// A program that the engine was told to start and has not begun after 2 s is not going to.
[[nodiscard]] Task<> end_session(EngineClient& engine, const ContainerSettings& settings,
                                 DatabaseSession session, Surroundings& surroundings);

}  // namespace snapshotter::target::postgresql
