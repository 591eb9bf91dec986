#include "support/scripted_certificates.hpp"
#include "support/temp_dir.hpp"
#include "world.hpp"

using namespace snapshotter;
using namespace snapshotter::test;
using namespace std::chrono_literals;
using http::HttpError;
using Step = HttpError::Step;
using End = ScriptedServer::End;

namespace {

const Certificate& authority() {
  static const Certificate made = [] {
    CertificateWish wish;
    wish.authority = true;
    wish.names.clear();
    return make_certificate(wish);
  }();
  return made;
}

Certificate leaf(CertificateWish wish = {}) {
  wish.issuer = &authority();
  return make_certificate(wish);
}

// A server with this certificate, a client that trusts `authority`, one request.
struct Secure {
  TempDir folder;
  World world;
  ScriptedServer::Options server_options;
  http::TlsOptions tls;
  std::string host;  // instead of the server's
  std::string raw;   // what is answered; default: a good answer
  End end = End::close;

  explicit Secure(const Certificate& certificate) {
    server_options.tls = std::make_shared<ScriptedServer::Tls>(
        ScriptedServer::Tls{certificate.certificate, certificate.key});
    tls.ca_file = file("ca.pem", authority().certificate);
  }

  std::string file(const std::string& name, const std::string& content) {
    write_file(folder.path() / name, content);
    return folder.string() + "/" + name;
  }

  void change(const std::function<void(ScriptedServer::Tls&)>& how) {
    auto copy = *server_options.tls;
    how(copy);
    server_options.tls = std::make_shared<ScriptedServer::Tls>(copy);
  }

  Attempt ask(http::Request request = get()) {
    Attempt result;
    const auto test = [&]() -> Task<> {
      ScriptedServer server(world.loop.executor(), server_options);
      server.answer([](const http::Request& seen) { return reply(200, "secure " + seen.body); });
      if (!raw.empty()) server.script(raw, end);
      auto options = options_for(server.url());
      options.url.scheme = http::Url::Scheme::https;
      options.tls = tls;
      if (!host.empty()) options.url.host = host;
      http::Client client(std::move(options), world.clock);
      result = co_await world.attempt(client.send(std::move(request)));
    };
    world.run(test());
    return result;
  }
};

void check_refused(const Attempt& attempt, const std::string& why, const std::string& advice = {}) {
  CHECK(step_of(attempt) == Step::tls);
  CHECK_THAT(attempt.why, ContainsText(why));
  CHECK_THAT(attempt.why, ContainsText(advice));
  if (attempt.error) CHECK(!attempt.error->retryable());
}

}  // namespace

TEST_CASE("a certificate of a known authority is good, by address and by name") {
  Secure by_address(leaf());
  CHECK(body_of(by_address.ask(post("hello"))) == "secure hello");
  Secure by_name(leaf());
  by_name.host = "localhost";
  CHECK(body_of(by_name.ask()) == "secure ");
  Secure large(leaf());
  const std::string body(3'000'000, 'x');
  CHECK(body_of(large.ask(post(body))) == "secure " + body);
}

TEST_CASE("a certificate that is not good is refused in plain words") {
  CertificateWish expired;
  expired.valid_from = -48h;
  check_refused(Secure(leaf(expired)).ask(), "has expired", "clock");

  CertificateWish future;
  future.valid_from = 24h;
  check_refused(Secure(leaf(future)).ask(), "not valid yet", "clock");

  CertificateWish other_host;
  other_host.names = "DNS:example.org";
  check_refused(Secure(leaf(other_host)).ask(), "for another host", "server_name");
  Secure by_name(leaf(other_host));
  by_name.host = "localhost";
  check_refused(by_name.ask(), "for another host", "server_name");

  check_refused(Secure(make_certificate({})).ask(), "self-signed", "ca_file");

  CertificateWish foreign;
  const auto unknown = make_certificate({.names = "", .authority = true});
  foreign.issuer = &unknown;
  check_refused(Secure(make_certificate(foreign)).ask(), "authority that is not known", "ca_file");

  Secure system(leaf());
  system.tls.ca_file.clear();
  check_refused(system.ask(), "authority that is not known", "ca_file");
}

TEST_CASE("server_name says what the certificate must name") {
  CertificateWish other_host;
  other_host.names = "DNS:example.org";
  Secure right(leaf(other_host));
  right.tls.server_name = "example.org";
  CHECK(body_of(right.ask()) == "secure ");
  Secure wrong(leaf());
  wrong.tls.server_name = "example.org";
  check_refused(wrong.ask(), "for another host");
}

TEST_CASE("a self-signed certificate that is given as ca_file is trusted") {
  const auto own = make_certificate({});
  Secure secure(own);
  secure.tls.ca_file = secure.file("own.pem", own.certificate);
  CHECK(body_of(secure.ask()) == "secure ");
}

