// Redirects and proxies: what goes to whom.
#include "http/redirect.hpp"
#include "support/scripted_certificates.hpp"
#include "support/temp_dir.hpp"
#include "world.hpp"

using namespace snapshotter;
using namespace snapshotter::test;
using http::HttpError;
using http::Url;
using Step = HttpError::Step;

namespace {

http::Response moved(unsigned status, std::string location) {
  auto response = reply(status);
  response.headers.add("Location", std::move(location));
  return response;
}

http::ClientOptions options_of(const std::string& url) {
  http::ClientOptions options;
  options.url = Url::parse(url);
  return options;
}

std::string whole(const Url& url) {
  return url.origin() + url.path + (url.query.empty() ? "" : "?" + url.query);
}

}  // namespace

TEST_CASE("references are resolved as RFC 3986 does") {
  const auto base = Url::parse("http://a/");
  for (const auto& [reference, wanted] :
       std::vector<std::pair<std::string, std::string>>{{"g", "http://a/b/c/g"},
                                                        {"./g", "http://a/b/c/g"},
                                                        {"g/", "http://a/b/c/g/"},
                                                        {"/g", "http://a/g"},
                                                        {"//g", "http://g/"},
                                                        {"?y", "http://a/b/c/d;p?y"},
                                                        {"g?y", "http://a/b/c/g?y"},
                                                        {"g?y/./x", "http://a/b/c/g?y/./x"},
                                                        {"#s", "http://a/b/c/d;p?q"},
                                                        {"", "http://a/b/c/d;p?q"},
                                                        {".", "http://a/b/c/"},
                                                        {"..", "http://a/b/"},
                                                        {"../g", "http://a/b/g"},
                                                        {"../../../g", "http://a/g"},
                                                        {"/./g", "http://a/g"},
                                                        {"/../g", "http://a/g"},
                                                        {"g;x=1/../y", "http://a/b/c/y"},
                                                        {"https://u:p@h:1/x#y", "https://h:1/x"}}) {
    CAPTURE(reference);
    const auto url = http::resolve_reference(base, "/b/c/d;p?q", reference);
    CHECK(whole(url) == wanted);
    CHECK(url.user.empty());
    CHECK(url.password.empty());
  }
}

TEST_CASE("which answers are redirects, and what becomes of the method") {
  const auto method_after = [](unsigned status, const std::string& method) -> std::string {
    auto request = post("body");
    request.method = method;
    request.headers.add("Content-Type", "x");
    const auto next = http::redirect(options_of("http://a/"), request, moved(status, "/next"));
    if (!next) return "none";
    CHECK(next->request.path == "/next");
    const bool kept = next->request.method == method && method != "GET";
    if (kept) CHECK(next->request.body == "body");
    if (next->request.method != method) {
      CHECK(next->request.body.empty());
      CHECK(!next->request.headers.find("Content-Type"));
    }
    return next->request.method;
  };
  for (const unsigned status : {301U, 302U, 303U}) {
    CHECK(method_after(status, "GET") == "GET");
    CHECK(method_after(status, "HEAD") == "HEAD");
    CHECK(method_after(status, "POST") == "GET");
  }
  CHECK(method_after(303, "PUT") == "GET");
  CHECK(method_after(302, "PUT") == "PUT");
  for (const unsigned status : {307U, 308U}) CHECK(method_after(status, "POST") == "POST");
  for (const unsigned status : {200U, 201U, 300U, 304U, 404U}) {
    CHECK(method_after(status, "GET") == "none");
  }
  CHECK(!http::redirect(options_of("http://a/"), get(), reply(301)));
}

TEST_CASE("credentials stay with their origin") {
  auto options = options_of("https://user:hunter2@a/");
  options.bearer = Secret(std::string("token"));
  options.tls = {"/ca", "/cert", "/key", "name"};
  auto request = post("body");
  request.headers.add("X-Api-Key", "hunter2");
  request.headers.add("Cookie", "hunter2");
  request.headers.add("content-type", "text/plain");

  const auto same = http::redirect(options, request, moved(307, "https://A:443/x"));
  REQUIRE(same);
  CHECK(same->options.url.user == "user");
  CHECK(same->options.url.password.reveal() == "hunter2");
  CHECK(same->options.bearer.reveal() == "token");
  CHECK(same->options.tls.certificate_file == "/cert");
  CHECK(same->request.headers.all().size() == 3);

  for (const std::string other : {"https://b/x", "https://a:8443/x", "https://user:hunter2@b/"}) {
    const auto next = http::redirect(options, request, moved(307, other));
    REQUIRE(next);
    CHECK(next->options.url.user.empty());
    CHECK(next->options.url.password.empty());
    CHECK(next->options.bearer.empty());
    CHECK(next->options.tls.certificate_file.empty());
    CHECK(next->options.tls.key_file.empty());
    CHECK(next->options.tls.server_name.empty());
    CHECK(next->options.tls.ca_file == "/ca");
    CHECK(next->request.headers.all().size() == 1);
    CHECK(next->request.headers.find("Content-Type") == "text/plain");
  }
}

