// Snapshots whose backup was cancelled or killed, and those that are nobody's business here.
#include "base/error.hpp"
#include "support/catch.hpp"
#include "unit/target/prometheus/world.hpp"

using namespace snapshotter;
using namespace snapshotter::test;
namespace fs = std::filesystem;

namespace {

using Strings = std::vector<std::string>;
using Values = std::map<std::string, std::string>;

// As a daemon that was killed between the request and its answer left it; the clock starts at
// 2026-11-24T02:00:00Z.
std::string request_of(const std::string& existing = "") {
  const auto start = to_unix_micros(ManualClock::kStart);
  const std::string quoted = existing.empty() ? "" : '"' + existing + '"';
  return R"({"from":)" + std::to_string(start - 5'000'000) + R"(,"until":)" +
         std::to_string(start + 600'000'000) + R"(,"existing":[)" + quoted + "]}";
}

constexpr const char* kForeign = "20261124T020500Z-1111111111111111";
constexpr const char* kOlder = "20261123T235959Z-2222222222222222";
constexpr const char* kLater = "20261124T025959Z-3333333333333333";

void answering(PrometheusWorld& world) {
  world.back_up([&](ScriptedServer& server) {
    server.answer([&](const http::Request& request) { return world.answer(request); });
  });
}

// A server that makes the snapshot at once and answers after `delay`; never without one.
void answering_late(PrometheusWorld& world, std::optional<Duration> delay) {
  world.back_up([&](ScriptedServer& server) {
    server.script("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    server.script([&world, delay](ScriptedServer::Peer& peer) -> Task<> {
      co_await peer.request();
      world.make_snapshot();
      if (!delay) co_await peer.stall();
      co_await world.clock.sleep_for(*delay);
      const std::string body = PrometheusWorld::named(PrometheusWorld::kName).body;
      const std::string head =
          "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n";
      co_await peer.send(head + body);
    });
  });
}

}  // namespace

TEST_CASE("a backup cancelled while the server works waits for its answer and deletes") {
  PrometheusWorld world;
  world.cancel_when = [&] { return !world.snapshots().empty(); };
  answering_late(world, std::chrono::milliseconds{600});
  CHECK(world.cancelled());
  CHECK(world.took < std::chrono::seconds{1});
  CHECK(world.snapshots() == Strings{});
  CHECK(world.memory.values.empty());
}

TEST_CASE("a backup cancelled while the server works for long remembers and ends") {
  PrometheusWorld world;
  world.cancel_when = [&] { return !world.snapshots().empty(); };
  answering_late(world, std::nullopt);
  CHECK(world.cancelled());
  CHECK(world.took <= std::chrono::seconds{1});
  CHECK(world.snapshots() == Strings{PrometheusWorld::kName});
  const Values remembered{{std::string("snapshot ") + PrometheusWorld::kName, "unanswered"}};
  CHECK(world.memory.values == remembered);

  SECTION("the next start deletes") {
    world.recover();
    CHECK(world.what() == "");
    CHECK(world.snapshots() == Strings{});
  }
  SECTION("the next backup deletes, and says so") {
    world.blocks.pop_back();  // of another snapshot, under the same name
    world.back_up([&](ScriptedServer& server) {
      server.answer([&](const http::Request& request) {
        if (request.method != "POST") return reply(404);
        return PrometheusWorld::named(world.make_snapshot("20261124T020009Z-4444"));
      });
    });
    CHECK(world.what() == "");
    REQUIRE(world.report.notes == 1);
    CHECK_THAT(world.warnings().front(), ContainsText("was left by an earlier backup"));
    CHECK(world.snapshots() == Strings{});
  }
  CHECK(world.memory.values.empty());
}

TEST_CASE("a backup cancelled before it has begun asks for nothing") {
  PrometheusWorld world;
  world.cancel_when = [] { return true; };
  answering(world);
  // Whether the cancel came in time or not: nothing is left.
  CHECK(world.snapshots() == Strings{});
  CHECK(world.memory.values.empty());
}

TEST_CASE("a backup cancelled while it waits for the snapshot deletes it") {
  PrometheusWorld world;
  int looks = 0;
  world.cancel_when = [&] { return !world.snapshots().empty() && ++looks == 2; };
  answering(world);
  CHECK(world.cancelled());
  CHECK(world.snapshots() == Strings{});
  CHECK(world.memory.values.empty());
}

TEST_CASE("a start deletes the snapshot whose name is remembered, and no other") {
  PrometheusWorld world;
  world.make_snapshot();
  world.make_snapshot(kForeign);
  world.memory.values = {{std::string("snapshot ") + PrometheusWorld::kName, "made"}};
  world.recover();
  CHECK(world.what() == "");
  CHECK(world.snapshots() == Strings{kForeign});
  CHECK(world.memory.values.empty());
  CHECK(fs::exists(world.data / world.blocks[0] / "chunks" / "000001"));
}

TEST_CASE("a start deletes the rest of a snapshot that was being deleted") {
  PrometheusWorld world;
  world.make_snapshot();
  fs::remove_all(world.data / "snapshots" / PrometheusWorld::kName / world.blocks[0]);
  world.memory.values = {{std::string("snapshot ") + PrometheusWorld::kName, "made"}};
  world.recover();
  CHECK(world.snapshots() == Strings{});
  world.recover();
  CHECK(world.what() == "");
}

