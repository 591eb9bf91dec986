// Peers that say nothing, or little, and clients that are cancelled while they wait.
#include "support/scripted_certificates.hpp"
#include "support/temp_dir.hpp"
#include "world.hpp"

#include <filesystem>

using namespace snapshotter;
using namespace snapshotter::test;
using namespace std::chrono_literals;
using http::HttpError;
using Step = HttpError::Step;

namespace {

constexpr auto kHead = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";

std::size_t open_descriptors() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

// Where a connection stands still.
struct Stall {
  std::string name;
  ScriptedServer::Options server = {};
  std::string bytes = {};
  bool in_connecting = false;  // connect_timeout counts, else stall_timeout
  std::string why;
  std::size_t upload = 0;
};

std::vector<Stall> stalls() {
  const auto own = make_certificate({});
  const auto tls =
      std::make_shared<ScriptedServer::Tls>(ScriptedServer::Tls{own.certificate, own.key});
  std::vector<Stall> all;
  all.push_back({.name = "before accept", .why = "no answer came within 30s"});
  all.back().server.accept = false;
  all.push_back({.name = "TLS, before accept", .in_connecting = true, .why = "the TLS handshake"});
  all.back().server.accept = false;
  all.back().server.tls = tls;
  all.push_back({.name = "in the handshake", .in_connecting = true, .why = "the TLS handshake"});
  all.back().server.handshake = false;
  all.back().server.tls = tls;
  all.push_back({.name = "before the status", .why = "no answer came within 30s"});
  all.push_back({.name = "in the status", .bytes = "HTTP/1.1 2", .why = "no answer came within"});
  all.push_back(
      {.name = "in the head", .bytes = "HTTP/1.1 200 OK\r\nCont", .why = "no answer came"});
  all.push_back({.name = "after an interim answer",
                 .bytes = "HTTP/1.1 102 Processing\r\n\r\n",
                 .why = "no answer came"});
  all.push_back({.name = "in the body",
                 .bytes = std::string(kHead) + "0123",
                 .why = "nothing more came for 30s"});
  all.push_back({.name = "in a chunk's header",
                 .bytes = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na",
                 .why = "nothing more came"});
  all.push_back({.name = "in a body without length",
                 .bytes = "HTTP/1.1 200 OK\r\n\r\n0123",
                 .why = "nothing more came"});
  all.push_back({.name = "taking nothing", .why = "took nothing of the request for 30s"});
  all.back().server.accept = false;
  all.back().upload = 20'000'000;
  return all;
}

// A client that has come as far as the stall lets it.
struct Stalled {
  World world;
  Attempt attempt;
  std::optional<ScriptedServer> server;
  std::optional<http::Client> client;
  async::TaskGroup::Id task = 0;

  Task<> begin(const Stall& stall) {
    server.emplace(world.loop.executor(), stall.server);
    server->script([&stall](ScriptedServer::Peer& peer) -> Task<> {
      if (stall.server.handshake) static_cast<void>(co_await peer.request());
      co_await peer.send(stall.bytes);
      co_await peer.stall();
    });
    client.emplace(options_for(server->url()), world.clock);
    auto request = stall.upload == 0 ? get() : post(std::string(stall.upload, 'x'));
    task = world.start(attempt, client->send(std::move(request)));
    co_await world.clock.settle();
  }
};

}  // namespace

TEST_CASE("a stall at any step ends at its deadline and not before") {
  for (const Stall& stall : stalls()) {
    CAPTURE(stall.name);
    Stalled stalled;
    const auto test = [&]() -> Task<> {
      co_await stalled.begin(stall);
      co_await stalled.world.clock.advance(stall.in_connecting ? 9s : 29s);
      CHECK(!stalled.attempt.ended);
      co_await stalled.world.clock.advance(2s);
      co_await stalled.world.clock.settle();
      CHECK(stalled.attempt.ended);
      stalled.world.tasks.cancel_all();
      co_await stalled.world.tasks.join();
      stalled.server.reset();
    };
    stalled.world.run(test());
    CHECK(step_of(stalled.attempt) == Step::stalled);
    CHECK_THAT(stalled.attempt.why, ContainsText(stall.why));
    if (stalled.attempt.error) CHECK(stalled.attempt.error->retryable());
    CHECK(stalled.world.clock.waiters() == 0);
  }
}

