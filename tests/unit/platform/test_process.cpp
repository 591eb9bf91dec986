// Programs that behave, and how they are started. Ends by force: test_process_ends.cpp.
#include "base/error.hpp"
#include "platform/process.hpp"
#include "process_support.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <thread>

using namespace snapshotter;
using namespace snapshotter::platform;
using namespace snapshotter::test;

namespace {

// How a program could not be started.
int refusal(const Command& command) {
  try {
    text_of(command);
  } catch (const SystemError& error) {
    CHECK_THAT(error.what(), ContainsText(command.argv.empty() ? "start" : command.argv[0]));
    return error.error_number();
  }
  return 0;
}

std::string script(const TempDir& dir, const std::string& name, const std::string& content,
                   mode_t mode = 0700) {
  const std::string path = dir.string() + "/" + name;
  write_file(path, content);
  ::chmod(path.c_str(), mode);
  return path;
}

// For the time of a test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

}  // namespace

TEST_CASE("a program's output arrives in full and in order") {
  const NothingLeft nothing_left;
  CHECK(text_of(shell("echo one; echo two")) == "one\ntwo\n");
  CHECK(text_of({{"true"}}).empty());
  // More than the pipe takes at once, from a program that does not wait for the reader.
  const std::string numbers = text_of({{"seq", "1", "3000000"}});
  CHECK(numbers.size() == 22888896);
  CHECK(numbers.ends_with("2999999\n3000000\n"));
}

TEST_CASE("a program is held up by a reader that is slower") {
  const NothingLeft nothing_left;
  std::size_t bytes = 0;
  std::size_t pieces = 0;
  const Exit exit = platform::run({{"head", "-c", "20000000", "/dev/zero"}},
                                  [&](std::span<const std::byte> piece) {
                                    CHECK(piece.size() <= 256 * 1024);
                                    bytes += piece.size();
                                    if (++pieces % 16 == 0) std::this_thread::yield();
                                  },
                                  {});
  CHECK(exit.good());
  CHECK(bytes == 20'000'000);
  CHECK(pieces > 1);
}

TEST_CASE("how a program ended is told") {
  const NothingLeft nothing_left;
  CHECK(run_quietly(shell("exit 0")).good());
  const Exit three = run_quietly(shell("exit 3"));
  CHECK(three.code == 3);
  CHECK(three.signal == 0);
  CHECK_FALSE(three.good());
  CHECK(to_string(three) == "exit code 3");
  const Exit killed = run_quietly(shell("kill -SEGV $$"));
  CHECK(killed.signal == SIGSEGV);
  CHECK(killed.code == 0);
  CHECK_FALSE(killed.good());
  CHECK(to_string(killed) == "killed by SIGSEGV");
  Exit real_time;
  real_time.signal = SIGRTMIN + 1;
  CHECK(to_string(real_time) == "killed by signal " + std::to_string(SIGRTMIN + 1));
}

TEST_CASE("standard error is kept apart, and its end only") {
  const NothingLeft nothing_left;
  SECTION("all of it when it is short") {
    const Exit exit = run_quietly(shell("echo bad >&2; echo worse >&2; echo out"));
    CHECK(exit.messages == "bad\nworse\n");
    CHECK_FALSE(exit.messages_cut);
  }
  SECTION("as much as the limit to the byte") {
    Command command = shell("printf 1234567890 >&2");
    command.messages_limit = 10;
    CHECK_FALSE(run_quietly(command).messages_cut);
    command.messages_limit = 9;
    const Exit exit = run_quietly(command);
    CHECK(exit.messages == "234567890");
    CHECK(exit.messages_cut);
  }
  SECTION("from a line's start on when there was more") {
    Command command = shell("printf 'first\\nsecond\\nthird\\n' >&2");
    command.messages_limit = 10;
    CHECK(run_quietly(command).messages == "third\n");
    command.messages_limit = 13;
    CHECK(run_quietly(command).messages == "second\nthird\n");
  }
  SECTION("the end of a line that is too long") {
    Command command = shell("printf 'aaaaaaaaaaaaaaaaaaaaab\\n' >&2");
    command.messages_limit = 5;
    CHECK(run_quietly(command).messages == "aaab\n");
  }
  SECTION("nothing when nothing is wanted") {
    Command command = shell("echo bad >&2");
    command.messages_limit = 0;
    const Exit exit = run_quietly(command);
    CHECK(exit.messages.empty());
    CHECK(exit.messages_cut);
  }
}

