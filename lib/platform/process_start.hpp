// Inside lib/platform only: a program on its way from fork to exec.
#pragma once

#include "platform/process.hpp"
#include "platform/unique_fd.hpp"

#include <sys/types.h>

namespace snapshotter::platform {

struct StartedProgram {
  pid_t id = -1;
  UniqueFd handle;    // a pidfd: readable once the program has ended, reaped or not
  UniqueFd output;    // its standard output, for reading without waiting
  UniqueFd messages;  // its standard error
  UniqueFd failure;   // see throw_if_not_executed()
};

// Forks. That the program could be executed is known when it, or the child in its place, has ended.
// Throws SystemError where there is no process, no descriptor or no sense in the command.
[[nodiscard]] StartedProgram start_program(const Command& command);

// After the end: throws the SystemError of a child that could not become the program.
void throw_if_not_executed(const Command& command, const StartedProgram& program);

}  // namespace snapshotter::platform
