#include "platform/process_start.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "platform/system_file.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <string_view>

namespace snapshotter::platform {
namespace {

using Environment = std::map<std::string, std::string>;

// What systemd tells a service about itself. A child that has NOTIFY_SOCKET speaks for the daemon.
constexpr std::array<std::string_view, 4> kOwnNames{"NOTIFY_SOCKET", "CREDENTIALS_DIRECTORY",
                                                    "INVOCATION_ID", "JOURNAL_STREAM"};
constexpr std::array<std::string_view, 2> kOwnPrefixes{"WATCHDOG_", "LISTEN_"};
// What systemd gives its services.
constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
// A pipe's default of 64 KiB costs a switch to and fro for each. More than 1 MiB is privileged.
constexpr int kPipeSize = 1 << 20;
// Where the child's descriptors end: 0, 1, 2, and the one that reports a failure.
constexpr int kFailureFd = 3;

enum class Step : int { prepare, enter_directory, execute };
struct Failure {
  Step step;
  int error_number;
};

bool is_own(std::string_view name) {
  return std::find(kOwnNames.begin(), kOwnNames.end(), name) != kOwnNames.end() ||
         std::any_of(kOwnPrefixes.begin(), kOwnPrefixes.end(),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

Environment environment_of(const Command& command) {
  Environment result;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || is_own(text.substr(0, equals))) continue;
    result.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  for (const auto& [name, value] : command.environment) {
    if (value) {
      result.insert_or_assign(name, *value);
    } else {
      result.erase(name);
    }
  }
  return result;
}

// The files that argv[0] may mean, in the order of trying.
std::vector<std::string> candidates(const std::string& program, const Environment& environment) {
  if (program.find('/') != std::string::npos) return {program};
  const auto path = environment.find("PATH");
  const std::string folders(path != environment.end() ? path->second : kDefaultPath);
  std::vector<std::string> result;
  for (const std::string& folder : split(folders, ':')) {
    if (folder.starts_with('/')) result.push_back(folder + "/" + program);
  }
  return result;
}

void check(const Command& command) {
  const auto has_nul = [](const std::string& text) { return text.find('\0') != std::string::npos; };
  const bool wrong =
      command.argv.empty() || command.argv[0].empty() ||
      std::any_of(command.argv.begin(), command.argv.end(), has_nul) ||
      has_nul(command.directory) ||
      std::any_of(command.environment.begin(), command.environment.end(), [&](const auto& entry) {
        const auto& [name, value] = entry;
        return name.empty() || name.find('=') != std::string::npos || has_nul(name) ||
               (value && has_nul(*value));
      });
  if (wrong) throw_system_error("start", command.argv.empty() ? "" : command.argv[0], EINVAL);
}

// All that the child needs, made before the fork: after it, memory can't be allocated, as another
// thread may have held the allocator's lock at that instant.
struct Plan {
  explicit Plan(const Command& command) : directory(command.directory) {
    const Environment merged = environment_of(command);
    for (const auto& [name, value] : merged) variables.push_back(name + "=" + value);
    programs = candidates(command.argv[0], merged);
    arguments = command.argv;
    for (std::string& text : arguments) argv.push_back(text.data());
    for (std::string& text : variables) environment.push_back(text.data());
    argv.push_back(nullptr);
    environment.push_back(nullptr);
  }
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  std::vector<std::string> programs, arguments, variables;
  std::vector<char*> argv, environment;  // into the two above
  std::string directory;
  UniqueFd input, output, messages, failure;  // the child's ends
  pid_t parent = ::getpid();
};

// ---- in the child: nothing but what signal-safety(7) allows ----

[[noreturn]] void give_up(Step step, int error_number) {
  const Failure failure{step, error_number};
  ::_exit(::write(kFailureFd, &failure, sizeof failure) < 0 ? 126 : 127);
}

// As execvp(3), which would look into the PATH of this process.
int execute(const Plan& plan) {
  int reason = ENOENT;
  for (const std::string& program : plan.programs) {
    ::execve(program.c_str(), plan.argv.data(), plan.environment.data());
    if (errno == EACCES) {
      reason = EACCES;
    } else if (errno != ENOENT && errno != ENOTDIR) {
      return errno;
    }
  }
  return reason;
}

// Ignored signals stay ignored over execve(2), and so does the mask: workers block all signals.
void reset_signals() {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &action, nullptr);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void become(const Plan& plan) {
  // Every descriptor of the plan is above the standard ones and kFailureFd: none is overwritten.
  const bool placed = ::dup2(plan.input.get(), STDIN_FILENO) >= 0 &&
                      ::dup2(plan.output.get(), STDOUT_FILENO) >= 0 &&
                      ::dup2(plan.messages.get(), STDERR_FILENO) >= 0 &&
                      ::dup3(plan.failure.get(), kFailureFd, O_CLOEXEC) >= 0;
  if (!placed || ::close_range(kFailureFd + 1, UINT_MAX, 0) != 0) give_up(Step::prepare, errno);
  // A session of its own is a process group of its own, without a terminal.
  if (::setsid() < 0) give_up(Step::prepare, errno);
  if (::prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) give_up(Step::prepare, errno);
  // A parent that died before that call sends nothing.
  if (::getppid() != plan.parent) ::_exit(127);
  ::umask(S_IRWXG | S_IRWXO);
  if (::chdir(plan.directory.c_str()) != 0) give_up(Step::enter_directory, errno);
  reset_signals();
  give_up(Step::execute, execute(plan));
}

// ---- in the parent ----

// A daemon may have been started with its standard descriptors closed.
UniqueFd above_standard(UniqueFd descriptor) {
  if (descriptor.get() > kFailureFd) return descriptor;
  return UniqueFd(::fcntl(descriptor.get(), F_DUPFD_CLOEXEC, kFailureFd + 1));
}

// Throws where the last call gave no descriptor.
void require(const UniqueFd& descriptor, const Command& command) {
  if (!descriptor) fail("start", command.argv[0], errno);
}

struct Pipe {
  explicit Pipe(const Command& command) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("start", command.argv[0], errno);
    UniqueFd reading(ends[0]), writing(ends[1]);
    read = above_standard(std::move(reading));
    require(read, command);
    write = above_standard(std::move(writing));
    require(write, command);
    // Of this end only: the program finds an ordinary pipe.
    ::fcntl(read.get(), F_SETFL, O_RDONLY | O_NONBLOCK);
  }
  UniqueFd read, write;
};

// No handler of this process may run in the child.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

pid_t fork_into(const Plan& plan) {
  const AllSignalsBlocked blocked;
  const pid_t child = ::fork();
  if (child == 0) become(plan);
  return child;
}

std::string advice_for(int error_number) {
  switch (error_number) {
    case ENOENT:
      return "install it or correct its path; of a script, also the program behind its #!";
    case EACCES:
      return "make it executable for the user that this runs as, on a file system without noexec";
    case ENOEXEC:
      return "a script needs a first line such as #!/bin/sh; a program must be built for this CPU";
    case E2BIG:
      return "shorten its arguments and its environment";
    default:
      return {};
  }
}

}  // namespace

StartedProgram start_program(const Command& command) {
  check(command);
  Plan plan(command);
  plan.input = above_standard(UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)));
  require(plan.input, command);
  Pipe output(command), messages(command), failure(command);
  ::fcntl(output.read.get(), F_SETPIPE_SZ, kPipeSize);  // best effort
  plan.output = std::move(output.write);
  plan.messages = std::move(messages.write);
  plan.failure = std::move(failure.write);

  StartedProgram program;
  program.id = fork_into(plan);
  if (program.id < 0) fail("start", command.argv[0], errno);
  // The child is not reaped yet, so this is its number and nobody else's.
  // (<sys/pidfd.h> of glibc 2.36 can't be used from C++.)
  program.handle = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, program.id, 0)));
  if (!program.handle) {
    const int error_number = errno;
    ::kill(program.id, SIGKILL);
    retry([&] { return ::waitpid(program.id, nullptr, 0); });
    fail("start", command.argv[0], error_number);
  }
  program.output = std::move(output.read);
  program.messages = std::move(messages.read);
  program.failure = std::move(failure.read);
  return program;
}

void throw_if_not_executed(const Command& command, const StartedProgram& program) {
  Failure failure{};
  const auto got = retry([&] { return ::read(program.failure.get(), &failure, sizeof failure); });
  if (got != static_cast<ssize_t>(sizeof failure)) return;
  const std::string& name = command.argv[0];
  switch (failure.step) {
    case Step::enter_directory:
      throw_system_error("enter directory", command.directory, failure.error_number,
                         "needed to run '" + name + "': create it, or correct 'directory'");
    case Step::execute:
      throw_system_error("start", name, failure.error_number, advice_for(failure.error_number));
    case Step::prepare:
      break;
  }
  fail("start", name, failure.error_number);
}

}  // namespace snapshotter::platform
