// One thread, one poll(2): over both pipes, the end of the program and the request to stop.
//
// A program is reaped last. Until then its number, which is its group's too, belongs to nobody
// else, so that a signal to the group never hits a stranger.
#include "platform/process.hpp"

#include "base/error.hpp"
#include "platform/process_start.hpp"
#include "platform/system_file.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstring>
#include <exception>
#include <string_view>

namespace snapshotter::platform {
namespace {

using std::chrono::steady_clock;
using Output = std::function<void(std::span<const std::byte>)>;

constexpr std::size_t kPiece = 256 * 1024;
constexpr std::chrono::seconds kSilence{1};  // of children that outlived the program
constexpr std::chrono::milliseconds kLongestGrace = std::chrono::hours{24};

// The last bytes of a stream.
class Tail {
 public:
  explicit Tail(std::size_t limit) : limit_(limit) {}

  void append(std::string_view bytes) {
    // One byte more than the limit tells whether the rest begins with a line.
    const std::size_t window = limit_ + 1;
    if (bytes.size() > window) {
      cut_ = true;
      bytes.remove_prefix(bytes.size() - window);
    }
    kept_ += bytes;
    if (kept_.size() > 2 * window) trim();
  }

  void take(Exit& exit) {
    trim();
    exit.messages_cut = cut_ || kept_.size() > limit_;
    if (exit.messages_cut) {
      const std::size_t line_end = kept_.find('\n');
      const bool lines_follow = line_end != std::string::npos && line_end + 1 < kept_.size();
      kept_.erase(0, lines_follow ? line_end + 1 : 1);
    }
    exit.messages = std::move(kept_);
  }

 private:
  void trim() {
    if (kept_.size() <= limit_ + 1) return;
    cut_ = true;
    kept_.erase(0, kept_.size() - limit_ - 1);
  }

  std::size_t limit_;
  std::string kept_;
  bool cut_ = false;
};

// What a request to stop makes readable.
class Bell {
 public:
  explicit Bell(const Command& command) : event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (!event_) fail("start", command.argv[0], errno);
  }
  void ring() const noexcept { ::eventfd_write(event_.get(), 1); }
  [[nodiscard]] int descriptor() const noexcept { return event_.get(); }

 private:
  UniqueFd event_;
};

class RunningProgram {
 public:
  RunningProgram(const Command& command, const Output& output, const Bell& bell)
      : command_(command),
        output_(output),
        bell_(bell.descriptor()),
        tail_(command.messages_limit),
        piece_(kPiece),
        program_(start_program(command)) {}
  // Where an exception cut finish() short.
  ~RunningProgram() {
    if (reaped_) return;
    signal_group(SIGKILL);
    siginfo_t ignored{};
    reap(ignored);
  }
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;

  Exit finish();

 private:
  // left: the program has ended by itself, somebody still holds its pipes.
  enum class Phase { running, left, terminating, killed };

  void step();
  void hear_stop();
  void hear_end();
  void read_output();
  void read_messages();
  [[nodiscard]] std::size_t read_from(UniqueFd& pipe);
  void terminate(std::exception_ptr error);
  void escalate();
  void wait_at_most(std::chrono::milliseconds time) { deadline_ = steady_clock::now() + time; }
  [[nodiscard]] int timeout() const;
  [[nodiscard]] bool done() const { return ended_ && !program_.output && !program_.messages; }
  void signal_group(int number) const noexcept;
  int reap(siginfo_t& status) noexcept;

