// For the tests of platform::run().
#pragma once

#include "async/worker_pool.hpp"
#include "platform/process.hpp"
#include "support/catch.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <semaphore>
#include <span>
#include <string>

namespace snapshotter::test {

inline void append(std::string& text, std::span<const std::byte> piece) {
  text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
}

// A script of /bin/sh, which sees "$1" and so on.
inline platform::Command shell(const std::string& script, std::vector<std::string> arguments = {}) {
  platform::Command command{{"sh", "-c", script, "sh"}};
  command.argv.insert(command.argv.end(), arguments.begin(), arguments.end());
  return command;
}

inline platform::Exit run_quietly(const platform::Command& command,
                                  const std::stop_token& stop = {}) {
  return platform::run(
      command, [](std::span<const std::byte>) {}, stop);
}

inline std::string text_of(const platform::Command& command) {
  std::string output;
  const platform::Exit exit =
      platform::run(command, [&](std::span<const std::byte> piece) { append(output, piece); }, {});
  if (!exit.good()) output += "[" + to_string(exit) + ": " + exit.messages + "]";
  return output;
}

// Checks at its end that no descriptor is open that was not before, and that there is no child,
// dead or alive. Declared before worker pools of the test.
class NothingLeft {
 public:
  ~NothingLeft() {
    CHECK(descriptors() == before_);
    siginfo_t child{};
    const int found = ::waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT);
    const int error_number = errno;
    CHECK(found == -1);
    CHECK(error_number == ECHILD);
  }

 private:
  static std::ptrdiff_t descriptors() {
    const std::filesystem::directory_iterator folder("/proc/self/fd");
    return std::distance(begin(folder), end(folder));
  }
  std::ptrdiff_t before_ = descriptors();
};

// Waits for the end of a process that need not be a child; false: it is still there.
inline bool ended(pid_t process) {
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, process, 0));
  if (handle < 0) return errno == ESRCH;
  pollfd watched{handle, POLLIN, 0};
  const bool result = ::poll(&watched, 1, 60'000) == 1;
  ::close(handle);
  return result;
}

}  // namespace snapshotter::test
