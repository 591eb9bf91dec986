// What a server may answer instead of making a snapshot, and what is said of it.
#include "support/catch.hpp"
#include "unit/target/prometheus/world.hpp"

using namespace snapshotter;
using namespace snapshotter::test;
namespace fs = std::filesystem;

namespace {

using Strings = std::vector<std::string>;

struct Case {
  unsigned status;
  std::string body;
  std::string why;
  std::string advice;
  bool retryable;
};

std::string error_of(const std::string& type, const std::string& text) {
  return R"({"status":"error","errorType":")" + type + R"(","error":")" + text + "\"}";
}

void answered(PrometheusWorld& world, unsigned status, const std::string& body) {
  world.back_up([&](ScriptedServer& server) {
    server.answer([=](const http::Request& request) {
      return request.method == "POST" ? reply(status, body) : reply(404);
    });
  });
}

}  // namespace

TEST_CASE("each refusal says what to do about it") {
  const std::vector<Case> cases{
      {500, error_of("unavailable", "admin APIs disabled"), "its admin API is off (HTTP 500)",
       "--web.enable-admin-api", false},
      {503, error_of("unavailable", "x"), "its admin API is off", "--web.enable-admin-api", false},
      {405, "Method Not Allowed", "the address takes no snapshots", "--web.enable-admin-api",
       false},
      {404, "404 page not found", "there is no such address", "--web.route-prefix", false},
      {401, "Unauthorized", "the server wants to know who asks", "set username and password",
       false},
      {403, "", "whoever asks is not allowed to", "bearer_token", false},
      {302, "", "the address leads somewhere else", "set url to where it leads", false},
      {400, error_of("bad_data", "what?"), "does not take the request (HTTP 400): \"what?\"",
       "check url", false},
      {429, "", "too much to do", "", true},
      {503, "Service Unavailable", "the server is not ready yet", "", true},
      {502, "<html>", "the server failed (HTTP 502)", "Prometheus's log", true},
      {500, error_of("internal", "create snapshot: no space left"),
       "the server failed (HTTP 500): \"create snapshot: no space left\"", "is its disk full?",
       true},
      {200, "<html>log in", "the answer is none of Prometheus's", "check url", false},
      {200, "", "the answer is none of Prometheus's", "check url", false},
      {200, "[]", "the answer is none of Prometheus's", "check url", false},
      {200, error_of("internal", "x"), "the answer is none of Prometheus's", "check url", false},
      {200, R"({"status":"success"})", "which is no name of one", "something else", false},
      {200, R"({"status":"success","data":{"name":7}})", "which is no name of one", "", false},
      {200, R"({"status":"success","data":"name"})", "which is no name of one", "", false},
  };
  PrometheusWorld world(1);
  for (const Case& it : cases) {
    CAPTURE(it.status, it.body);
    answered(world, it.status, it.body);
    CHECK_THAT(world.what(),
               ContainsText("cannot make a snapshot with 'Prometheus at http://127."));
    CHECK_THAT(world.what(), ContainsText(it.why));
    CHECK_THAT(world.advice(), ContainsText(it.advice));
    CHECK(world.retryable() == it.retryable);
    CHECK(world.snapshots() == Strings{});
    // Only what may have left a snapshot is still remembered, and only for its time.
    const bool may_exist = it.status == 200 || world.memory.values.contains("request");
    CHECK(world.memory.values.size() == (may_exist ? 1 : 0));
    world.memory.values.clear();
  }
}

TEST_CASE("a refusal for sure is not remembered, a failure in the middle is") {
  PrometheusWorld world(1);
  for (const unsigned status : {401U, 403U, 404U, 405U, 429U, 302U}) {
    answered(world, status, "");
    CAPTURE(status);
    CHECK(world.memory.values.empty());
  }
  answered(world, 500, error_of("internal", "disk full"));
  CHECK(world.memory.values.contains("request"));
}

TEST_CASE("what a failed snapshot left is deleted") {
  PrometheusWorld world;
  world.back_up([&](ScriptedServer& server) {
    server.answer([&](const http::Request& request) {
      if (request.method != "POST") return reply(404);
      world.make_snapshot();
      return reply(500, error_of("internal", "disk full"));
    });
  });
  CHECK_THAT(world.what(), ContainsText("disk full"));
  CHECK(world.snapshots() == Strings{});
  CHECK(world.memory.values.empty());
}

TEST_CASE("no name from a server leads anywhere") {
  PrometheusWorld world(1);
  const auto precious = world.dir.path() / "precious";
  fs::create_directories(precious);
  fs::create_directories(world.data / "snapshots" / "mine");
  const Strings names{"..",
                      "../..",
                      "../../precious",
                      precious.string(),
                      "mine",
                      "",
                      ".",
                      "20261124T020001Z-1/../../../precious",
                      "20261124T020001Z-../x",
                      "20261124T020001Z-",
                      "20261324T020001Z-116eecd829705491",
                      "20261124T020001Z-\\u0000",
                      "20261124T020001Z-" + std::string(300, 'a')};
  for (const std::string& name : names) {
    CAPTURE(name);
    world.back_up([&](ScriptedServer& server) {
      server.answer([&](const http::Request&) { return PrometheusWorld::named(name); });
    });
    CHECK_THAT(world.what(), ContainsText("which is no name of one"));
    CHECK(fs::exists(precious));
    CHECK(world.snapshots() == Strings{"mine"});
    world.memory.values.clear();
  }
}

TEST_CASE("a server that is not there is told with its address") {
  PrometheusWorld world(1);
  SECTION("nobody listens") {
    world.back_up([&](ScriptedServer& server) {
      server.script("", ScriptedServer::End::reset);
      server.script("", ScriptedServer::End::reset);
    });
    CHECK_THAT(world.what(), ContainsText("Prometheus at http://127.0.0.1"));
    CHECK(world.retryable());
  }
  SECTION("it speaks no HTTP") {
    world.back_up([&](ScriptedServer& server) {
      server.script("SSH-2.0-OpenSSH_9.2\r\n");
      server.script("SSH-2.0-OpenSSH_9.2\r\n");
    });
    CHECK_FALSE(world.retryable());
  }
  CHECK(world.error);
}

TEST_CASE("an answer that was cut leaves no snapshot") {
  PrometheusWorld world;
  world.back_up([&](ScriptedServer& server) {
    server.script("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    server.script([&](ScriptedServer::Peer& peer) -> Task<> {
      co_await peer.request();
      world.make_snapshot();
      co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 72\r\n\r\n{\"status\":\"suc");
    });
  });
  CHECK(world.error);
  CHECK(world.retryable());
  CHECK(world.snapshots() == Strings{});
  CHECK(world.memory.values.empty());
}

TEST_CASE("a server that stalls is given up after timeout, and its snapshot deleted") {
  PrometheusWorld world;
  world.step = std::chrono::seconds{5};
  world.settings.timeout = std::chrono::minutes{10};
  world.back_up([&](ScriptedServer& server) {
    server.script("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    server.script([&](ScriptedServer::Peer& peer) -> Task<> {
      co_await peer.request();
      world.make_snapshot();
      co_await peer.stall();
    });
  });
  CHECK_THAT(world.advice(), ContainsText("raise timeout"));
  CHECK(world.retryable());
  CHECK(world.took >= std::chrono::minutes{10});
  CHECK(world.took < std::chrono::minutes{11});
  CHECK(world.snapshots() == Strings{});
}
