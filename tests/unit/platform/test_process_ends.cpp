// Programs that are stopped, won't stop, or leave others behind.
#include "base/error.hpp"
#include "process_support.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

#include <sys/stat.h>

#include <csignal>
#include <sstream>
#include <stdexcept>
#include <thread>

using namespace snapshotter;
using namespace snapshotter::platform;
using namespace snapshotter::test;

namespace {

std::vector<pid_t> numbers(const std::string& text) {
  std::istringstream stream(text);
  std::vector<pid_t> result;
  for (pid_t number = 0; stream >> number;) result.push_back(number);
  return result;
}

// Runs a script that prints "ready\n" last; then asks it to stop, from another thread. What it
// printed before is returned.
std::string stop_when_ready(const Command& command) {
  std::string output;
  std::stop_source stop;
  std::binary_semaphore ready(0);
  std::thread stopper([&] {
    ready.acquire();
    stop.request_stop();
  });
  const auto take = [&, told = false](std::span<const std::byte> piece) mutable {
    append(output, piece);
    if (told || !output.ends_with("ready\n")) return;
    told = true;
    ready.release();
  };
  CHECK_THROWS_AS(platform::run(command, take, stop.get_token()), CancelledError);
  ready.release();  // where the script has failed
  stopper.join();
  return output.substr(0, output.find("ready"));
}

}  // namespace

TEST_CASE("a program that is cancelled before its start does not start") {
  const NothingLeft nothing_left;
  const TempDir dir;
  std::stop_source stop;
  stop.request_stop();
  CHECK_THROWS_AS(run_quietly({{"touch", dir.string() + "/started"}}, stop.get_token()),
                  CancelledError);
  CHECK(std::filesystem::is_empty(dir.path()));
}

TEST_CASE("a program that is cancelled gets SIGTERM and the time to clean up") {
  const NothingLeft nothing_left;
  const TempDir dir;
  // It ends by itself after SIGTERM, writing more than a pipe holds: this must be read still.
  stop_when_ready(
      shell("trap 'head -c 3000000 /dev/zero; echo clean >$1; exit 0' TERM; echo ready; "
            "sleep 1000 & wait",
            {dir.string() + "/marker"}));
  CHECK(read_file(dir.path() / "marker") == "clean\n");
}

TEST_CASE("a silent program, one in full flow and one that stands still can be cancelled") {
  const NothingLeft nothing_left;
  stop_when_ready(shell("echo ready; exec sleep 1000"));
  stop_when_ready(shell("echo ready; kill -STOP $$; exec sleep 1000"));
  std::stop_source stop;
  const auto take = [&](std::span<const std::byte>) { stop.request_stop(); };
  CHECK_THROWS_AS(platform::run({{"yes"}}, take, stop.get_token()), CancelledError);
}

TEST_CASE("a program that ignores SIGTERM is killed after its grace") {
  const NothingLeft nothing_left;
  Command command = shell("trap '' TERM; echo $$; sleep 1000 & echo $!; echo ready; wait; exit 0");
  command.grace = std::chrono::milliseconds{20};
  const auto processes = numbers(stop_when_ready(command));
  REQUIRE(processes.size() == 2);
  for (const pid_t process : processes) CHECK(ended(process));
}

TEST_CASE("cancelling ends a whole tree of children, whatever they hold open") {
  const NothingLeft nothing_left;
  // The last two ignore SIGTERM and hold no output, so that nothing is seen of them.
  const auto processes = numbers(stop_when_ready(
      shell("sleep 1000 & echo $!; sleep 1000 >/dev/null 2>&1 & echo $!; "
            "sh -c 'trap \"\" TERM; sleep 1000 >/dev/null 2>&1 & echo $! $$; echo ready; "
            "exec >&- 2>&-; wait' & wait")));
  REQUIRE(processes.size() == 4);
  for (const pid_t process : processes) CHECK(ended(process));
}

TEST_CASE("a program whose output can't be taken is ended") {
  const NothingLeft nothing_left;
  std::string output;
  const auto refuse = [&](std::span<const std::byte> piece) {
    append(output, piece);
    throw std::length_error("disk full");
  };
  CHECK_THROWS_AS(platform::run(shell("echo $$; exec yes"), refuse, {}), std::length_error);
  const auto processes = numbers(output.substr(0, output.find('y')));
  REQUIRE(processes.size() == 1);
  CHECK(ended(processes[0]));
}

TEST_CASE("the first reason to end a program is the one that is told") {
  const NothingLeft nothing_left;
  std::stop_source stop;
  const auto refuse = [&](std::span<const std::byte>) {
    stop.request_stop();
    throw std::length_error("disk full");
  };
  CHECK_THROWS_AS(platform::run({{"yes"}}, refuse, stop.get_token()), std::length_error);
}

TEST_CASE("a stop after the end changes nothing") {
  const NothingLeft nothing_left;
  std::stop_source stop;
  CHECK(run_quietly({{"true"}}, stop.get_token()).good());
  stop.request_stop();
}

