// One program in a container, from its creation to an end that is known for sure.
#pragma once

#include "target/postgresql/client_tools.hpp"
#include "target/postgresql/engine_client.hpp"

#include <string>

namespace snapshotter::target::postgresql {

// `before`: the container as it was found, running. When the engine refuses, the error says what
// has become of the container, if that is why. Throws DatabaseBackupError.
[[nodiscard]] Task<std::string> create_exec(EngineClient& engine, ExecSpec spec,
                                            ContainerState before);

struct ExecRun {
  std::string id;
  std::string program;    // for messages
  ContainerState before;  // as for create_exec()
  Duration stall_timeout{};
  // After a failure: whether the program may be running still.
  bool may_run = false;
};

// Starts it, takes its output, and asks the engine until it is known to have ended, for at most
// 30 s after its output has. Returns however the program ended by itself.
//
// Throws DatabaseBackupError when it could not be started, or when its end is not its own or not
// known: the container was stopped, restarted, removed or paused, the engine went away, the stream
// broke off, nothing came for stall_timeout. What `output` throws passes through, CancelledError
// too; the program is not ended then, database_session.hpp does that.
[[nodiscard]] Task<ToolResult> run_exec(EngineClient& engine, ExecRun& run, const Output& output,
                                        Surroundings& surroundings);

}  // namespace snapshotter::target::postgresql
