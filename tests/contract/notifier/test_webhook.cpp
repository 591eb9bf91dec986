// The webhook against a receiver that does what it should, and all else.
#include "async/loop.hpp"
#include "async/task_group.hpp"
#include "base/error.hpp"
#include "contract/notifier/notifier_contract.hpp"
#include "notify/webhook/signature.hpp"
#include "notify/webhook/webhook_notifier.hpp"
#include "support/catch.hpp"
#include "support/scripted_certificates.hpp"
#include "support/scripted_server.hpp"
#include "support/temp_dir.hpp"

#include <utility>

using namespace snapshotter;
using namespace snapshotter::test;
using namespace std::chrono_literals;
using notify::Event;
using notify::EventKind;
using notify::NotificationResult;
using notify::WebhookSettings;
using Outcome = notify::NotificationResult::Outcome;
using Executor = boost::asio::any_io_executor;

namespace {

const std::string kToken = "T0KEN-0123456789abcdef";
const std::string kQueryToken = "key-fedcba9876543210";
const std::string kHeader = "header-value-1234";
const std::string kSecret = "signing secret";
const std::vector<std::string> kSecrets{kToken, kQueryToken, kHeader, kSecret};

WebhookSettings settings_for(http::Url url) {
  url.path = "/services/" + kToken;
  url.query = "key=" + kQueryToken;
  WebhookSettings settings;
  settings.client.url = std::move(url);
  settings.client.connect_timeout = settings.client.stall_timeout = 20s;
  settings.headers.emplace_back("X-Auth", Secret(kHeader));
  settings.keys.emplace_back(kSecret);
  settings.redaction.add(settings.client.url);
  settings.redaction.add(kHeader);
  settings.redaction.add(kSecret);
  return settings;
}

class WebhookUnderTest : public NotifierUnderTest {
 public:
  explicit WebhookUnderTest(Executor loop) : server_(loop), notifier_(settings_for(server_.url())) {
    secrets = kSecrets;
  }
  notify::Notifier& notifier() override { return notifier_; }
  void set(Receiver receiver) override {
    switch (receiver) {
      case Receiver::accepts:
        server_.answer([](const http::Request&) { return reply(204); });
        break;
      case Receiver::busy:
        server_.answer([](const http::Request& request) {
          http::Response response = reply(429, "not now: " + request.path);
          response.headers.add("Retry-After", "120");
          return response;
        });
        break;
      case Receiver::refuses:
        // It sends back all that it was told.
        server_.answer([](const http::Request& request) {
          std::string body = request.path;
          for (const auto& [name, value] : request.headers.all()) body += "\n" + name + value;
          return reply(400, body);
        });
        break;
      case Receiver::broken:
        server_.script("HTTP/1.1 200", ScriptedServer::End::close);
        break;
      case Receiver::silent:
        server_.script("", ScriptedServer::End::stall);
    }
  }
  std::vector<std::string> received() const override {
    std::vector<std::string> ids;
    for (const http::Request& request : server_.requests()) {
      ids.push_back(request.headers.find("webhook-id").value_or(""));
    }
    return ids;
  }

 private:
  ScriptedServer server_;
  notify::WebhookNotifier notifier_;
};

const std::string kId = "evt_00000000000000000000000a";

// A server, a webhook's settings and an event, for one test's coroutine.
struct Scene {
  explicit Scene(Executor loop, const ScriptedServer::Options& options = {})
      : clock(loop), server(loop, options), settings(settings_for(server.url())), group(loop) {}

