#include "world.hpp"

using namespace snapshotter;
using namespace snapshotter::test;
using namespace std::chrono_literals;
using http::Client;
using http::HttpError;
using Step = HttpError::Step;

namespace {

// Writes `pieces` until the peer wants no more, then reads the answer.
Task<http::Response> upload(Client& client, Client::Upload how, std::vector<std::string> pieces,
                            std::size_t& taken) {
  auto request = post("", "/up");
  request.method = "PUT";
  const auto exchange = co_await client.upload(request, how);
  for (const auto& piece : pieces) {
    if (!co_await exchange->write(std::as_bytes(std::span(piece)))) break;
    ++taken;
  }
  auto response = co_await exchange->head();
  std::array<std::byte, 100> part{};
  for (std::size_t bytes = 1; bytes != 0;) {
    bytes = co_await exchange->read(part);
    response.body.append(reinterpret_cast<const char*>(part.data()), bytes);
  }
  co_return response;
}

struct Uploading {
  World world;
  std::optional<ScriptedServer> server;
  std::optional<Client> client;
  Attempt attempt;
  std::size_t taken = 0;

  void serve() {
    server.emplace(world.loop.executor());
    server->answer([](const http::Request& seen) { return reply(200, seen.body); });
    client.emplace(options_for(server->url()), world.clock);
  }
  void start(Client::Upload how, std::vector<std::string> pieces) {
    world.start(attempt, upload(*client, how, std::move(pieces), taken));
  }
  Task<> end() {
    co_await world.tasks.join();
    server.reset();
  }
};

}  // namespace

TEST_CASE("a body is uploaded with its length, or in chunks") {
  const bool chunked = GENERATE(false, true);
  Uploading up;
  const std::string large(300'000, 'x');
  const auto test = [&]() -> Task<> {
    up.serve();
    Client::Upload how;
    if (!chunked) how.length = 5 + large.size();
    up.start(how, {"abc", "", "de", large});
    co_await up.end();
  };
  up.world.run(test());
  CHECK(body_of(up.attempt) == "abcde" + large);
}

TEST_CASE("an upload says how its body travels") {
  Uploading up;
  const auto test = [&]() -> Task<> {
    up.serve();
    Client::Upload empty;
    empty.length = 0;
    up.start(empty, {});
    co_await up.world.tasks.join();
    Attempt chunked;
    up.world.start(chunked, upload(*up.client, {}, {}, up.taken));
    co_await up.world.tasks.join();
    REQUIRE(up.server->requests().size() == 2);
    CHECK(up.server->requests()[0].headers.find("Content-Length") == "0");
    CHECK(up.server->requests()[1].headers.find("Transfer-Encoding") == "chunked");
    CHECK(!up.server->requests()[1].headers.find("Content-Length"));
    co_await up.end();
  };
  up.world.run(test());
}

TEST_CASE("a body that is not as long as announced is refused") {
  const std::size_t length = GENERATE(3, 5);
  Uploading up;
  const auto test = [&]() -> Task<> {
    up.serve();
    Client::Upload how;
    how.length = length;
    up.start(how, {"ab", "cd"});
    co_await up.end();
  };
  up.world.run(test());
  CHECK(up.attempt.refused);
}

TEST_CASE("with 100 Continue the body is sent after it") {
  Uploading up;
  const auto test = [&]() -> Task<> {
    up.serve();
    up.server->script([&](ScriptedServer::Peer& peer) -> Task<> {
      const auto request = co_await peer.request();
      CHECK(request.headers.find("Expect") == "100-continue");
      co_await up.world.clock.sleep_for(500ms);
      CHECK(up.taken == 0);
      co_await peer.send("HTTP/1.1 100 Continue\r\n\r\n");
      const auto body = co_await peer.receive();
      co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + body);
    });
    Client::Upload how{4, true};
    up.start(how, {"body"});
    co_await up.world.clock.advance(500ms);
    co_await up.end();
  };
  up.world.run(test());
  CHECK(body_of(up.attempt) == "body");
}

