// What the container engine said, in words for people. Pure.
#pragma once

#include "base/error.hpp"
#include "http/client.hpp"

#include <optional>
#include <string>

namespace snapshotter::target::postgresql {

struct ContainerState {
  // The engine's own words (Docker Engine API, "Inspect a container", State.Status; podman knows
  // more). absent: there is no such container.
  enum class Status { running, paused, restarting, exited, dead, created, absent, other };
  Status status = Status::absent;
  std::string id;
  std::string started_at;  // changes with each start
  int exit_code = 0;       // of its main program
  bool out_of_memory = false;
};

// What errors are about: "run pg_dumpall in container" 'NAME'.
struct ExecSubject {
  std::string doing;
  std::string container;
};

// Why nothing can be run in a container that is not running.
[[nodiscard]] Error::Parts not_running(const ExecSubject& subject, const ContainerState& state,
                                       const std::string& engine_program);

// What happened to a container while a program ran in it: what `before` and `now` tell; nullopt
// when nothing did. `engine_program`: "docker" or "podman", for commands in advice.
[[nodiscard]] std::optional<Error::Parts> what_happened(const ExecSubject& subject,
                                                        const ContainerState& before,
                                                        const ContainerState& now,
                                                        const std::string& engine_program);

// Why the engine could not be asked. `engine` is its address, without secrets.
[[nodiscard]] Error::Parts engine_silent(const ExecSubject& subject, const http::HttpError& error,
                                         const std::string& engine);

}  // namespace snapshotter::target::postgresql