  const Command& command_;
  const Output& output_;
  int bell_;  // -1 once it was heard
  Tail tail_;
  std::vector<std::byte> piece_;
  StartedProgram program_;
  Phase phase_ = Phase::running;
  bool ended_ = false, reaped_ = false, left_children_ = false;
  std::optional<steady_clock::time_point> deadline_;  // of the phase
  std::exception_ptr error_;
};

Exit RunningProgram::finish() {
  while (!done()) step();
  // Those that have closed the pipes may be there all the same.
  if (phase_ >= Phase::terminating) signal_group(SIGKILL);
  siginfo_t status{};
  if (const int error_number = reap(status); error_number != 0) {
    fail("learn the exit code of", command_.argv[0], error_number);
  }
  if (error_) std::rethrow_exception(error_);
  throw_if_not_executed(command_, program_);
  Exit exit;
  (status.si_code == CLD_EXITED ? exit.code : exit.signal) = status.si_status;
  exit.left_children = left_children_;
  tail_.take(exit);
  return exit;
}

void RunningProgram::step() {
  std::array<pollfd, 4> watched{{{program_.output.get(), POLLIN, 0},
                                 {program_.messages.get(), POLLIN, 0},
                                 {ended_ ? -1 : program_.handle.get(), POLLIN, 0},
                                 {bell_, POLLIN, 0}}};
  if (retry([&] { return ::poll(watched.data(), watched.size(), timeout()); }) < 0) {
    fail("wait for", command_.argv[0], errno);
  }
  if (watched[3].revents != 0) hear_stop();
  if (watched[0].revents != 0) read_output();
  if (watched[1].revents != 0) read_messages();
  if (watched[2].revents != 0) hear_end();
  if (deadline_ && steady_clock::now() >= *deadline_) escalate();
}

void RunningProgram::hear_stop() {
  bell_ = -1;
  terminate(std::make_exception_ptr(CancelledError("run " + command_.argv[0])));
}

void RunningProgram::hear_end() {
  ended_ = true;
  if (phase_ != Phase::running) return;
  phase_ = Phase::left;
  wait_at_most(kSilence);
}

void RunningProgram::read_output() {
  const std::size_t got = read_from(program_.output);
  // On the way to the end the pipe is emptied only so that nobody is stuck in a write.
  if (got == 0 || phase_ >= Phase::terminating) return;
  try {
    output_(std::span(piece_).first(got));
  } catch (...) {
    terminate(std::current_exception());
    return;
  }
  if (phase_ == Phase::left) wait_at_most(kSilence);
}

void RunningProgram::read_messages() {
  const std::size_t got = read_from(program_.messages);
  tail_.append({reinterpret_cast<const char*>(piece_.data()), got});
}

// Closes the pipe at its end.
std::size_t RunningProgram::read_from(UniqueFd& pipe) {
  const auto got = retry([&] { return ::read(pipe.get(), piece_.data(), piece_.size()); });
  if (got < 0 && errno == EAGAIN) return 0;
  if (got < 0) fail("read what was written by", command_.argv[0], errno);
  if (got == 0) pipe.reset();
  return static_cast<std::size_t>(got);
}

void RunningProgram::terminate(std::exception_ptr error) {
  if (!error_) error_ = std::move(error);
  if (phase_ >= Phase::terminating) return;
  phase_ = Phase::terminating;
  signal_group(SIGTERM);
  signal_group(SIGCONT);  // one that stands still could not end
  wait_at_most(std::clamp(command_.grace, std::chrono::milliseconds{0}, kLongestGrace));
}

void RunningProgram::escalate() {
  deadline_.reset();
  if (phase_ == Phase::left) {
    left_children_ = static_cast<bool>(program_.output);
    terminate({});
  } else if (phase_ == Phase::terminating) {
    phase_ = Phase::killed;
    signal_group(SIGKILL);
    wait_at_most(kSilence);
  } else {
    // Whoever still writes has left the group, or belongs to somebody else (sudo): this ends it.
    program_.output.reset();
    program_.messages.reset();
  }
}

int RunningProgram::timeout() const {
  if (!deadline_) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - steady_clock::now());
  return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(left.count(), 0, INT_MAX));
}

void RunningProgram::signal_group(int number) const noexcept {
  // There is no group yet in a child that has not got to setsid(2).
  if (::kill(-program_.id, number) != 0) ::kill(program_.id, number);
}

// 0, or the error number.
int RunningProgram::reap(siginfo_t& status) noexcept {
  reaped_ = true;
  const auto id = static_cast<id_t>(program_.id);
  return retry([&] { return ::waitid(P_PID, id, &status, WEXITED); }) == 0 ? 0 : errno;
}

}  // namespace

std::string to_string(const Exit& exit) {
  std::string text;
  if (exit.signal != 0) {
    const char* const name = ::sigabbrev_np(exit.signal);
    text = "killed by " +
           (name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(exit.signal));
  } else {
    text = "exit code " + std::to_string(exit.code);
  }
  if (exit.left_children) text += ", but its children went on writing";
  return text;
}

Exit run(const Command& command, const std::function<void(std::span<const std::byte>)>& output,
         const std::stop_token& stop) {
  if (stop.stop_requested()) {
    throw CancelledError(command.argv.empty() ? "run a program" : "run " + command.argv[0]);
  }
  const Bell bell(command);
  RunningProgram program(command, output, bell);
  const std::stop_callback ring(stop, [&bell] { bell.ring(); });
  return program.finish();
}

}  // namespace snapshotter::platform