TEST_CASE("what children write after the program's end is taken") {
  const NothingLeft nothing_left;
  std::string output;
  const Exit exit =
      platform::run(shell("seq 1 1000000 &"),
                    [&](std::span<const std::byte> piece) { append(output, piece); }, {});
  CHECK(exit.good());
  CHECK(output.ends_with("\n1000000\n"));
}

TEST_CASE("a child that holds the output open for nothing is ended, and it is told") {
  const NothingLeft nothing_left;
  std::string output;
  const Exit exit =
      platform::run(shell("sleep 1000 & echo $!"),
                    [&](std::span<const std::byte> piece) { append(output, piece); }, {});
  CHECK(exit.code == 0);
  CHECK(exit.left_children);
  CHECK_FALSE(exit.good());
  CHECK(to_string(exit) == "exit code 0, but its children went on writing");
  REQUIRE(numbers(output).size() == 1);
  CHECK(ended(numbers(output)[0]));
}

TEST_CASE("a child that holds only standard error open is ended, and no harm is done") {
  const NothingLeft nothing_left;
  std::string output;
  const Exit exit =
      platform::run(shell("sleep 1000 >/dev/null & echo $!; echo bad >&2"),
                    [&](std::span<const std::byte> piece) { append(output, piece); }, {});
  CHECK(exit.good());
  CHECK(exit.messages == "bad\n");
  REQUIRE(numbers(output).size() == 1);
  CHECK(ended(numbers(output)[0]));
}

TEST_CASE("a child that complains for ever can't keep the call waiting") {
  const NothingLeft nothing_left;
  const Exit exit = run_quietly(shell("yes >&2 &"));
  CHECK(exit.code == 0);
  CHECK(exit.messages.ends_with("y\n"));
}

TEST_CASE("a child that holds nothing open is left alone") {
  const NothingLeft nothing_left;
  const auto processes = numbers(text_of(shell("sleep 1000 >/dev/null 2>&1 & echo $!")));
  REQUIRE(processes.size() == 1);
  CHECK(::kill(processes[0], 0) == 0);
  REQUIRE(::kill(processes[0], SIGKILL) == 0);
  CHECK(ended(processes[0]));
}

TEST_CASE("a child that left the group can't keep the call waiting") {
  const NothingLeft nothing_left;
  const TempDir dir;
  // The script waits until the child is in its own session.
  Command command = shell("mkfifo $1; setsid sh -c 'echo $$ >$1; exec sleep 1000' sh $1 & cat $1",
                          {dir.string() + "/fifo"});
  command.grace = std::chrono::milliseconds{20};
  std::string output;
  const Exit exit =
      platform::run(command, [&](std::span<const std::byte> piece) { append(output, piece); }, {});
  CHECK(exit.left_children);
  const auto processes = numbers(output);
  REQUIRE(processes.size() == 1);
  CHECK(::kill(processes[0], SIGKILL) == 0);
  CHECK(ended(processes[0]));
}

TEST_CASE("a program that may not be signalled ends by its output") {
  const NothingLeft nothing_left;
  const TempDir dir;
  // As sudo does: started by a user, it belongs to root.
  const auto become_root = dir.path() / "become_root";
  std::filesystem::copy_file("/usr/bin/setpriv", become_root);
  REQUIRE(::chmod(dir.string().c_str(), 0755) == 0);
  REQUIRE(::chmod(become_root.c_str(), 04755) == 0);
  const pid_t user = ::fork();
  if (user == 0) {
    if (::setresuid(65534, 65534, 65534) != 0) ::_exit(2);
    Command command{{become_root.string(), "--reuid=0", "yes"}};
    command.grace = std::chrono::milliseconds{20};
    std::stop_source stop;
    try {
      platform::run(
          command, [&](std::span<const std::byte>) { stop.request_stop(); }, stop.get_token());
    } catch (const CancelledError&) {
      ::_exit(0);
    } catch (...) {
    }
    ::_exit(1);
  }
  int status = -1;
  REQUIRE(::waitpid(user, &status, 0) == user);
  CHECK(status == 0);
}

TEST_CASE("a program does not outlive the process that started it") {
  const NothingLeft nothing_left;
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const pid_t starter = ::fork();
  if (starter == 0) {
    try {
      platform::run(shell("echo $$; exec sleep 1000"),
                    [&](std::span<const std::byte> piece) {
                      if (::write(ends[1], piece.data(), piece.size()) < 0) ::_exit(2);
                    },
                    {});
    } catch (...) {
    }
    ::_exit(1);
  }
  std::array<char, 32> text{};
  REQUIRE(::read(ends[0], text.data(), text.size() - 1) > 0);
  const auto processes = numbers(text.data());
  REQUIRE(processes.size() == 1);
  CHECK(::kill(processes[0], 0) == 0);
  ::kill(starter, SIGKILL);
  CHECK(::waitpid(starter, nullptr, 0) == starter);
  CHECK(ended(processes[0]));
  ::close(ends[0]);
  ::close(ends[1]);
}