TEST_CASE("a server that wants a certificate gets it, or is named") {
  const auto client = leaf({.names = ""});
  const auto wanting = [&] {
    auto secure = std::make_unique<Secure>(leaf());
    secure->change([](auto& tls) { tls.client_ca = authority().certificate; });
    return secure;
  };
  const auto with = wanting();
  with->tls.certificate_file = with->file("client.pem", client.certificate);
  with->tls.key_file = with->file("client.key", client.key);
  CHECK(body_of(with->ask()) == "secure ");

  check_refused(wanting()->ask(), "want a certificate", "client_certificate");

  const auto foreign = make_certificate({.names = ""});
  const auto wrong = wanting();
  wrong->tls.certificate_file = wrong->file("client.pem", foreign.certificate);
  wrong->tls.key_file = wrong->file("client.key", foreign.key);
  check_refused(wrong->ask(), "refused the certificate");
}

TEST_CASE("old TLS, and what is no TLS") {
  Secure old(leaf());
  old.change([](auto& tls) { tls.only_tls_1_1 = true; });
  check_refused(old.ask(), "does not speak TLS 1.2");

  // The client's hello is no request: so the server speaks first.
  Secure plain(leaf());
  plain.server_options.tls.reset();
  const auto test = [&]() -> Task<> {
    ScriptedServer server(plain.world.loop.executor(), plain.server_options);
    server.script([](ScriptedServer::Peer& peer) -> Task<> {
      static_cast<void>(co_await peer.receive());
      co_await peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    auto options = options_for(server.url());
    options.url.scheme = http::Url::Scheme::https;
    http::Client client(std::move(options), plain.world.clock);
    check_refused(co_await plain.world.attempt(client.send(get())), "is not TLS", "http://");
  };
  plain.world.run(test());
}

TEST_CASE("a connection that breaks in the handshake may be tried again") {
  Secure secure(leaf());
  secure.server_options.handshake = false;
  const auto test = [&]() -> Task<> {
    ScriptedServer server(secure.world.loop.executor(), secure.server_options);
    server.script([](ScriptedServer::Peer& peer) -> Task<> {
      static_cast<void>(co_await peer.receive());
      peer.cut();
    });
    http::Client client(options_for(server.url()), secure.world.clock);
    const auto attempt = co_await secure.world.attempt(client.send(get()));
    CHECK(step_of(attempt) == Step::receive);
    CHECK(attempt.error->retryable());
    CHECK_THAT(attempt.why, ContainsText("TLS handshake"));
  };
  secure.world.run(test());
}

TEST_CASE("an end without close_notify is fine only where the length was known") {
  const auto ask = [](std::string raw, End end) {
    Secure secure(leaf());
    secure.raw = std::move(raw);
    secure.end = end;
    return secure.ask();
  };
  CHECK(body_of(ask("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", End::cut)) == "ok");
  CHECK(body_of(ask("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
                    End::cut)) == "ok");
  CHECK(body_of(ask("HTTP/1.1 200 OK\r\n\r\nok", End::close)) == "ok");
  const auto cut = ask("HTTP/1.1 200 OK\r\n\r\nok", End::cut);
  CHECK(step_of(cut) == Step::receive);
  CHECK_THAT(cut.why, ContainsText("was cut"));
}

TEST_CASE("files that can't be used are named") {
  const auto check_file = [](const std::function<void(Secure&)>& spoil, const std::string& why) {
    Secure secure(leaf());
    spoil(secure);
    const auto attempt = secure.ask();
    CHECK(step_of(attempt) == Step::tls);
    CHECK_THAT(attempt.why, ContainsText(why));
    CHECK_THAT(attempt.why, ContainsText(secure.folder.string()));
  };
  const auto client = leaf({.names = ""});
  check_file([](Secure& s) { s.tls.ca_file = s.folder.string() + "/none"; }, "No such file");
  check_file([](Secure& s) { s.tls.ca_file = s.folder.string(); }, "no file");
  check_file([](Secure& s) { s.tls.ca_file = s.file("ca", "nothing"); }, "no certificate in PEM");
  const auto with_key = [&](const std::string& certificate, const std::string& key) {
    return [certificate, key](Secure& s) {
      s.tls.certificate_file = s.file("client.pem", certificate);
      s.tls.key_file = s.file("client.key", key);
    };
  };
  check_file(with_key("x", client.key), "no certificate in PEM");
  check_file(with_key(client.certificate, "x"), "no key in PEM");
  check_file(with_key(client.certificate, leaf().key), "does not belong");
  check_file(
      [&](Secure& s) {
        with_key(client.certificate, "")(s);
        s.tls.key_file += ".none";
      },
      "No such file");
}
