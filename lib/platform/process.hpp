// Programs started and awaited. Linux 5.9 or newer (pidfd_open(2), close_range(2)).
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
  // argv[0] is looked for in the PATH of `environment` when it holds no '/': in its absolute
  // folders only. A relative path with a '/' starts at `directory`.
  std::vector<std::string> argv;
  // On top of this process's own environment without what is meant for the daemon alone:
  // NOTIFY_SOCKET, WATCHDOG_*, LISTEN_*, CREDENTIALS_DIRECTORY, INVOCATION_ID, JOURNAL_STREAM.
  // nullopt removes a variable.
  std::map<std::string, std::optional<std::string>> environment = {};
  std::string directory = "/";
  std::size_t messages_limit = 16 * 1024;  // of its standard error the last so many bytes are kept
  // What a program has between SIGTERM and SIGKILL when it is asked to stop; a day at most.
  std::chrono::milliseconds grace = std::chrono::seconds{10};
};

struct Exit {
  int code = 0;    // of a program that ended by itself
  int signal = 0;  // that ended it; 0: none
  // It left children that still held its standard output open and had to be ended: what they would
  // have written is missing, whatever `code` says.
  bool left_children = false;
  // The end of its standard error, any bytes. Where there was more of it (messages_cut), it begins
  // with a whole line, unless the last line alone is too long.
  std::string messages;
  bool messages_cut = false;
  [[nodiscard]] bool good() const noexcept { return code == 0 && signal == 0 && !left_children; }
};
// "exit code 3", "killed by SIGSEGV", "exit code 0, but its children went on writing".
[[nodiscard]] std::string to_string(const Exit& exit);

// Runs a program to its end, giving its standard output piece by piece (256 KiB at most) to
// `output` in the calling thread. Blocking; for workers; any number of threads at a time. Standard
// input is /dev/null, no other descriptor of this process is inherited, signals are at their
// defaults and unblocked, umask 077, and there is no terminal to ask for a password on. Standard
// error is read all the time, so that no flood of it stops the program.
//
// The program leads a session and a process group of its own and gets SIGTERM when the calling
// thread dies (PR_SET_PDEATHSIG is bound to that thread): as that waits here, when this process
// dies. The kernel drops this for programs that change their user (sudo, runuser) and does not
// extend it to children; these end when they next write into the broken pipe.
//
// When `stop` is requested or `output` throws, the group gets SIGTERM, after `grace` SIGKILL, and
// the call ends after the program has: with CancelledError, or with what `output` threw. Nothing of
// the group is left then; nor when the program ends by itself and leaves children that hold its
// output or standard error open: once no output has come for a second, they are ended in the same
// way. Children that hold neither are left alone. A second after SIGKILL the pipes are closed, for
// those who have left the group, and for a program that this process may not signal (sudo), which
// ends when it next writes. Until it does, and as long as a program is in a system call that can't
// be interrupted (a file server that is gone), the call waits: nothing can end those. `stop` after
// the end of the program changes nothing. Requested before, the program is not started.
//
// Throws SystemError when it can't be started (error_number(): ENOENT, EACCES, ENOEXEC for a script
// without "#!", E2BIG, …; EINVAL without argv[0], or with a NUL in a text). No message holds an
// argument beyond argv[0], or anything of the environment.
Exit run(const Command& command, const std::function<void(std::span<const std::byte>)>& output,
         const std::stop_token& stop);

}  // namespace snapshotter::platform
