// Dumps that are ended from outside: by a cancel at every step, by the next start of the daemon.
#include "world.hpp"

#include <set>

using namespace snapshotter;
using namespace snapshotter::test;
using namespace std::chrono_literals;

namespace {

using Peer = FakeEngine::Peer;
using Exec = FakeEngine::Exec;

Task<> write_and_hang(Peer& peer, Exec&) {
  co_await peer.send(frame(1, "begin"));
  co_await peer.stall();
}

Task<> settle_until(World& world, std::function<bool()> condition) {
  while (!condition()) co_await world.clock.settle();
}

Exec left_running(const std::string& name) {
  Exec exec;
  exec.argv = {"pg_dumpall"};
  exec.environment = {{"PGAPPNAME", name}};
  exec.phase = "running";
  return exec;
}

const std::string kName = "snapshotter-0123456789abcdef01234567";

}  // namespace

TEST_CASE("a cancel ends the session in the database and then the program is gone") {
  in_world([](World& world) -> Task<> {
    world.engine.dump = write_and_hang;
    world.settings.container_user = "backup";
    Call call(world);
    call.run({"pg_dumpall"});
    co_await settle_until(world, [&] { return world.saved() == "begin"; });
    const auto name = world.engine.exec_of("pg_dumpall")->environment.at("PGAPPNAME");
    call.cancel();
    co_await call.finish_ending();
    CHECK(call.threw<CancelledError>());
    CHECK(world.engine.quiet());
    CHECK(world.memory.values.empty());
    CHECK(world.clock.now() - ManualClock::kStart < 1s);

    REQUIRE(world.engine.count("psql") == 1);
    const auto* psql = world.engine.exec_of("psql");
    CHECK(psql->argv.back() ==
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = '" +
              name + "'");
    CHECK(psql->environment.at("PGAPPNAME") != name);  // or it would end itself
    CHECK(psql->environment.at("PGPASSWORD") == "s3cret");
    CHECK(psql->user == "backup");
  });
}

TEST_CASE("a dump that goes on to its next database is ended again") {
  in_world([](World& world) -> Task<> {
    world.engine.dump = write_and_hang;
    world.engine.stubborn = 2;
    Call call(world);
    call.run({"pg_dumpall"});
    co_await settle_until(world, [&] { return world.saved() == "begin"; });
    call.cancel();
    co_await call.finish_ending();
    CHECK(call.threw<CancelledError>());
    CHECK(world.engine.count("psql") == 3);
    CHECK(world.engine.quiet());
    CHECK(world.memory.values.empty());
  });
}

TEST_CASE("a cancel during any request leaves nothing behind") {
  // Without a stall a run makes these: ping, inspect, create, start, exec's json.
  for (std::size_t i = 0; i < 6; ++i) {
    static std::size_t step;
    step = i;
    CAPTURE(step);
    in_world([](World& world) -> Task<> {
      world.engine.stalled = {step};
      Call call(world);
      call.run({"pg_dumpall"});
      constexpr std::size_t kStart = 3;
      constexpr std::size_t kAll = 5;
      co_await settle_until(
          world, [&] { return call.ended || world.engine.server().requests().size() == step + 1; });
      call.cancel();
      if (step == kStart) co_await world.clock.advance(30s);  // not abandoned any sooner
      co_await call.finish_ending();
      if (step == kStart) {
        CHECK(call.threw<postgresql::EngineSilent>());
      } else if (step < kAll) {
        CHECK(call.threw<CancelledError>());
      } else {
        CHECK(call.result);
      }
      CHECK(world.engine.quiet());
      CHECK(world.memory.values.empty());
    });
  }
}

TEST_CASE("a start that is under way is not abandoned") {
  in_world([](World& world) -> Task<> {
    async::Event go_on(world.loop);
    world.engine.dump = write_and_hang;
    bool asked = false;
    world.engine.before_start = [&](Peer&) {
      asked = true;
      return go_on.wait();
    };
    Call call(world);
    call.run({"pg_dumpall"});
    co_await settle_until(world, [&] { return asked; });
    call.cancel();
    for (int i = 0; i < 20; ++i) co_await world.clock.settle();
    CHECK_FALSE(call.ended);
    CHECK(world.engine.server().open() == 1);
    go_on.set();
    co_await call.finish_ending();
    CHECK(call.threw<CancelledError>());
    CHECK(world.engine.quiet());
    CHECK(world.memory.values.empty());
  });
}

TEST_CASE("what can not be ended is told and stays remembered until it can") {
  in_world([](World& world) -> Task<> {
    world.engine.dump = write_and_hang;
    world.engine.stubborn = 1'000'000;
    Call call(world);
    call.run({"pg_dumpall"});
    co_await settle_until(world, [&] { return world.saved() == "begin"; });
    call.cancel();
    co_await call.finish_ending();
    CHECK(call.threw<DatabaseBackupError>());
    CHECK_THAT(call.what(), ContainsText("it still runs"));
    CHECK(world.clock.now() - ManualClock::kStart == 10s);
    CHECK(world.memory.values.size() == 1);

    world.engine.stubborn = 0;
    Call recovery(world);
    recovery.recover();
    co_await recovery.finish_ending();
    CHECK(recovery.what().empty());
    CHECK(world.engine.quiet());
    CHECK(world.memory.values.empty());
  });
}

