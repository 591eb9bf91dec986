#include "async/event.hpp"
#include "async/loop.hpp"
#include "async/task_group.hpp"
#include "base/error.hpp"
#include "platform/clock.hpp"
#include "support/catch.hpp"
#include "support/fake/fake_memory.hpp"
#include "support/fake/manual_clock.hpp"
#include "support/temp_dir.hpp"
#include "target/postgresql/client_tools.hpp"

#include <sys/stat.h>

#include <csignal>
#include <cstdlib>

using namespace snapshotter;
using namespace snapshotter::test;
using namespace snapshotter::target::postgresql;

namespace {

// A folder of shell scripts that stand for PostgreSQL's programs, and one run of one of them.
class Programs {
 public:
  void add(const std::string& name, const std::string& script) const {
    const auto path = dir_.path() / name;
    write_file(path, "#!/bin/sh\n" + script);
    ::chmod(path.c_str(), 0755);
  }
  [[nodiscard]] HostSettings settings() const {
    HostSettings settings;
    settings.bin_dir = dir_.string();
    return settings;
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return (dir_.path() / name).string();
  }

 private:
  TempDir dir_;
};

struct Run {
  ToolResult result;
  std::string output;
  std::exception_ptr error;
};

Task<int> join(async::TaskGroup& group) {
  co_await group.join();
  co_return 0;
}

struct Machine {
  async::Loop loop;
  std::unique_ptr<platform::Clock> clock = platform::system_clock(loop.executor());
  std::unique_ptr<platform::Random> random = platform::seeded_random(1);
  FakeMemory memory;
  async::WorkerPool pool{"test", 1};
  target::Surroundings surroundings{loop.executor(), pool, *clock, *random, memory};
};

Task<> keep(ClientTools& tools, std::vector<std::string> argv, const Output& output,
            target::Surroundings& surroundings, ToolResult& result) {
  result = co_await tools.run(std::move(argv), output, surroundings);
}

Run run(const HostSettings& settings, const std::vector<std::string>& argv) {
  Machine machine;
  const auto tools = make_host_tools(settings);
  Run run;
  const Output output = [&](std::span<const std::byte> bytes) {
    run.output.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  async::TaskGroup group(machine.loop.executor());
  group.spawn("run", keep(*tools, argv, output, machine.surroundings, run.result),
              [&](std::exception_ptr error) { run.error = error; });
  machine.loop.run(join(group));
  return run;
}

std::string what(const std::exception_ptr& error) {
  try {
    if (error) std::rethrow_exception(error);
  } catch (const DatabaseBackupError& failure) {
    return failure.what();
  }
  return "";
}

// Whether a process whose number is in that file still runs: one that waits to be reaped does not.
bool alive(const std::string& file) {
  const std::string number = std::to_string(std::stoi(read_file(file)));
  std::ifstream stat("/proc/" + number + "/stat");
  std::string text;
  std::getline(stat, text, '\0');
  return !text.empty() && text.find(") Z ") == std::string::npos;
}

// The value that the program saw, or "unset".
std::string variable(const Run& run, const std::string& name) {
  const std::string text = "\n" + run.output;
  const std::size_t at = text.find("\n" + name + "=");
  if (at == std::string::npos) return "unset";
  const std::size_t begin = at + name.size() + 2;
  return text.substr(begin, text.find('\n', begin) - begin);
}

}  // namespace

TEST_CASE("a program's output, messages and exit code come out") {
  const Programs programs;
  programs.add("pg_dump", "echo \"$@\"; echo oops >&2; exit 3");
  const Run it = run(programs.settings(), {"pg_dump", "--dbname=a b"});
  CHECK_FALSE(it.error);
  CHECK(it.output == "--dbname=a b\n");
  CHECK(it.result.exit_code == 3);
  CHECK(it.result.messages == "oops\n");
}

TEST_CASE("a signal is an exit code above 128") {
  const Programs programs;
  programs.add("pg_dump", "kill -9 $$");
  CHECK(run(programs.settings(), {"pg_dump"}).result.exit_code == 128 + SIGKILL);
}

TEST_CASE("programs learn by environment where the server is and who asks") {
  const Programs programs;
  programs.add("psql", "env");
  HostSettings settings = programs.settings();
  settings.host = "/run/pg";
  settings.port = 5433;
  settings.login = {"bob", Secret(std::string("s3cret"))};
  settings.sslmode = "verify-full";
  const Run it = run(settings, {"psql"});
  CHECK(variable(it, "PGHOST") == "/run/pg");
  CHECK(variable(it, "PGPORT") == "5433");
  CHECK(variable(it, "PGUSER") == "bob");
  CHECK(variable(it, "PGPASSWORD") == "s3cret");
  CHECK(variable(it, "PGSSLMODE") == "verify-full");
  CHECK(variable(it, "PGAPPNAME") == "snapshotter");
  CHECK(variable(it, "PGCONNECT_TIMEOUT") == "15");
  CHECK(variable(it, "LC_ALL") == "C");
  CHECK(variable(it, "PGSERVICE") == "unset");
}

TEST_CASE("what the configuration does not say is left to libpq") {
  ::setenv("PGPASSFILE", "/x/pgpass", 1);
  ::setenv("PGCLIENTENCODING", "LATIN1", 1);
  ::setenv("PGDATABASE", "wrong", 1);
  const Programs programs;
  programs.add("psql", "env");
  HostSettings settings = programs.settings();
  settings.service = "main";
  const Run it = run(settings, {"psql"});
  ::unsetenv("PGPASSFILE");
  ::unsetenv("PGCLIENTENCODING");
  ::unsetenv("PGDATABASE");
  CHECK(variable(it, "PGSERVICE") == "main");
  CHECK(variable(it, "PGHOST") == "unset");
  CHECK(variable(it, "PGPASSWORD") == "unset");
  CHECK(variable(it, "PGSSLMODE") == "unset");
  CHECK(variable(it, "PGPASSFILE") == "/x/pgpass");
  CHECK(variable(it, "PGCLIENTENCODING") == "unset");
  CHECK(variable(it, "PGDATABASE") == "unset");
}

TEST_CASE("a program that is not there is to be installed") {
  const Programs programs;
  const std::string absent = what(run(programs.settings(), {"pg_dump"}).error);
  CHECK_THAT(absent, ContainsText("the program is not installed"));
  CHECK_THAT(absent, ContainsText("install postgresql-client"));
  write_file(programs.path("psql"), "#!/bin/sh\n");
  ::chmod(programs.path("psql").c_str(), 0644);
  CHECK_THAT(what(run(programs.settings(), {"psql"}).error), ContainsText("Permission denied"));
}

TEST_CASE("a program that leaves writers behind has not ended well") {
  const Programs programs;
  programs.add("pg_dump", "sleep 1000 & echo begun; exit 0");
  CHECK_THAT(what(run(programs.settings(), {"pg_dump"}).error),
             ContainsText("it left processes behind"));
}

TEST_CASE("where the server is, in words") {
  HostSettings settings;
  CHECK(make_host_tools(settings)->where() == "server this host:5432");
  settings.host = "/run/postgresql";
  settings.port = 5433;
  settings.login.password = Secret(std::string("s3cret"));
  CHECK(make_host_tools(settings)->where() == "server /run/postgresql:5433");
  settings.service = "main";
  CHECK(make_host_tools(settings)->where() == "service 'main'");
}

TEST_CASE("what the taker of the output throws ends the program") {
  const Programs programs;
  programs.add("pg_dump", "echo $$ > " + programs.path("pid") + "; while echo x; do :; done");
  Machine machine;
  const auto tools = make_host_tools(programs.settings());
  ToolResult result;
  std::exception_ptr error;
  const Output output = [](std::span<const std::byte>) { throw std::runtime_error("full"); };
  async::TaskGroup group(machine.loop.executor());
  group.spawn("run", keep(*tools, {"pg_dump"}, output, machine.surroundings, result),
              [&](std::exception_ptr thrown) { error = thrown; });
  machine.loop.run(join(group));
  REQUIRE(error);
  CHECK_THROWS_WITH(std::rethrow_exception(error), "full");
  CHECK_FALSE(alive(programs.path("pid")));
}

namespace {

struct Waiting {
  Waiting(const Programs& programs, Duration stall_timeout) {
    HostSettings settings = programs.settings();
    settings.stall_timeout = stall_timeout;
    tools = make_host_tools(settings);
  }
  static Task<int> cancel_when_running(Waiting& it) {
    co_await it.begun.wait();
    it.group.cancel_all();
    co_await it.group.join();
    co_return 0;
  }
  static Task<int> let_time_pass(Waiting& it, ManualClock& clock) {
    co_await it.begun.wait();
    co_await clock.advance(std::chrono::minutes{59});
    it.early = static_cast<bool>(it.error);
    // The worker may note the last output only now, which begins the silence anew.
    while (it.group.size() > 0) co_await clock.advance(std::chrono::minutes{10});
    co_return 0;
  }
  void spawn(target::Surroundings& surroundings) {
    group.spawn("run", keep(*tools, {"pg_dump"}, output, surroundings, result),
                [&](std::exception_ptr thrown) { error = thrown; });
  }

