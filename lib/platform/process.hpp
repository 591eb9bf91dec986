// Programs started and awaited.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace snapshotter::platform {

struct Command {
  std::vector<std::string> argv;  // argv[0] is looked for in the PATH of `environment` when it
                                  // holds no '/'
  // On top of this process's own environment without what is meant for the daemon alone:
  // NOTIFY_SOCKET, WATCHDOG_*, LISTEN_*, CREDENTIALS_DIRECTORY, INVOCATION_ID, JOURNAL_STREAM.
  // nullopt removes a variable.
  std::map<std::string, std::optional<std::string>> environment = {};
  std::string directory = "/";
  std::size_t messages_limit = 16 * 1024;  // of its standard error the last so many bytes are kept
  // What a program has between SIGTERM and SIGKILL when it is asked to stop.
  std::chrono::milliseconds grace = std::chrono::seconds{10};
};

struct Exit {
  int code = 0;               // of a program that ended by itself
  int signal = 0;             // that ended it; 0: none
  std::string messages;       // end of its standard error
  bool messages_cut = false;  // there was more of it
  [[nodiscard]] bool good() const noexcept { return code == 0 && signal == 0; }
};
// "exit code 3", "killed by SIGSEGV".
[[nodiscard]] std::string to_string(const Exit& exit);

// Runs a program to its end, giving its standard output piece by piece to `output` in the calling
// thread. Blocking; for workers. Standard input is /dev/null, no other descriptor of this process
// is inherited, signals are at their defaults, umask 077.
//
// The program leads a process group of its own and gets SIGTERM when this process dies. When `stop`
// is requested or `output` throws, the group gets SIGTERM, after `grace` SIGKILL, and the call ends
// after the program has: with CancelledError, or with what `output` threw. Nothing of the group is
// left then; nor when the program ends by itself and leaves children that hold its output open:
// they are ended in the same way a second later.
//
// Throws SystemError when it can't be started (error_number(): ENOENT, EACCES, …). No message holds
// an argument beyond argv[0], or anything of the environment.
Exit run(const Command& command, const std::function<void(std::span<const std::byte>)>& output,
         const std::stop_token& stop);

}  // namespace snapshotter::platform
