// Runs code that is meant to end its process, in a child.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>

namespace snapshotter::test {

struct ChildEnd {
  int signal = 0;      // that ended it, or 0
  int status = 0;      // its exit status
  std::string errors;  // what it wrote to standard error
};

template <class Code>
ChildEnd run_in_child(Code code) {
  std::array<int, 2> pipe{};
  if (::pipe(pipe.data()) != 0) throw std::runtime_error("pipe");
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(pipe[1], STDERR_FILENO);
    // Neither Catch2's handler nor a core file: only the signal.
    std::signal(SIGABRT, SIG_DFL);
    std::set_terminate(std::abort);
    code();
    ::_exit(0);
  }
  ::close(pipe[1]);
  ChildEnd end;
  std::array<char, 4096> buffer{};
  for (ssize_t got = 0; (got = ::read(pipe[0], buffer.data(), buffer.size())) > 0;) {
    end.errors.append(buffer.data(), static_cast<std::size_t>(got));
  }
  ::close(pipe[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFSIGNALED(status)) end.signal = WTERMSIG(status);
  if (WIFEXITED(status)) end.status = WEXITSTATUS(status);
  return end;
}

}  // namespace snapshotter::test