TEST_CASE("redirects that are refused") {
  const auto check_refused = [](const std::string& from, const std::string& to) {
    CAPTURE(from, to);
    try {
      static_cast<void>(http::redirect(options_of(from), get(), moved(302, to)));
      FAIL("followed");
    } catch (const HttpError& error) {
      CHECK(error.step() == Step::protocol);
      CHECK(std::string(error.what()).find("hunter2") == std::string::npos);
    }
  };
  check_refused("https://a/", "http://a/hunter2");
  check_refused("https://a/", "http://b/");
  check_refused("http://a/", "unix:///run/docker.sock");
  check_refused("unix:///run/docker.sock", "http://a/");
  check_refused("unix:///run/docker.sock", "unix:///run/other.sock");
  check_refused("http://a/", "ftp://hunter2");
  check_refused("http://a/", "http://u:hunter2@[");
  check_refused("http://a/", "/hunter2\r\nX: y");
  const auto next = http::redirect(options_of("unix:///run/x"), get("/a/b"), moved(302, "c"));
  REQUIRE(next);
  CHECK(next->request.path == "/a/c");
  CHECK(next->options.url.host == "/run/x");
}

TEST_CASE("redirects are followed only where allowed, and not for ever") {
  World world;
  const auto test = [&]() -> Task<> {
    ScriptedServer other(world.loop.executor());
    other.answer([](const http::Request&) { return reply(200, "there"); });
    ScriptedServer server(world.loop.executor());
    server.answer([&](const http::Request& request) {
      if (request.path == "/loop") return moved(302, "/loop");
      if (request.path == "/away") return moved(307, other.url().origin() + "/there");
      return moved(302, "/away");
    });
    auto options = options_for(server.url());
    http::Client proper(options, world.clock);
    const auto kept = co_await world.attempt(proper.send(get("/away")));
    REQUIRE(kept.response);
    CHECK(kept.response->status == 307);

    options.url.user = "me";
    options.url.password = Secret(std::string("hunter2"));
    options.max_redirects = 2;
    http::Client following(options, world.clock);
    const auto followed = co_await world.attempt(following.send(get("/first")));
    CHECK(body_of(followed) == "there");
    REQUIRE(other.requests().size() == 1);
    CHECK(!other.requests().front().headers.find("Authorization"));
    CHECK(server.requests().back().headers.find("Authorization"));

    const auto before = server.requests().size();
    const auto lost = co_await world.attempt(following.send(get("/loop")));
    CHECK(step_of(lost) == Step::protocol);
    CHECK_THAT(lost.why, ContainsText("more than 2 times"));
    CHECK(server.requests().size() == before + 3);
  };
  world.run(test());
}

TEST_CASE("a proxy gets whole URLs of http") {
  World world;
  const auto test = [&]() -> Task<> {
    ScriptedServer proxy(world.loop.executor());
    proxy.answer([](const http::Request&) { return reply(200, "by proxy"); });
    auto options = options_of("http://user:pw@far.example:8080/");
    options.proxy = proxy.url();
    options.proxy->user = "Aladdin";
    options.proxy->password = Secret(std::string("open sesame"));
    http::Client client(options, world.clock);
    const auto attempt = co_await world.attempt(client.send(get("/x?y")));
    CHECK(body_of(attempt) == "by proxy");
    const auto& seen = proxy.requests().front();
    CHECK(seen.path == "http://far.example:8080/x?y");
    CHECK(seen.headers.find("Host") == "far.example:8080");
    CHECK(seen.headers.find("Proxy-Authorization") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    CHECK(seen.headers.find("Authorization") == "Basic dXNlcjpwdw==");
  };
  world.run(test());
}

TEST_CASE("a proxy gets CONNECT for https, and nothing that is not for it") {
  const auto certificate = make_certificate({.names = "DNS:far.example"});
  const TempDir folder;
  write_file(folder.path() / "ca.pem", certificate.certificate);
  World world;
  const auto test = [&]() -> Task<> {
    ScriptedServer::Options secure;
    secure.tls = std::make_shared<ScriptedServer::Tls>(
        ScriptedServer::Tls{certificate.certificate, certificate.key});
    ScriptedServer server(world.loop.executor(), secure);
    server.answer([](const http::Request& seen) { return reply(200, "through " + seen.path); });
    ScriptedServer proxy(world.loop.executor());
    proxy.script([&](ScriptedServer::Peer& peer) -> Task<> {
      static_cast<void>(co_await peer.request());
      co_await peer.send("HTTP/1.1 200 Connection established\r\n\r\n");
      co_await peer.relay(server.url().port);
    });
    proxy.answer([](const http::Request&) { return reply(407); });
    auto options = options_of("https://user:pw@far.example/");
    options.tls.ca_file = folder.string() + "/ca.pem";
    options.proxy = proxy.url();
    http::Client client(options, world.clock);
    const auto attempt = co_await world.attempt(client.send(get("/x")));
    CHECK(body_of(attempt) == "through /x");
    const auto& seen = proxy.requests().front();
    CHECK(seen.method == "CONNECT");
    CHECK(seen.path == "far.example:443");
    CHECK(!seen.headers.find("Authorization"));
    CHECK(server.requests().front().headers.find("Authorization"));

    const auto refused = co_await world.attempt(client.send(get("/x")));
    CHECK(step_of(refused) == Step::connect);
    CHECK_THAT(refused.why, ContainsText("answered 407"));

    for (const std::string bytes : {"", "HTTP/1.1 2", "SSH-2.0-x\r\n"}) {
      proxy.script(bytes);
      const auto broken = co_await world.attempt(client.send(get("/x")));
      CHECK(step_of(broken) == (bytes.size() == 11 ? Step::protocol : Step::receive));
    }
    proxy.script("HTTP/1.1 200 OK\r\n\r\nmore");
    const auto more = co_await world.attempt(client.send(get("/x")));
    CHECK(step_of(more) == Step::protocol);
  };
  world.run(test());
}
