#include "support/temp_dir.hpp"
#include "world.hpp"

using namespace snapshotter;
using namespace snapshotter::test;
using namespace std::chrono_literals;
using http::HttpError;
using Step = HttpError::Step;
using End = ScriptedServer::End;

namespace {

// One request to a server that answers it with `bytes` and ends so.
Attempt ask(std::string bytes, End end = End::close, http::Request request = get(),
            bool stream = false, std::size_t max_body = 1000) {
  World world;
  Attempt result;
  const auto test = [&]() -> Task<> {
    ScriptedServer server(world.loop.executor());
    server.script(std::move(bytes), end);
    auto options = options_for(server.url());
    options.max_body = max_body;
    http::Client client(std::move(options), world.clock);
    auto asking = stream ? streamed(client, request, 7) : client.send(request);
    result = co_await world.attempt(std::move(asking));
  };
  world.run(test());
  return result;
}

}  // namespace

TEST_CASE("a request carries what it must") {
  World world;
  const auto test = [&]() -> Task<> {
    ScriptedServer server(world.loop.executor());
    server.answer([](const http::Request&) { return reply(200, "fine"); });
    http::Client client(options_for(server.url()), world.clock);
    auto request = post("hello", "/a?b=c");
    request.headers.add("X-Thing", "1");
    const auto attempt = co_await world.attempt(client.send(request));
    CHECK(body_of(attempt) == "fine");
    CHECK(attempt.response->ok());
    REQUIRE(server.requests().size() == 1);
    const auto& seen = server.requests().front();
    CHECK(seen.method == "POST");
    CHECK(seen.path == "/a?b=c");
    CHECK(seen.body == "hello");
    CHECK(seen.headers.find("host") == server.url().authority());
    CHECK(seen.headers.find("user-agent").value_or("").starts_with("snapshotter/"));
    CHECK(seen.headers.find("Accept") == "*/*");
    CHECK(seen.headers.find("Connection") == "close");
    CHECK(seen.headers.find("Content-Length") == "5");
    CHECK(seen.headers.find("x-thing") == "1");
    CHECK(!seen.headers.find("Authorization"));
  };
  world.run(test());
}

TEST_CASE("over a unix socket") {
  const TempDir folder;
  World world;
  const auto test = [&]() -> Task<> {
    ScriptedServer::Options at;
    at.address = folder.string() + "/http.sock";
    ScriptedServer server(world.loop.executor(), at);
    server.answer([](const http::Request& request) { return reply(200, request.path); });
    http::Client client(options_for(server.url()), world.clock);
    const auto attempt = co_await world.attempt(client.send(get("/info")));
    CHECK(body_of(attempt) == "/info");
    CHECK(server.requests().front().headers.find("Host") == "localhost");
  };
  world.run(test());
}

TEST_CASE("a peer that closes before it was asked is told at once") {
  const TempDir folder;
  World world;
  const auto test = [&]() -> Task<> {
    ScriptedServer::Options at;
    at.address = folder.string() + "/http.sock";
    ScriptedServer server(world.loop.executor(), at);
    server.script([](ScriptedServer::Peer&) -> Task<> { co_return; });
    http::Client client(options_for(server.url()), world.clock);
    const auto attempt = co_await world.attempt(client.send(get()));
    CHECK(attempt.error);
    CHECK_THAT(attempt.why, ContainsText("closed the connection"));
  };
  world.run(test());
}

TEST_CASE("over IPv6") {
  World world;
  const auto test = [&]() -> Task<> {
    ScriptedServer::Options at;
    at.address = "::1";
    ScriptedServer server(world.loop.executor(), at);
    server.answer([](const http::Request&) { return reply(200, "six"); });
    http::Client client(options_for(server.url()), world.clock);
    const auto attempt = co_await world.attempt(client.send(get()));
    CHECK(body_of(attempt) == "six");
    CHECK(server.requests().front().headers.find("Host").value_or("").starts_with("[::1]:"));
  };
  world.run(test());
}

