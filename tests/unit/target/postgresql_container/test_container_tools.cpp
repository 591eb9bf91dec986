// Programs that come to an end of their own, and all the ends that are not.
#include "world.hpp"

#include <future>
#include <regex>

using namespace snapshotter;
using namespace snapshotter::test;
using namespace std::chrono_literals;

namespace {

using Peer = FakeEngine::Peer;
using Exec = FakeEngine::Exec;

// Lets time pass while the engine is asked whether the program has ended, until it is ended.
Task<> ask_until_given_up(World& world) {
  while (world.engine.count("psql") == 0) {
    co_await world.clock.settle();
    if (world.engine.server().open() == 0 && world.clock.waiters() == 1)
      co_await world.clock.advance(50ms);
  }
}

}  // namespace

TEST_CASE("a program runs in the container and its output arrives") {
  in_world([](World& world) -> Task<> {
    std::map<std::string, std::string> remembered;
    world.engine.dump = [](Peer& peer, Exec& exec) -> Task<> {
      co_await peer.send(frame(1, "hello ") + frame(2, "a note\n") +
                         frame(1, "world").substr(0, 5));
      co_await peer.send(frame(1, "world").substr(5));
      FakeEngine::end(exec, 0);
    };
    world.engine.before_answer = [&](const std::string& key) {
      if (key == "POST start") remembered = world.memory.values;
    };
    Call call(world);
    call.run({"pg_dumpall", "--clean"});
    co_await call.finish();
    CHECK(call.what().empty());
    REQUIRE(call.result);
    CHECK(call.result->exit_code == 0);
    CHECK(call.result->messages == "a note\n");
    CHECK(world.saved() == "hello world");

    const auto* exec = world.engine.exec_of("pg_dumpall");
    REQUIRE(exec != nullptr);
    CHECK(exec->argv == std::vector<std::string>{"pg_dumpall", "--clean"});
    CHECK_FALSE(exec->user);
    CHECK_FALSE(exec->tty);
    const auto name = exec->environment.at("PGAPPNAME");
    CHECK(std::regex_match(name, std::regex("snapshotter-[0-9a-f]{24}")));
    CHECK(exec->environment == std::map<std::string, std::string>{{"LC_ALL", "C"},
                                                                  {"PGAPPNAME", name},
                                                                  {"PGCONNECT_TIMEOUT", "10"},
                                                                  {"PGPASSWORD", "s3cret"},
                                                                  {"PGUSER", "postgres"}});
    CHECK(remembered == std::map<std::string, std::string>{{name, "e0 c0ffee"}});
    CHECK(world.memory.values.empty());
    for (const auto& request : world.engine.server().requests()) {
      CAPTURE(request.path);
      CHECK((request.path == "/_ping" || request.path.starts_with("/v1.41/")));
    }
  });
}

TEST_CASE("a user of the container and an empty password are passed on") {
  in_world([](World& world) -> Task<> {
    world.settings.container_user = "backup";
    world.settings.login.password = Secret();
    Call call(world);
    call.run({"pg_dumpall"});
    co_await call.finish();
    const auto* exec = world.engine.exec_of("pg_dumpall");
    REQUIRE(exec != nullptr);
    CHECK(exec->user == "backup");
    CHECK_FALSE(exec->environment.contains("PGPASSWORD"));
  });
}