TEST_CASE("a start follows no symlink out of a snapshot") {
  PrometheusWorld world;
  const auto precious = world.dir.path() / "precious";
  fs::create_directories(precious);
  write_file(precious / "file", "x");
  SECTION("in it") {
    world.make_snapshot();
    fs::create_directory_symlink(precious,
                                 world.data / "snapshots" / PrometheusWorld::kName / "out");
  }
  SECTION("in its place") {
    fs::create_directories(world.data / "snapshots");
    fs::create_directory_symlink(precious, world.data / "snapshots" / PrometheusWorld::kName);
  }
  world.memory.values = {{std::string("snapshot ") + PrometheusWorld::kName, "made"}};
  world.recover();
  CHECK(world.what() == "");
  CHECK(world.snapshots() == Strings{});
  CHECK(fs::exists(precious / "file"));
}

TEST_CASE("a start deletes the one snapshot that an unanswered request can have made") {
  PrometheusWorld world;
  for (const char* const other : {kForeign, kOlder, kLater}) world.make_snapshot(other);
  world.make_snapshot();
  world.memory.values = {{"request", request_of(kForeign)}};
  world.recover();
  CHECK(world.what() == "");
  CHECK(world.snapshots() == Strings{kOlder, kForeign, kLater});
  CHECK(world.memory.values.empty());
}

TEST_CASE("a start touches none of several snapshots that may be ours") {
  PrometheusWorld world;
  world.make_snapshot();
  world.make_snapshot(kForeign);
  world.memory.values = {{"request", request_of()}};
  world.recover();
  CHECK_THAT(world.what(), ContainsText(PrometheusWorld::kName));
  CHECK_THAT(world.what(), ContainsText(kForeign));
  CHECK_THAT(world.what(), ContainsText("delete by hand those that nobody needs"));
  CHECK(world.snapshots() == Strings{PrometheusWorld::kName, kForeign});
  CHECK(world.memory.values.empty());

  // Somebody deletes ours; the other one must stay.
  fs::remove_all(world.data / "snapshots" / PrometheusWorld::kName);
  world.recover();
  CHECK(world.snapshots() == Strings{kForeign});
}

TEST_CASE("an unanswered request is remembered for its time, not for ever") {
  PrometheusWorld world;
  world.make_snapshot(kOlder);
  world.make_snapshot(kLater);
  world.memory.values = {{"request", request_of()}};
  world.recover();
  CHECK(world.memory.values.contains("request"));
  world.loop.run([](PrometheusWorld& it) -> Task<int> {
    co_await it.clock.advance(std::chrono::minutes{11});
    co_return 0;
  }(world));
  world.recover();
  CHECK(world.what() == "");
  CHECK(world.memory.values.empty());
  CHECK(world.snapshots() == Strings{kOlder, kLater});
}

TEST_CASE("a snapshot that is still being written is deleted when it is not any more") {
  PrometheusWorld world;
  world.make_snapshot();
  const auto part = world.data / "snapshots" / PrometheusWorld::kName /
                    "01M86FM50S1C6R4N5KTG3KS7WG.tmp-for-creation";
  fs::create_directories(part);
  world.memory.values = {{"request", request_of()}};
  world.step = std::chrono::seconds{1};
  SECTION("within the patience") {
    world.cancel_when = [&, looks = 0]() mutable {
      if (++looks == 5) fs::remove(part);
      return false;
    };
    world.recover();
    CHECK(world.what() == "");
  }
  SECTION("later") {
    world.recover();
    CHECK_THAT(world.what(), ContainsText("is still being made by Prometheus"));
    CHECK(world.snapshots().size() == 1);
    fs::remove(part);
    world.recover();
    CHECK(world.what() == "");
  }
  CHECK(world.snapshots() == Strings{});
  CHECK(world.memory.values.empty());
}

TEST_CASE("a remembered name that is not there is kept for a week") {
  PrometheusWorld world;
  world.memory.values = {{std::string("snapshot ") + PrometheusWorld::kName, "made"},
                         {std::string("snapshot ") + "20261116T020000Z-5555", "made"}};
  world.recover();
  CHECK(world.what() == "");
  CHECK(world.memory.values == Values{{std::string("snapshot ") + PrometheusWorld::kName, "made"}});
}

TEST_CASE("memories of nobody's do no harm") {
  PrometheusWorld world;
  world.make_snapshot();
  const auto precious = world.dir.path() / "precious";
  fs::create_directories(precious);
  for (const char* const value :
       {"", "{", "[]", "{}", R"({"from":1})", R"({"from":1,"until":9e99,"existing":[]})",
        R"({"from":1,"until":2,"existing":[5]})"}) {
    world.memory.values = {{"request", value},
                           {"snapshot ../../precious", "made"},
                           {"snapshot ", "made"},
                           {"else", "x"}};
    world.recover();
    CHECK(world.what() == "");
    CHECK(world.memory.values == Values{{"else", "x"}});
  }
  CHECK(fs::exists(precious));
  CHECK(world.snapshots() == Strings{PrometheusWorld::kName});
}

TEST_CASE("a start without the data folder says so and remembers") {
  PrometheusWorld world;
  world.settings.data_dir = "/nonexistent";
  world.memory.values = {{"request", request_of()},
                         {std::string("snapshot ") + PrometheusWorld::kName, "made"}};
  world.recover();
  CHECK_THAT(world.what(), ContainsText("/nonexistent"));
  CHECK(world.memory.values.size() == 2);
}