TEST_CASE("cancelling at any step leaves no descriptor open") {
  for (const Stall& stall : stalls()) {
    CAPTURE(stall.name);
    Stalled stalled;
    const auto test = [&]() -> Task<> {
      {
        // The loop opens descriptors of its own with its first socket.
        const ScriptedServer first(stalled.world.loop.executor());
        co_await stalled.world.clock.settle();
      }
      co_await stalled.world.clock.settle();
      const auto before = open_descriptors();
      co_await stalled.begin(stall);
      CHECK(!stalled.attempt.ended);
      CHECK(open_descriptors() > before + 1);
      stalled.world.tasks.cancel(stalled.task);
      co_await stalled.world.tasks.join();
      CHECK(stalled.attempt.cancelled);
      stalled.server.reset();
      co_await stalled.world.clock.settle();
      CHECK(open_descriptors() == before);
      CHECK(stalled.world.clock.waiters() == 0);
    };
    stalled.world.run(test());
  }
}

TEST_CASE("a client that was cancelled before does not ask") {
  World world;
  const auto test = [&]() -> Task<> {
    ScriptedServer server(world.loop.executor());
    http::Client client(options_for(server.url()), world.clock);
    Attempt attempt;
    const auto task = world.start(attempt, client.send(get()));
    world.tasks.cancel(task);
    co_await world.tasks.join();
    co_await world.clock.settle();
    CHECK(attempt.cancelled);
    CHECK(server.connections() == 0);
  };
  world.run(test());
}

TEST_CASE("a body that drips is no stall, a head that drips is one") {
  World world;
  const auto test = [&]() -> Task<> {
    ScriptedServer server(world.loop.executor());
    server.script([&](ScriptedServer::Peer& peer) -> Task<> {
      static_cast<void>(co_await peer.request());
      co_await peer.send(kHead);
      co_await peer.drip("0123456789", 25s, world.clock);
    });
    server.script([&](ScriptedServer::Peer& peer) -> Task<> {
      static_cast<void>(co_await peer.request());
      co_await peer.drip(kHead, 5s, world.clock);
    });
    http::Client client(options_for(server.url()), world.clock);
    Attempt body;
    world.start(body, client.send(get()));
    co_await world.clock.advance(250s);
    co_await world.tasks.join();
    CHECK(body_of(body) == "0123456789");

    Attempt head;
    world.start(head, client.send(get()));
    co_await world.clock.advance(29s);
    CHECK(!head.ended);
    co_await world.clock.advance(1s);
    co_await world.tasks.join();
    CHECK(step_of(head) == Step::stalled);
  };
  world.run(test());
}

TEST_CASE("a reader that takes its time is no stall") {
  World world;
  const auto test = [&]() -> Task<> {
    ScriptedServer server(world.loop.executor());
    server.script(std::string(kHead) + "0123456789", ScriptedServer::End::stall);
    http::Client client(options_for(server.url()), world.clock);
    const auto exchange = co_await client.stream(get());
    std::array<std::byte, 4> piece{};
    std::size_t total = 0;
    for (std::size_t bytes = 1; bytes != 0; total += bytes) {
      co_await world.clock.advance(1h);
      bytes = co_await exchange->read(piece);
    }
    CHECK(total == 10);
  };
  world.run(test());
}

TEST_CASE("a request's own stall timeout counts") {
  World world;
  const auto test = [&]() -> Task<> {
    ScriptedServer server(world.loop.executor());
    server.script("", ScriptedServer::End::stall);
    http::Client client(options_for(server.url()), world.clock);
    auto request = get();
    request.stall_timeout = 2min;
    Attempt attempt;
    world.start(attempt, client.send(request));
    co_await world.clock.advance(119s);
    CHECK(!attempt.ended);
    co_await world.clock.advance(1s);
    co_await world.tasks.join();
    CHECK(step_of(attempt) == Step::stalled);
    CHECK_THAT(attempt.why, ContainsText("within 2m"));
  };
  world.run(test());
}

TEST_CASE("a unix socket whose queue is full is tried until the deadline") {
  const TempDir folder;
  World world;
  const auto test = [&]() -> Task<> {
    ScriptedServer::Options at;
    at.address = folder.string() + "/full.sock";
    at.accept = false;
    at.backlog = 0;
    ScriptedServer server(world.loop.executor(), at);
    http::Client client(options_for(server.url()), world.clock);
    Attempt first;
    Attempt second;
    world.start(first, client.send(get()));
    co_await world.clock.settle();
    world.start(second, client.send(get()));
    co_await world.clock.advance(9s);
    CHECK(!second.ended);
    co_await world.clock.advance(1s);
    co_await world.clock.settle();
    CHECK(step_of(second) == Step::stalled);
    CHECK_THAT(second.why, ContainsText("longer than 10s"));
    world.tasks.cancel_all();
    co_await world.tasks.join();
  };
  world.run(test());
}