TEST_CASE("a peer that never says 100 Continue gets the body after a second") {
  Uploading up;
  const auto test = [&]() -> Task<> {
    up.serve();
    up.server->script([&](ScriptedServer::Peer& peer) -> Task<> {
      static_cast<void>(co_await peer.request());
      const auto body = co_await peer.receive();
      co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n" + body);
    });
    Client::Upload how{4, true};
    up.start(how, {"body"});
    co_await up.world.clock.advance(999ms);
    CHECK(up.taken == 0);
    co_await up.world.clock.advance(1ms);
    co_await up.end();
  };
  up.world.run(test());
  CHECK(body_of(up.attempt) == "body");
}

TEST_CASE("instead of 100 Continue an answer may come, and nothing is sent") {
  Uploading up;
  std::string more = "unset";
  const auto test = [&]() -> Task<> {
    up.serve();
    up.server->script([&](ScriptedServer::Peer& peer) -> Task<> {
      static_cast<void>(co_await peer.request());
      co_await peer.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
      more = co_await peer.receive();
    });
    Client::Upload how{4, true};
    up.start(how, {"body"});
    co_await up.world.tasks.join();
    co_await up.world.clock.settle();
    co_await up.end();
  };
  up.world.run(test());
  REQUIRE(up.attempt.response);
  CHECK(up.attempt.response->status == 401);
  CHECK(up.attempt.response->body == "no");
  CHECK(up.taken == 0);
  CHECK(more.empty());
}

TEST_CASE("a peer that closes instead of 100 Continue") {
  Uploading up;
  const auto test = [&]() -> Task<> {
    up.serve();
    up.server->script(
        [](ScriptedServer::Peer& peer) -> Task<> { static_cast<void>(co_await peer.request()); });
    Client::Upload how{4, true};
    up.start(how, {"body"});
    co_await up.end();
  };
  up.world.run(test());
  CHECK(step_of(up.attempt) == Step::send);
  CHECK_THAT(up.attempt.why, ContainsText("before the request's body"));
}

TEST_CASE("an answer that comes before the end of the body ends the sending") {
  // As large pieces as would never fit into the socket of a peer that does not read.
  const std::vector<std::string> pieces(20, std::string(1'000'000, 'x'));
  enum class After { stall, close, reset };
  const auto after = GENERATE(After::stall, After::close, After::reset);
  Uploading up;
  const auto test = [&]() -> Task<> {
    up.serve();
    up.server->script([&](ScriptedServer::Peer& peer) -> Task<> {
      static_cast<void>(co_await peer.receive());
      co_await peer.send(
          "HTTP/1.1 102 Processing\r\n\r\n"
          "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
      if (after == After::stall) co_await peer.stall();
      if (after == After::close) peer.cut();
      if (after == After::reset) {
        co_await up.world.clock.sleep_for(1s);
        peer.cut();  // with much unread: a reset
      }
    });
    up.start({}, pieces);
    co_await up.world.clock.advance(31s);
    co_await up.end();
  };
  up.world.run(test());
  CAPTURE(up.attempt.why);
  REQUIRE(up.attempt.response);
  CHECK(up.attempt.response->status == 413);
  CHECK(up.attempt.response->body == "big");
  CHECK(up.taken < pieces.size());
}

TEST_CASE("a connection that breaks while sending") {
  Uploading up;
  const auto test = [&]() -> Task<> {
    up.serve();
    up.server->script([](ScriptedServer::Peer& peer) -> Task<> {
      static_cast<void>(co_await peer.receive());
      peer.reset();
    });
    up.start({}, std::vector<std::string>(20, std::string(1'000'000, 'x')));
    co_await up.end();
  };
  up.world.run(test());
  CHECK(step_of(up.attempt) == Step::send);
  CHECK(up.attempt.error->retryable());
}

TEST_CASE("a request that is uploaded has no body of its own") {
  Uploading up;
  const auto asking = [&]() -> Task<http::Response> {
    const auto exchange = co_await up.client->upload(post("body"), {});
    co_return co_await exchange->head();
  };
  const auto test = [&]() -> Task<> {
    up.serve();
    up.world.start(up.attempt, asking());
    co_await up.end();
  };
  up.world.run(test());
  CHECK(up.attempt.refused);
}