TEST_CASE("bodies end in all the ways of HTTP") {
  const bool stream = GENERATE(false, true);
  CAPTURE(stream);
  const auto body = [&](std::string bytes, End end, http::Request request = get()) {
    return body_of(ask(std::move(bytes), end, std::move(request), stream));
  };
  CHECK(body("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789", End::stall) ==
        "0123456789");
  CHECK(body("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", End::stall).empty());
  CHECK(body("HTTP/1.1 200 OK\r\n\r\nuntil the end", End::close) == "until the end");
  CHECK(body("HTTP/1.0 200 OK\r\n\r\nold", End::close) == "old");
  CHECK(body("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
             "a\r\n0123456789\r\n3;x=\"y\"\r\nabc\r\n0\r\nDigest: x\r\nMore: y\r\n\r\n",
             End::stall) == "0123456789abc");
  CHECK(body("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", End::stall).empty());
  CHECK(body("HTTP/1.1 204 No Content\r\n\r\n", End::stall).empty());
  CHECK(body("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", End::stall).empty());
  CHECK(body("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
             "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
             End::stall) == "ok");
  auto head = get();
  head.method = "HEAD";
  CHECK(body("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", End::stall, head).empty());
}

TEST_CASE("what is no answer is an error that says so") {
  const bool stream = GENERATE(false, true);
  struct Case {
    const char* bytes;
    End end;
    Step step;
    const char* why;
  };
  const Case c = GENERATE(
      Case{"", End::close, Step::receive, "without an answer"},
      Case{"", End::reset, Step::receive, "Connection reset"},
      Case{"HTTP/1.1 200 OK\r\nConte", End::close, Step::receive, "in the head"},
      Case{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123", End::close, Step::receive,
           "6 B before the end"},
      Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123", End::close,
           Step::receive, "within a chunk"},
      Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n", End::close,
           Step::receive, "before the last chunk"},
      Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n01234\r\n", End::stall,
           Step::protocol, "badly chunked"},
      Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", End::stall,
           Step::protocol, "badly chunked"},
      Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", End::stall,
           Step::protocol, "badly chunked"},
      Case{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n80000000000000000\r\n", End::stall,
           Step::protocol, "badly chunked"},
      Case{"SSH-2.0-OpenSSH_9.2\r\n", End::stall, Step::protocol, "no answer in HTTP/1.1"},
      Case{"\x15\x03\x01", End::stall, Step::protocol, "speaks TLS"},
      Case{"HTTP/1.1 abc\r\n\r\n", End::stall, Step::protocol, "no HTTP"},
      Case{"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", End::stall, Step::protocol, "no HTTP"},
      Case{"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", End::stall,
           Step::protocol, "no HTTP"},
      Case{"HTTP/1.1 101 Switching Protocols\r\n\r\n", End::stall, Step::protocol,
           "not asked for"});
  CAPTURE(stream, c.bytes);
  const auto attempt = ask(c.bytes, c.end, get("/secret-path"), stream);
  CHECK(step_of(attempt) == c.step);
  CHECK_THAT(attempt.why, ContainsText(c.why));
  CHECK_THAT(attempt.why, ContainsText("http://127.0.0.1:"));
  CHECK(attempt.why.find("secret-path") == std::string::npos);
  CHECK(attempt.error->retryable() == (c.step == Step::receive));
}

TEST_CASE("a body without a length that is cut by a reset is not taken for whole") {
  World world;
  const auto test = [&]() -> Task<> {
    ScriptedServer server(world.loop.executor());
    server.script([&](ScriptedServer::Peer& peer) -> Task<> {
      static_cast<void>(co_await peer.request());
      co_await peer.send("HTTP/1.1 200 OK\r\n\r\npart");
      co_await world.clock.sleep_for(1s);
      peer.reset();
    });
    http::Client client(options_for(server.url()), world.clock);
    Attempt attempt;
    world.start(attempt, client.send(get()));
    co_await world.clock.advance(2s);
    co_await world.tasks.join();
    CHECK(step_of(attempt) == Step::receive);
  };
  world.run(test());
}