  Machine machine;
  std::unique_ptr<ClientTools> tools;
  async::TaskGroup group{machine.loop.executor()};
  async::Event begun{machine.loop.executor()};
  const Output output = [this](std::span<const std::byte>) { begun.set(); };
  ToolResult result;
  std::exception_ptr error;
  bool early = true;
};

}  // namespace

TEST_CASE("a cancel ends the program and its children") {
  const Programs programs;
  programs.add("pg_dump",
               "sleep 1000 & echo $! > " + programs.path("child") + "; echo begun; wait");
  Waiting waiting(programs, std::chrono::minutes{30});
  waiting.spawn(waiting.machine.surroundings);
  waiting.machine.loop.run(Waiting::cancel_when_running(waiting));
  REQUIRE(waiting.error);
  CHECK_THROWS_AS(std::rethrow_exception(waiting.error), CancelledError);
  CHECK_FALSE(alive(programs.path("child")));
}

TEST_CASE("a program that is silent for too long is ended") {
  const Programs programs;
  programs.add("pg_dump", "echo $$ > " + programs.path("pid") + "; echo begun; exec sleep 1000");
  Waiting waiting(programs, std::chrono::hours{1});
  ManualClock clock(waiting.machine.loop.executor());
  target::Surroundings surroundings{waiting.machine.loop.executor(), waiting.machine.pool, clock,
                                    *waiting.machine.random, waiting.machine.memory};
  waiting.spawn(surroundings);
  waiting.machine.loop.run(Waiting::let_time_pass(waiting, clock));
  CHECK_FALSE(waiting.early);
  CHECK_THAT(what(waiting.error), ContainsText("it wrote nothing for 1h"));
  CHECK_THAT(what(waiting.error), ContainsText("pg_locks"));
  CHECK_FALSE(alive(programs.path("pid")));
}