TEST_CASE("a cancelled dump of a paused container stays remembered") {
  in_world([](World& world) -> Task<> {
    world.engine.dump = write_and_hang;
    Call call(world);
    call.run({"pg_dumpall"});
    co_await settle_until(world, [&] { return world.saved() == "begin"; });
    world.engine.status = "paused";
    call.cancel();
    co_await call.finish_ending();
    CHECK_THAT(call.what(), ContainsText("docker unpause db"));
    CHECK(world.memory.values.size() == 1);
  });
}

TEST_CASE("recovery without anything remembered asks nobody") {
  in_world([](World& world) -> Task<> {
    world.memory.values = {{"snapshot", "of another kind of tools"},
                           {"snapshotter-'; drop table x", "e c"}};
    Call call(world);
    call.recover();
    co_await call.finish();
    CHECK(call.what().empty());
    CHECK(world.engine.server().connections() == 0);
    CHECK(world.memory.values.size() == 2);
  });
}

TEST_CASE("recovery ends what a killed daemon left running") {
  in_world([](World& world) -> Task<> {
    world.engine.add_exec("left", left_running(kName));
    world.engine.add_exec("others", left_running("snapshotter-76543210fedcba9876543210"));
    world.memory.values = {{kName, "left c0ffee"}};
    Call call(world);
    call.recover();
    co_await call.finish_ending();
    CHECK(call.what().empty());
    CHECK(world.engine.execs().at("left").phase == "ended");
    CHECK(world.engine.execs().at("others").phase == "running");
    CHECK(world.memory.values.empty());
  });
}

TEST_CASE("recovery forgets what can not be running") {
  for (const auto* its_status : {"absent", "exited", "dead", "created", "restarting"}) {
    static const char* status;
    status = its_status;
    CAPTURE(status);
    in_world([](World& world) -> Task<> {
      world.engine.status = status;
      world.memory.values = {{kName, "left c0ffee"}};
      Call call(world);
      call.recover();
      co_await call.finish();
      CHECK(call.what().empty());
      CHECK(world.memory.values.empty());
    });
  }
}

TEST_CASE("recovery keeps what it can not know and says so") {
  in_world([](World& world) -> Task<> {
    world.memory.values = {{kName, "left c0ffee"}};
    world.engine.dead = true;
    Call silent(world);
    silent.recover();
    co_await silent.finish();
    CHECK(silent.threw<postgresql::EngineSilent>());
    CHECK(world.memory.values.size() == 1);

    world.engine.dead = false;
    world.engine.status = "paused";
    Call paused(world);
    paused.recover();
    co_await paused.finish();
    CHECK_THAT(paused.what(), ContainsText("end what a former run left in container 'db'"));
    CHECK_THAT(paused.what(), ContainsText("docker unpause db"));
    CHECK(world.memory.values.size() == 1);
  });
}

TEST_CASE("a program that was never begun is forgotten after two seconds") {
  in_world([](World& world) -> Task<> {
    auto exec = left_running(kName);
    exec.phase = "created";
    world.engine.add_exec("left", exec);
    world.memory.values = {{kName, "left c0ffee"}};
    Call call(world);
    call.recover();
    co_await call.finish_ending();
    CHECK(call.what().empty());
    CHECK(world.clock.now() - ManualClock::kStart == 2s);
    CHECK(world.memory.values.empty());
  });
}

TEST_CASE("a forgotten program is over when it has no session left") {
  in_world([](World& world) -> Task<> {
    world.engine.other_sessions = 1;
    world.memory.values = {{kName, "unknown c0ffee"}};
    Call call(world);
    call.recover();
    while (world.engine.count("psql") < 5) {
      co_await world.clock.settle();
      if (world.engine.server().open() == 0 && world.clock.waiters() == 2)
        co_await world.clock.advance(200ms);
    }
    CHECK_FALSE(call.ended);
    world.engine.other_sessions = 0;
    co_await call.finish_ending();
    CHECK(call.what().empty());
    CHECK(world.memory.values.empty());
  });
}

TEST_CASE("a session that can not be ended keeps no backup from being tried") {
  in_world([](World& world) -> Task<> {
    world.engine.stubborn = 1'000'000;
    world.engine.add_exec("left", left_running(kName));
    world.memory.values = {{kName, "left c0ffee"}};
    Call call(world);
    call.run({"pg_dumpall"});
    co_await call.finish_ending();
    CHECK(call.result);
    CHECK(world.saved() == "dump");
    CHECK(world.memory.values.size() == 1);
  });
}