TEST_CASE("a flood of messages stops neither the program nor its output") {
  const NothingLeft nothing_left;
  std::string output;
  const Exit exit =
      platform::run(shell("head -c 10485760 /dev/zero | tr '\\0' 'x' | fold -w 99 >&2; echo; echo "
                          "end >&2; echo out"),
                    [&](std::span<const std::byte> piece) { append(output, piece); }, {});
  CHECK(exit.good());
  CHECK(output == "\nout\n");
  CHECK(exit.messages.size() <= 16 * 1024);
  CHECK(exit.messages.size() > 15 * 1024);
  CHECK(exit.messages.starts_with("xxx"));
  CHECK(exit.messages.ends_with("xend\n"));
  CHECK(exit.messages_cut);
}

TEST_CASE("a program that can't be started is named, and the reason is a number") {
  const NothingLeft nothing_left;
  const TempDir dir;
  CHECK(refusal({{"no-such-program-anywhere"}}) == ENOENT);
  CHECK(refusal({{dir.string() + "/absent"}}) == ENOENT);
  CHECK(refusal({{dir.string()}}) == EACCES);
  CHECK(refusal({{script(dir, "plain", "#!/bin/sh\n", 0600)}}) == EACCES);
  CHECK(refusal({{script(dir, "no-interpreter", "#!/no/such/shell\n")}}) == ENOENT);
  CHECK(refusal({{script(dir, "without-hash-bang", "echo hello\n")}}) == ENOEXEC);
  CHECK(refusal({{"true", std::string(4U << 20U, 'x')}}) == E2BIG);
  CHECK(refusal({{script(dir, "file", "") + "/below"}}) == ENOENT);
  CHECK(refusal({}) == EINVAL);
  CHECK(refusal({{""}}) == EINVAL);
  CHECK(refusal({{"echo", std::string("a\0b", 3)}}) == EINVAL);
  CHECK(refusal({{"true"}, {{"A=B", "c"}}}) == EINVAL);
}

TEST_CASE("what is wrong with a program comes with advice, and without its arguments") {
  try {
    run_quietly({{"no-such-program-anywhere", "hunter2"}, {{"PASSWORD", "hunter2"}}});
    FAIL("it was started");
  } catch (const SystemError& error) {
    CHECK_THAT(error.what(), ContainsText("cannot start 'no-such-program-anywhere': No such file"));
    CHECK_THAT(error.advice(), ContainsText("install it"));
    CHECK(std::string(error.what()).find("hunter2") == std::string::npos);
    CHECK_FALSE(error.retryable());
  }
}

TEST_CASE("a program starts in its directory") {
  const NothingLeft nothing_left;
  const TempDir dir;
  CHECK(text_of(shell("pwd")) == "/\n");
  Command command = shell("pwd");
  command.directory = dir.string();
  CHECK(text_of(command) == dir.string() + "\n");
  command.argv = {
      script(dir, "here", "#!/bin/sh\necho found\n").replace(0, dir.string().size(), ".")};
  CHECK(text_of(command) == "found\n");
  command.directory = dir.string() + "/absent";
  try {
    run_quietly(command);
    FAIL("it was started");
  } catch (const SystemError& error) {
    CHECK(error.error_number() == ENOENT);
    CHECK(error.subject() == command.directory);
    CHECK_THAT(error.advice(), ContainsText("'./here'"));
  }
}

TEST_CASE("a program is looked for in the PATH of its own environment") {
  const NothingLeft nothing_left;
  const TempDir dir;
  script(dir, "tool", "#!/bin/sh\necho mine\n");
  script(dir, "unusable", "#!/bin/sh\n", 0600);
  Command command{{"tool"}, {{"PATH", "/no/such/folder:" + dir.string()}}};
  CHECK(text_of(command) == "mine\n");
  command.argv = {"unusable"};
  CHECK(refusal(command) == EACCES);
  // A folder that depends on where one stands is no place for programs of root.
  command.argv = {"tool"};
  command.directory = dir.string();
  command.environment["PATH"] = ":.:";
  CHECK(refusal(command) == ENOENT);
  command.argv = {"true"};
  command.environment["PATH"] = std::nullopt;
  CHECK(run_quietly(command).good());
}