TEST_CASE("an exit code is the callers to judge and only the end of the messages is kept") {
  in_world([](World& world) -> Task<> {
    world.engine.dump = [](Peer& peer, Exec& exec) -> Task<> {
      co_await peer.send(frame(2, std::string(30'000, 'x')) + frame(2, "FATAL: no"));
      FakeEngine::end(exec, 3);
    };
    Call call(world);
    call.run({"pg_dumpall"});
    co_await call.finish();
    REQUIRE(call.result);
    CHECK(call.result->exit_code == 3);
    CHECK(call.result->messages.size() == 16 * 1024);
    CHECK(call.result->messages.ends_with("xxxFATAL: no"));
    CHECK(world.memory.values.empty());
  });
}

TEST_CASE("the engine is asked until it says that the program has ended") {
  in_world([](World& world) -> Task<> {
    world.engine.slow_to_tell = 3;
    Call call(world);
    call.run({"pg_dumpall"});
    co_await call.finish_asking();
    REQUIRE(call.result);
    CHECK(call.result->exit_code == 0);
    CHECK(world.engine.slow_to_tell == 0);
    CHECK(world.clock.now() == ManualClock::kStart + 150ms);
  });
}

TEST_CASE("a container that can not run a program is told apart") {
  struct Row {
    std::string status;
    std::string expected;
  };
  static const std::vector<Row> rows{
      {"absent", "there is no such container (see docker ps -a"},
      {"paused", "is paused (resume it: docker unpause db)"},
      {"exited", "is stopped (exit code 7) (start it: docker start db)"},
      {"created", "never started (start it: docker start db)"},
      {"restarting", "being restarted"},
      {"dead", "docker rm -f db"},
      {"removing", "is not running"},
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    static const Row* row;
    row = &rows[i];
    CAPTURE(row->status);
    in_world([](World& world) -> Task<> {
      world.engine.status = row->status;
      world.engine.container_exit_code = 7;
      Call call(world);
      call.run({"pg_dumpall"});
      co_await call.finish();
      CHECK(call.threw<DatabaseBackupError>());
      CHECK_THAT(call.what(), ContainsText("cannot run pg_dumpall in container 'db': "));
      CHECK_THAT(call.what(), ContainsText(row->expected));
      CHECK(world.engine.execs().empty());
      CHECK(world.memory.values.empty());
    });
  }
}

TEST_CASE("a container that stops just before the program is created says so") {
  for (const bool is_podman : {false, true}) {
    static bool podman;
    podman = is_podman;
    in_world([](World& world) -> Task<> {
      world.engine.podman = podman;
      world.engine.before_answer = [&](const std::string& key) {
        if (key == "POST exec") world.engine.status = "exited";
      };
      Call call(world);
      call.run({"pg_dumpall"});
      co_await call.finish();
      CHECK_THAT(call.what(), ContainsText("the container was stopped meanwhile"));
      CHECK_THAT(call.what(), ContainsText(podman ? "podman logs db" : "docker logs db"));
    });
  }
}

TEST_CASE("a container that is paused just before the start leaves nothing to remember") {
  in_world([](World& world) -> Task<> {
    world.engine.before_answer = [&](const std::string& key) {
      if (key == "POST start") world.engine.status = "paused";
    };
    Call call(world);
    call.run({"pg_dumpall"});
    co_await call.finish();
    CHECK_THAT(call.what(), ContainsText("paused meanwhile"));
    CHECK(world.memory.values.empty());
  });
}

TEST_CASE("a program that can not be started is told in the engines words") {
  in_world([](World& world) -> Task<> {
    world.engine.dump = [](Peer& peer, Exec& exec) -> Task<> {
      co_await peer.send(frame(1, "unable to find user nobody9\r\n"));  // as Docker does
      FakeEngine::end(exec, 126);
    };
    Call docker(world);
    docker.run({"pg_dumpall"});
    co_await docker.finish();
    CHECK_THAT(docker.what(), ContainsText("unable to find user nobody9 (see that"));

    world.engine.podman = true;
    world.engine.dump = [](Peer& peer, Exec& exec) -> Task<> {
      co_await peer.send(frame(2, "executable file not found\n"));
      FakeEngine::end(exec, 127);
    };
    Call podman(world);
    podman.run({"pg_dumpall"});
    co_await podman.finish();
    CHECK_THAT(podman.what(), ContainsText("executable file not found"));

    world.engine.instead["POST start"] = reply(500, R"({"message":"no matching entries"})");
    world.engine.before_answer = [&](const std::string& key) {
      if (key == "POST start")
        world.engine.add_exec("e2", Exec{{"pg_dumpall"}, {}, {}, false, "ended", 125});
    };
    Call refused(world);
    refused.run({"pg_dumpall"});
    co_await refused.finish();
    CHECK_THAT(refused.what(), ContainsText("the engine says: no matching entries"));
    CHECK(world.memory.values.empty());
  });
}

TEST_CASE("a container that ends under a dump fails it though the stream ends well") {
  struct Row {
    std::string status, started_at, expected;
    bool out_of_memory;
  };
  static const std::vector<Row> rows{
      {"exited", "2026-11-24T01:00:00Z", "was stopped meanwhile (exit code 137)", false},
      {"exited", "2026-11-24T01:00:00Z", "using more memory than it may", true},
      {"absent", "", "was removed meanwhile", false},
      {"restarting", "2026-11-24T01:00:00Z", "was stopped meanwhile", false},
      {"running", "2026-11-24T02:00:01Z", "was restarted meanwhile", false},
      {"running", "2026-11-24T01:00:00Z", "killed for want of memory", true},
  };
  for (const auto& each : rows) {
    static const Row* row;
    row = &each;
    CAPTURE(row->expected);
    in_world([](World& world) -> Task<> {
      world.engine.dump = [](Peer& peer, Exec& exec) -> Task<> {
        co_await peer.send(frame(1, "half a dump"));
        FakeEngine::end(exec, 137);
      };
      world.engine.before_answer = [&](const std::string&) {
        const auto* exec = world.engine.exec_of("pg_dumpall");
        if (exec == nullptr || exec->phase != "ended") return;
        world.engine.status = row->status;
        world.engine.started_at = row->started_at;
        world.engine.container_exit_code = 137;
        world.engine.out_of_memory = row->out_of_memory;
      };
      Call call(world);
      call.run({"pg_dumpall"});
      co_await call.finish();
      CHECK(call.threw<DatabaseBackupError>());
      CHECK_THAT(call.what(), ContainsText(row->expected));
      CHECK(world.memory.values.empty());
    });
  }
}

TEST_CASE("a killed program is asked about for two seconds") {
  for (const bool is_stopped : {false, true}) {
    static bool stopped;
    stopped = is_stopped;
    in_world([](World& world) -> Task<> {
      world.engine.dump = [](Peer&, Exec& exec) -> Task<> {
        FakeEngine::end(exec, 137);
        co_return;
      };
      world.engine.before_answer = [&](const std::string&) {
        if (stopped && world.clock.now() >= ManualClock::kStart + 200ms)
          world.engine.status = "exited";
      };
      Call call(world);
      call.run({"pg_dumpall"});
      co_await call.finish_asking();
      if (stopped) {
        CHECK_THAT(call.what(), ContainsText("the container was stopped meanwhile"));
      } else {
        REQUIRE(call.result);
        CHECK(call.result->exit_code == 137);
        CHECK(world.clock.now() == ManualClock::kStart + 2s);
      }
    });
  }
}

TEST_CASE("an engine that dies under a dump fails it and the dump stays remembered") {
  in_world([](World& world) -> Task<> {
    world.engine.dump = [&world](Peer& peer, Exec&) -> Task<> {
      world.engine.dead = true;
      return peer.send(frame(1, "half a dump"));
    };
    Call call(world);
    call.run({"pg_dumpall"});
    co_await call.finish();
    CHECK(call.threw<postgresql::EngineSilent>());
    CHECK_THAT(call.what(), ContainsText("whether pg_dumpall finished can't be known"));
    CHECK(world.memory.values.size() == 1);

    world.engine.dead = false;  // the next run ends it
    world.engine.dump = [](Peer& peer, Exec& exec) -> Task<> {
      co_await peer.send(frame(1, "whole"));
      FakeEngine::end(exec, 0);
    };
    Call next(world);
    next.run({"pg_dumpall"});
    co_await next.finish_ending();
    CHECK(next.result);
    CHECK(world.memory.values.empty());
    CHECK(world.engine.quiet());
  });
}

TEST_CASE("a stream that breaks off is no dump") {
  struct Row {
    std::string bytes, expected;
  };
  static const std::vector<Row> rows{
      {frame(1, "dump").substr(0, 5), "the stream of the engine broke off"},
      {frame(1, "dump").substr(0, 10), "the stream of the engine broke off"},
      {frame(3, "out of disk"), "the engine reports: out of disk"},
      {"-- PostgreSQL", "can't be read"},
  };
  for (const auto& each : rows) {
    static const Row* row;
    row = &each;
    CAPTURE(row->expected);
    in_world([](World& world) -> Task<> {
      world.engine.dump = [](Peer& peer, Exec& exec) -> Task<> {
        FakeEngine::end(exec, 0);
        co_await peer.send(row->bytes);
      };
      Call call(world);
      call.run({"pg_dumpall"});
      co_await call.finish_ending();
      CHECK(call.threw<DatabaseBackupError>());
      CHECK_THAT(call.what(), ContainsText(row->expected));
      CHECK(world.memory.values.empty());
    });
  }
}

TEST_CASE("a stream that ends before its program does is a failure that ends the program") {
  in_world([](World& world) -> Task<> {
    world.engine.dump = [](Peer& peer, Exec&) { return peer.send(frame(1, "half")); };
    Call call(world);
    call.run({"pg_dumpall"});
    co_await ask_until_given_up(world);
    co_await call.finish_ending();
    CHECK_THAT(call.what(), ContainsText("its output has ended"));
    CHECK(world.engine.count("psql") == 1);
    CHECK(world.engine.quiet());
    CHECK(world.memory.values.empty());
  });
}

TEST_CASE("a dump that is silent for too long is ended") {
  in_world([](World& world) -> Task<> {
    world.engine.dump = [](Peer& peer, Exec&) -> Task<> {
      co_await peer.send(frame(1, "begin"));
      co_await peer.stall();
    };
    Call call(world);
    call.run({"pg_dumpall"});
    while (world.saved().empty()) co_await world.clock.settle();
    co_await world.clock.advance(29min);
    CHECK_FALSE(call.ended);
    co_await world.clock.advance(61s);
    co_await call.finish_ending();
    CHECK_THAT(call.what(), ContainsText("pg_dumpall wrote nothing for 30 minutes"));
    CHECK(world.engine.quiet());
    CHECK(world.memory.values.empty());
  });
}

TEST_CASE("an end that is never told is a failure after half a minute") {
  in_world([](World& world) -> Task<> {
    world.engine.slow_to_tell = 1'000'000;
    Call call(world);
    call.run({"pg_dumpall"});
    co_await ask_until_given_up(world);
    const auto asked = world.clock.now() - ManualClock::kStart;
    CHECK(asked >= 30s);
    CHECK(asked < 31s);
    co_await call.finish_ending();
    CHECK_THAT(call.what(), ContainsText("for 30 s the engine has not said that it has"));
    CHECK(world.memory.values.size() == 1);
  });
}

TEST_CASE("a program that the engine has forgotten has no known end") {
  for (const bool was_restarted : {false, true}) {
    static bool restarted;
    restarted = was_restarted;
    in_world([](World& world) -> Task<> {
      world.engine.dump = [&world](Peer& peer, Exec& exec) -> Task<> {
        exec.phase = "forgotten";
        if (restarted) world.engine.started_at = "2026-11-24T02:00:01Z";
        return peer.send(frame(1, "dump"));
      };
      Call call(world);
      call.run({"pg_dumpall"});
      co_await call.finish_ending();
      CHECK(call.threw<DatabaseBackupError>());
      CHECK_THAT(call.what(), ContainsText(restarted ? "the container was restarted meanwhile"
                                                     : "the engine has forgotten it"));
      // No session was found three times.
      CHECK(world.engine.count("psql") == 3);
      CHECK(world.memory.values.empty());
    });
  }
}

TEST_CASE("an output that throws ends the dump and its exception comes out") {
  for (const bool does_stall : {false, true}) {
    static bool stall;
    stall = does_stall;
    in_world([](World& world) -> Task<> {
      world.engine.dump = [](Peer& peer, Exec&) -> Task<> {
        co_await peer.send(frame(1, "dump"));
        if (stall) co_await peer.stall();
        for (;;) co_await peer.send(frame(1, std::string(100'000, 'x')));
      };
      world.output = [](std::span<const std::byte>) {
        throw StoreFullError({"write", "backup", "No space left on device"});
      };
      Call call(world);
      call.run({"pg_dumpall"});
      co_await call.finish_ending();
      CHECK(call.threw<StoreFullError>());
      CHECK(world.engine.quiet());
      CHECK(world.memory.values.empty());
    });
  }
}

TEST_CASE("a slow archive slows the engine down") {
  in_world([](World& world) -> Task<> {
    std::size_t sent = 0;
    world.engine.dump = [&sent](Peer& peer, Exec& exec) -> Task<> {
      struct Send {
        static Task<> all(Peer& to, Exec& what, std::size_t& count) {
          for (; count < 64; ++count) co_await to.send(frame(1, std::string(256 * 1024, 'x')));
          FakeEngine::end(what, 0);
        }
      };
      return Send::all(peer, exec, sent);
    };
    std::promise<void> let_go;
    std::size_t bytes = 0;
    world.output = [&](std::span<const std::byte> piece) {
      if (bytes == 0) let_go.get_future().wait();
      bytes += piece.size();
    };
    Call call(world);
    call.run({"pg_dumpall"});
    while (sent == 0) co_await world.clock.settle();
    for (int i = 0; i < 50; ++i) co_await world.clock.settle();
    CHECK(sent < 16);  // 4 of 16 MiB
    CHECK_FALSE(call.ended);
    let_go.set_value();
    co_await call.finish();
    CHECK(call.result);
    CHECK(bytes == 64 * 256 * 1024);
  });
}

TEST_CASE("what can not be remembered is not started") {
  in_world([](World& world) -> Task<> {
    world.memory.put_failure = std::make_exception_ptr(CatalogError({"write", "catalog", "full"}));
    Call call(world);
    call.run({"pg_dumpall"});
    co_await call.finish();
    CHECK(call.threw<CatalogError>());
    REQUIRE(world.engine.exec_of("pg_dumpall") != nullptr);
    CHECK(world.engine.exec_of("pg_dumpall")->phase == "created");
  });
}