  ManualClock clock;
  ScriptedServer server;
  WebhookSettings settings;
  async::TaskGroup group;
  Event event = event_of(EventKind::failed, kId);
};

Task<NotificationResult> deliver(Scene& scene) {
  notify::WebhookNotifier notifier(scene.settings);
  NotificationResult result = co_await notifier.deliver(scene.event, scene.clock);
  INFO(result.answer);
  CHECK(result.answer.find('\n') == std::string::npos);
  for (const std::string& secret : kSecrets) CHECK(result.answer.find(secret) == std::string::npos);
  co_return result;
}

Task<> deliver_into(Scene& scene, std::optional<NotificationResult>& result) {
  result = co_await deliver(scene);
}

// An attempt with a script that does not come to its end in time: lets the client come as far as it
// gets, then time pass, and says what became of it before and after the whole of the timeout.
Task<NotificationResult> deliver_late(Scene& scene) {
  std::optional<NotificationResult> result;
  scene.group.spawn("attempt", deliver_into(scene, result));
  while (scene.server.connections() == 0) co_await scene.clock.settle();
  co_await scene.clock.advance(9s);
  CHECK_FALSE(result);
  co_await scene.clock.advance(1s);
  co_await scene.group.join();
  co_return result.value();
}

void play(Task<> (*test)(Scene&), const ScriptedServer::Options& options = {}) {
  struct Main {
    static Task<int> run(Executor loop, Task<> (*test)(Scene&),
                         const ScriptedServer::Options& options) {
      Scene scene(loop, options);
      co_await test(scene);
      CHECK(scene.clock.waiters() == 0);
      co_return 0;
    }
  };
  async::Loop loop;
  loop.run(Main::run(loop.executor(), test, options));
}

std::string header(const http::Request& request, const std::string& name) {
  return request.headers.find(name).value_or("(none)");
}

Task<> sends_what_it_says(Scene& scene) {
  scene.server.answer([](const http::Request&) { return reply(204); });
  const NotificationResult result = co_await deliver(scene);
  CHECK(result.outcome == Outcome::delivered);
  REQUIRE(scene.server.requests().size() == 1);
  const http::Request& request = scene.server.requests().front();
  CHECK(request.method == "POST");
  CHECK(request.path == "/services/" + kToken + "?key=" + kQueryToken);
  CHECK(request.body == scene.event.document);
  CHECK(header(request, "content-type") == "application/json");
  CHECK(header(request, "x-auth") == kHeader);
  CHECK(header(request, "webhook-id") == kId);
  CHECK(header(request, "webhook-timestamp") == "1795485600");
  CHECK(header(request, "webhook-signature") ==
        notify::signature({Secret(kSecret)}, kId, "1795485600", scene.event.document));
}

Task<> follows_its_settings(Scene& scene) {
  scene.server.answer([](const http::Request&) { return reply(200); });
  std::vector<notify::Template::Problem> problems;
  scene.settings.body.emplace("text={{message}}", notify::Escaping::form, problems);
  scene.settings.content_type = "application/x-www-form-urlencoded";
  scene.settings.method = "PUT";
  scene.settings.keys.clear();
  scene.settings.headers = {{"Authorization", Secret(std::string("Token x"))}};
  scene.settings.client.url.query.clear();
  co_await deliver(scene);
  const http::Request& request = scene.server.requests().at(0);
  CHECK(request.method == "PUT");
  CHECK(request.path == "/services/" + kToken);
  CHECK(header(request, "content-type") == "application/x-www-form-urlencoded");
  CHECK(header(request, "webhook-signature") == "(none)");
  CHECK(header(request, "authorization") == "Token x");
  CHECK(header(request, "webhook-id") == kId);
  CHECK_THAT(request.body, ContainsText("text=Backup%20of%20nightly%20on%20db1%20failed%3A"));
}

Task<> signs_each_attempt_anew(Scene& scene) {
  scene.server.answer([](const http::Request&) { return reply(500); });
  scene.settings.keys.emplace_back(std::string("another"));
  co_await deliver(scene);
  co_await scene.clock.advance(1min + 999ms);
  co_await deliver(scene);
  const http::Request& request = scene.server.requests().at(1);
  CHECK(header(request, "webhook-id") == kId);
  CHECK(header(request, "webhook-timestamp") == "1795485660");
  CHECK(header(request, "webhook-signature") ==
        notify::signature({Secret(kSecret), Secret(std::string("another"))}, kId, "1795485660",
                          scene.event.document));
}

Task<> understands_statuses(Scene& scene) {
  const std::vector<std::pair<unsigned, Outcome>> rows{
      {200, Outcome::delivered}, {202, Outcome::delivered}, {299, Outcome::delivered},
      {304, Outcome::rejected},  {400, Outcome::rejected},  {404, Outcome::rejected},
      {408, Outcome::retry},     {410, Outcome::rejected},  {425, Outcome::retry},
      {429, Outcome::retry},     {500, Outcome::retry},     {599, Outcome::retry}};
  for (const auto& [status, outcome] : rows) {
    scene.server.answer([status = status](const http::Request&) { return reply(status); });
    const NotificationResult result = co_await deliver(scene);
    INFO(result.answer);
    CHECK(result.outcome == outcome);
    CHECK_THAT(result.answer, ContainsText(std::to_string(status)));
  }
  CHECK(scene.server.connections() == rows.size());
}

Task<> waits_as_it_is_asked(Scene& scene) {
  for (const auto* when : {"300", "Tue, 24 Nov 2026 02:05:00 GMT"}) {
    scene.server.answer([when](const http::Request&) {
      http::Response response = reply(503);
      response.headers.add("Retry-After", when);
      return response;
    });
    const NotificationResult result = co_await deliver(scene);
    CHECK(result.not_before == Duration{5min});
  }
}

Task<> does_not_follow_redirects(Scene& scene) {
  for (const unsigned status : {301U, 302U, 303U, 307U, 308U}) {
    scene.server.answer([status](const http::Request&) {
      http::Response response = reply(status);
      response.headers.add("Location", "https://elsewhere.example/login?next=" + kToken);
      return response;
    });
    const NotificationResult result = co_await deliver(scene);
    CHECK(result.outcome == Outcome::rejected);
    CHECK_THAT(result.answer, ContainsText("redirects to https://elsewhere.example: set 'url'"));
  }
  CHECK(scene.server.connections() == 5);
}

Task<> gives_up_a_stall(Scene& scene) {
  scene.server.script("", ScriptedServer::End::stall);
  const NotificationResult result = co_await deliver_late(scene);
  CHECK(result.outcome == Outcome::retry);
  CHECK(result.answer ==
        "cannot deliver to '" + scene.server.url().origin() + "': no answer within 10s");
}

Task<> drip(ScriptedServer::Peer& peer, platform::Clock& clock) {
  co_await peer.request();
  co_await peer.drip("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 1s, clock);
}

Task<> gives_up_a_drip(Scene& scene) {
  scene.server.script([&scene](ScriptedServer::Peer& peer) { return drip(peer, scene.clock); });
  const NotificationResult result = co_await deliver_late(scene);
  CHECK(result.outcome == Outcome::retry);
  CHECK_THAT(result.answer, ContainsText("no answer within 10s"));
  // The script sees that nobody listens when it sends again.
  while (scene.server.open() > 0) co_await scene.clock.advance(1s);
}

Task<> keeps_the_status_of_a_stalled_body(Scene& scene) {
  scene.server.script("HTTP/1.1 410 Gone\r\nContent-Length: 1000\r\n\r\nsorry",
                      ScriptedServer::End::stall);
  const NotificationResult result = co_await deliver_late(scene);
  CHECK(result.outcome == Outcome::rejected);
  CHECK_THAT(result.answer, ContainsText("410 Gone"));
}

Task<> needs_no_body_for_a_delivery(Scene& scene) {
  scene.server.script("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n",
                      ScriptedServer::End::stall);
  const NotificationResult result = co_await deliver(scene);
  CHECK(result.outcome == Outcome::delivered);
}

Task<> pour(ScriptedServer::Peer& peer, bool& cut_off) {
  co_await peer.request();
  co_await peer.send("HTTP/1.1 500 Oops\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string chunk = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  try {
    for (int i = 0; i < 10'000; ++i) co_await peer.send(chunk);
  } catch (...) {
    cut_off = true;
    throw;
  }
}

Task<> reads_the_beginning_of_a_huge_answer(Scene& scene) {
  bool cut_off = false;
  scene.server.script([&](ScriptedServer::Peer& peer) { return pour(peer, cut_off); });
  const NotificationResult result = co_await deliver(scene);
  CHECK(result.outcome == Outcome::retry);
  CHECK_THAT(result.answer, ContainsText("500 Oops") && ContainsText("xxx…"));
  CHECK(result.answer.size() < 300);
  while (scene.server.open() > 0) co_await scene.clock.settle();
  CHECK(cut_off);
}

Task<> takes_what_is_no_answer_for_a_failure(Scene& scene) {
  struct Row {
    std::string bytes;
    ScriptedServer::End end;
  };
  const std::vector<Row> rows{{"", ScriptedServer::End::close},
                              {"", ScriptedServer::End::reset},
                              {"HTTP/1.1 20", ScriptedServer::End::close},
                              {"HTTP/1.1 200 OK\r\nContent-Le", ScriptedServer::End::reset},
                              {"220 mail.example ESMTP\r\n", ScriptedServer::End::close},
                              {"HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'x') + "\r\n\r\n",
                               ScriptedServer::End::close},
                              {std::string("\0\xff\x16\x03", 4), ScriptedServer::End::close}};
  const std::string origin = scene.server.url().origin();
  for (const Row& row : rows) {
    scene.server.script(row.bytes, row.end);
    const NotificationResult result = co_await deliver(scene);
    INFO(result.answer);
    CHECK(result.outcome == Outcome::retry);
    CHECK_FALSE(result.not_before);
    CHECK_THAT(result.answer, ContainsText(origin));
  }
}

Task<> quotes_a_body_that_breaks_off(Scene& scene) {
  scene.server.script("HTTP/1.1 422 Hm\r\nContent-Length: 1000\r\n\r\nno field 'text'",
                      ScriptedServer::End::close);
  const NotificationResult result = co_await deliver(scene);
  CHECK(result.outcome == Outcome::rejected);
  CHECK_THAT(result.answer, ContainsText("422 Hm in 0s: no field 'text'"));
}

Task<> quotes_nothing_when_it_may_not(Scene& scene) {
  scene.settings.quote_answers = false;
  scene.server.answer([](const http::Request& request) { return reply(400, request.body); });
  const NotificationResult result = co_await deliver(scene);
  CHECK(result.outcome == Outcome::rejected);
  CHECK(result.answer.find("nightly") == std::string::npos);
}

Task<> tells_that_nobody_listens(Scene& scene) {
  {
    const ScriptedServer gone(scene.group.loop());
    scene.settings.client.url.port = gone.url().port;
  }
  const NotificationResult result = co_await deliver(scene);
  CHECK(result.outcome == Outcome::retry);
  CHECK_THAT(result.answer, ContainsText(error_text(ECONNREFUSED)));
}

struct TlsServer {
  Certificate authority = make_certificate({.names = "", .authority = true});
  Certificate certificate = make_certificate({.issuer = &authority});
  ScriptedServer::Options options;
  TlsServer() {
    options.tls = std::make_shared<ScriptedServer::Tls>(
        ScriptedServer::Tls{certificate.certificate, certificate.key});
  }
};

Task<> trusts_only(Scene& scene, std::string authority, std::string name, bool good) {
  const TempDir dir;
  const auto file = dir.path() / "ca.pem";
  write_file(file, authority);
  scene.settings.client.tls.ca_file = file.string();
  scene.settings.client.tls.server_name = std::move(name);
  scene.server.answer([](const http::Request&) { return reply(204); });
  const NotificationResult result = co_await deliver(scene);
  INFO(result.answer);
  CHECK(result.outcome == (good ? Outcome::delivered : Outcome::retry));
  CHECK(scene.server.requests().size() == (good ? 1U : 0U));
  if (!good) CHECK_THAT(result.answer, ContainsText(scene.server.url().origin()));
}

const TlsServer& tls_server() {
  static const TlsServer server;
  return server;
}
Task<> trusts_its_authority(Scene& scene) {
  return trusts_only(scene, tls_server().authority.certificate, "", true);
}
Task<> distrusts_another_authority(Scene& scene) {
  return trusts_only(scene, make_certificate({.names = "", .authority = true}).certificate, "",
                     false);
}
Task<> distrusts_another_name(Scene& scene) {
  return trusts_only(scene, tls_server().authority.certificate, "other.example", false);
}
Task<> answer_in_plain(ScriptedServer::Peer& peer) {
  co_await peer.receive();
  co_await peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
}

Task<> expects_tls(Scene& scene) {
  scene.settings.client.url.scheme = http::Url::Scheme::https;
  scene.server.script(answer_in_plain);
  const NotificationResult result = co_await deliver(scene);
  INFO(result.answer);
  CHECK(result.outcome == Outcome::retry);
}

}  // namespace

TEST_CASE("the webhook keeps the contract") {
  notifier_contract(
      [](Executor loop, ManualClock&) { return std::make_unique<WebhookUnderTest>(loop); });
}

TEST_CASE("a webhook sends what its header says") { play(sends_what_it_says); }
TEST_CASE("a webhook follows its settings") { play(follows_its_settings); }
TEST_CASE("each attempt is signed with its own time") { play(signs_each_attempt_anew); }
TEST_CASE("statuses of the wire have their outcomes") { play(understands_statuses); }
TEST_CASE("Retry-After counts in seconds and as a date") { play(waits_as_it_is_asked); }
TEST_CASE("a redirect is not followed") { play(does_not_follow_redirects); }
TEST_CASE("a receiver that says nothing is given up in time") { play(gives_up_a_stall); }
TEST_CASE("a receiver that drips is given up in time") { play(gives_up_a_drip); }
TEST_CASE("a stalled body does not change the status") { play(keeps_the_status_of_a_stalled_body); }
TEST_CASE("an event is delivered when the status says so") { play(needs_no_body_for_a_delivery); }
TEST_CASE("of a huge answer only the beginning is read") {
  play(reads_the_beginning_of_a_huge_answer);
}
TEST_CASE("what is no answer is tried again") { play(takes_what_is_no_answer_for_a_failure); }
TEST_CASE("a body that breaks off is quoted as far as it came") {
  play(quotes_a_body_that_breaks_off);
}
TEST_CASE("nothing is quoted where a template holds secrets") {
  play(quotes_nothing_when_it_may_not);
}
TEST_CASE("nobody listening is told as what it is") { play(tells_that_nobody_listens); }
TEST_CASE("over TLS a webhook sends to whom it trusts") {
  play(trusts_its_authority, tls_server().options);
}
TEST_CASE("a certificate of another authority gets no event") {
  play(distrusts_another_authority, tls_server().options);
}
TEST_CASE("a certificate of another name gets no event") {
  play(distrusts_another_name, tls_server().options);
}
TEST_CASE("a receiver without TLS gets no event that is meant for TLS") { play(expects_tls); }