TEST_CASE("variables are added and removed, and the daemon's own are not passed on") {
  const NothingLeft nothing_left;
  const Variable inherited("PROCESS_TEST_INHERITED", "from above");
  const Variable removed("PROCESS_TEST_REMOVED", "from above");
  const Variable changed("PROCESS_TEST_CHANGED", "from above");
  const Variable notify("NOTIFY_SOCKET", "/run/notify"), watchdog("WATCHDOG_USEC", "1"),
      watchdog_pid("WATCHDOG_PID", "1"), fds("LISTEN_FDS", "1"), fd_names("LISTEN_FDNAMES", "x"),
      credentials("CREDENTIALS_DIRECTORY", "/run/credentials"), invocation("INVOCATION_ID", "f00"),
      journal("JOURNAL_STREAM", "8:1");
  const Command command{{"env"},
                        {{"PROCESS_TEST_ADDED", "x=y z"},
                         {"PROCESS_TEST_REMOVED", std::nullopt},
                         {"PROCESS_TEST_CHANGED", "here"},
                         {"LISTEN_PID", "wanted"}}};
  const std::string seen = "\n" + text_of(command);
  CHECK_THAT(seen, ContainsText("\nPROCESS_TEST_INHERITED=from above\n"));
  CHECK_THAT(seen, ContainsText("\nPROCESS_TEST_ADDED=x=y z\n"));
  CHECK_THAT(seen, ContainsText("\nPROCESS_TEST_CHANGED=here\n"));
  // What was asked for is given, whatever its name.
  CHECK_THAT(seen, ContainsText("\nLISTEN_PID=wanted\n"));
  for (const char* name : {"PROCESS_TEST_REMOVED", "NOTIFY_SOCKET", "WATCHDOG_", "LISTEN_FD",
                           "CREDENTIALS_DIRECTORY", "INVOCATION_ID", "JOURNAL_STREAM"}) {
    INFO(name);
    CHECK(seen.find(std::string("\n") + name) == std::string::npos);
  }
}

TEST_CASE("a program inherits no descriptor, mask, disposition, terminal or input") {
  const NothingLeft nothing_left;
  // Without O_CLOEXEC, as a careless library opens it.
  const int careless = ::open("/dev/null", O_RDONLY);
  const int high = ::fcntl(careless, F_DUPFD, 500);
  REQUIRE(high >= 500);
  struct sigaction before {};
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  REQUIRE(::sigaction(SIGPIPE, &ignore, &before) == 0);

  // `ls` itself opens the folder as 3.
  CHECK(text_of({{"ls", "/proc/self/fd"}}) == "0\n1\n2\n3\n");
  CHECK(text_of({{"readlink", "/proc/self/fd/0"}}) == "/dev/null\n");
  // From a worker: its threads block all signals.
  std::string status;
  async::WorkerPool pool("test", 1);
  std::binary_semaphore done(0);
  pool.post([&] {
    status = text_of({{"grep", "-E", "^(Sig|Umask)", "/proc/self/status"}});
    done.release();
  });
  done.acquire();
  for (const char* line : {"SigBlk:\t0000000000000000\n", "SigIgn:\t0000000000000000\n",
                           "SigPnd:\t0000000000000000\n", "Umask:\t0077\n"}) {
    CHECK_THAT(status, ContainsText(line));
  }
  // /proc/PID/stat: 5 group, 6 session, 7 terminal.
  CHECK(text_of(shell("read -r pid name state parent group session tty rest </proc/$$/stat; "
                      "[ $pid = $$ ] && [ $group = $$ ] && [ $session = $$ ] && echo $tty")) ==
        "0\n");
  ::sigaction(SIGPIPE, &before, nullptr);
  ::close(high);
  ::close(careless);
}

TEST_CASE("standard descriptors that this process has closed do no harm") {
  // In a process of its own: descriptors belong to all threads.
  const pid_t child = ::fork();
  if (child == 0) {
    for (int descriptor = 0; descriptor < 3; ++descriptor) ::close(descriptor);
    std::string output;
    bool good = false;
    try {
      const Exit exit =
          platform::run(shell("readlink /proc/self/fd/0; echo bad >&2"),
                        [&](std::span<const std::byte> piece) { append(output, piece); }, {});
      good = exit.good() && exit.messages == "bad\n" && output == "/dev/null\n";
    } catch (...) {
    }
    ::_exit(good ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
}

TEST_CASE("any number of threads may run programs") {
  const NothingLeft nothing_left;
  constexpr int kThreads = 4, kRounds = 8;
  std::vector<std::string> outputs(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < kRounds; ++round) {
        outputs[static_cast<std::size_t>(i)] +=
            text_of({{"sh", "-c", "echo $WHO; echo noise >&2"}, {{"WHO", std::to_string(i)}}});
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int i = 0; i < kThreads; ++i) {
    std::string expected;
    for (int round = 0; round < kRounds; ++round) expected += std::to_string(i) + "\n";
    CHECK(outputs[static_cast<std::size_t>(i)] == expected);
  }
}