TEST_CASE("limits of head and body") {
  const std::string long_head =
      "HTTP/1.1 200 OK\r\nX: " + std::string(70'000, 'x') + "\r\nContent-Length: 0\r\n\r\n";
  CHECK(step_of(ask(long_head, End::stall)) == Step::limit);
  std::string interim;
  for (int i = 0; i < 3000; ++i) interim += "HTTP/1.1 102 Processing\r\n\r\n";
  CHECK(step_of(ask(interim, End::stall)) == Step::limit);
  const std::string extension =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + std::string(70'000, 'x') + "\r\n";
  CHECK(step_of(ask(extension, End::stall)) == Step::limit);

  const std::string body(1000, 'b');
  const std::string until_close = "HTTP/1.1 200 OK\r\n\r\n" + body;
  CHECK(body_of(ask(until_close)) == body);
  CHECK(step_of(ask(until_close + "b")) == Step::limit);
  CHECK(step_of(ask("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", End::stall)) == Step::limit);
  // A streamed one has no limit.
  CHECK(body_of(ask(until_close + "b", End::close, get(), true)) == body + "b");
}

TEST_CASE("nobody there") {
  const TempDir folder;
  World world;
  const auto test = [&]() -> Task<> {
    http::Url url;
    {
      ScriptedServer::Options at;
      at.accept = false;
      const ScriptedServer gone(world.loop.executor(), at);
      url = gone.url();
    }
    co_await world.clock.settle();
    http::Client client(options_for(url), world.clock);
    const auto refused = co_await world.attempt(client.send(get()));
    CHECK(step_of(refused) == Step::connect);
    CHECK(refused.error->error_number() == ECONNREFUSED);
    CHECK(refused.error->retryable());
    CHECK_THAT(refused.why, ContainsText("Connection refused (is the service running there?)"));

    http::Client socket(options_for(http::Url::parse("unix://" + folder.string() + "/none")),
                        world.clock);
    const auto absent = co_await world.attempt(socket.send(get()));
    CHECK(step_of(absent) == Step::connect);
    CHECK(absent.error->error_number() == ENOENT);
    CHECK_THAT(absent.why, ContainsText("no such socket"));
  };
  world.run(test());
}

TEST_CASE("what could break a request is refused before anything is sent") {
  World world;
  const auto test = [&]() -> Task<> {
    ScriptedServer server(world.loop.executor());
    http::Client client(options_for(server.url()), world.clock);
    std::vector<http::Request> bad;
    for (const std::string path : {"/a\r\nX: y", "/a b", "/a\n", "a", "", "/\xc3\xa4", "/#"}) {
      bad.push_back(get(path));
    }
    bad.push_back(get(std::string("/\0", 2)));
    for (const std::string value : {"secret\r\nX: y", "secret\n", "\x01secret"}) {
      bad.push_back(get());
      bad.back().headers.add("X", value);
    }
    bad.push_back(get());
    bad.back().headers.add("X", std::string("secret\0", 7));
    for (const std::string name : {"X\r\nY", "", "X Y", "Host", "content-length",
                                   "Transfer-Encoding", "Connection", "Expect"}) {
      bad.push_back(get());
      bad.back().headers.add(name, "secret");
    }
    for (const std::string method : {"GET /\r\n", "", "G T"}) {
      bad.push_back(get());
      bad.back().method = method;
    }
    for (const auto& request : bad) {
      const auto attempt = co_await world.attempt(client.send(request));
      CAPTURE(request.method, request.path);
      CHECK(attempt.refused);
      CHECK(attempt.why.find("secret") == std::string::npos);
    }
    CHECK(server.connections() == 0);
  };
  world.run(test());
}

TEST_CASE("an Authorization of the request's own goes where the client has none") {
  World world;
  const auto test = [&]() -> Task<> {
    ScriptedServer server(world.loop.executor());
    auto options = options_for(server.url());
    auto request = get();
    request.headers.add("authorization", "Token x");
    http::Client without(options, world.clock);
    static_cast<void>(co_await world.attempt(without.send(request)));
    REQUIRE(server.requests().size() == 1);
    CHECK(server.requests()[0].headers.find("Authorization") == "Token x");
    options.url.user = "Aladdin";
    http::Client with(options, world.clock);
    const auto attempt = co_await world.attempt(with.send(request));
    CHECK(attempt.refused);
    CHECK(server.requests().size() == 1);
  };
  world.run(test());
}

TEST_CASE("credentials") {
  World world;
  const auto test = [&]() -> Task<> {
    ScriptedServer server(world.loop.executor());
    auto options = options_for(server.url());
    options.url.user = "Aladdin";
    options.url.password = Secret(std::string("open sesame"));
    http::Client basic(options, world.clock);
    static_cast<void>(co_await world.attempt(basic.send(get())));
    options.bearer = Secret(std::string("abc"));
    http::Client bearer(options, world.clock);
    static_cast<void>(co_await world.attempt(bearer.send(get())));
    REQUIRE(server.requests().size() == 2);
    CHECK(server.requests()[0].headers.find("Authorization") ==
          "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    CHECK(server.requests()[1].headers.find("Authorization") == "Bearer abc");
    options.bearer = Secret(std::string("a\nb"));
    http::Client broken(options, world.clock);
    const auto attempt = co_await world.attempt(broken.send(get()));
    CHECK(attempt.refused);
  };
  world.run(test());
}
