#include "notify/webhook/answer.hpp"
#include "support/catch.hpp"

using namespace snapshotter;
using namespace std::chrono_literals;
using notify::NotificationResult;
using notify::Redaction;
using Outcome = notify::NotificationResult::Outcome;
using test::ContainsText;

namespace {

// 2026-11-24T02:00:00Z
constexpr Time kNight{std::chrono::seconds{1'795'485'600}};

http::Response response(unsigned status, const std::string& reason = "Reason") {
  http::Response result;
  result.status = status;
  result.reason = reason;
  return result;
}

NotificationResult judge(const http::Response& response, const Redaction& redaction = {}) {
  return notify::judge(response, 31ms, kNight, redaction, true);
}

NotificationResult with(http::Response what, const std::string& header, const std::string& value) {
  what.headers.add(header, value);
  return judge(what);
}

}  // namespace

TEST_CASE("what each status means") {
  for (const unsigned status : {200U, 201U, 202U, 204U, 299U}) {
    CHECK(judge(response(status)).outcome == Outcome::delivered);
  }
  for (const unsigned status : {408U, 425U, 429U, 500U, 502U, 503U, 504U, 599U}) {
    CHECK(judge(response(status)).outcome == Outcome::retry);
  }
  for (const unsigned status : {300U, 301U, 302U, 304U, 307U, 308U, 400U, 401U, 403U, 404U, 405U,
                                409U, 410U, 413U, 422U, 424U, 426U, 428U, 430U, 499U, 101U}) {
    CHECK(judge(response(status)).outcome == Outcome::rejected);
  }
}

TEST_CASE("an answer is told in one line") {
  CHECK(judge(response(204, "No Content")).answer == "204 No Content in 31ms");
  CHECK(judge(response(200, "")).answer == "200 in 31ms");
  auto failed = response(500, "Internal\nServer");
  failed.body = "line one\r\nline two\xff";
  CHECK(judge(failed).answer == "500 Internal\\nServer in 31ms: line one\\x0d\\nline two\\xff");
}

TEST_CASE("a body is quoted of failures only, and its beginning only") {
  auto good = response(200, "OK");
  good.body = "thanks";
  CHECK(judge(good).answer == "200 OK in 31ms");
  auto failed = response(503, "Sorry");
  failed.body = std::string(3000, 'x');
  const std::string answer = judge(failed).answer;
  CHECK_THAT(answer, ContainsText("xxx…"));
  CHECK(answer.size() <= notify::kQuotedBody + 40);
  CHECK(notify::judge(failed, 31ms, kNight, {}, false).answer == "503 Sorry in 31ms");
}

TEST_CASE("advice says what to do about an answer") {
  CHECK_THAT(judge(response(410, "Gone")).answer, ContainsText("remove this notifier"));
  CHECK_THAT(judge(response(401)).answer, ContainsText("credentials"));
  CHECK_THAT(judge(response(403)).answer, ContainsText("credentials"));
  CHECK_THAT(judge(response(404)).answer, ContainsText("correct the URL"));
}

TEST_CASE("a redirect tells the origin of its goal and no more") {
  const std::string absolute =
      with(response(302, "Found"), "Location", "https://u:pw@new.example:8443/T0KEN?x=y").answer;
  CHECK_THAT(absolute, ContainsText("it redirects to https://new.example:8443: set 'url'"));
  CHECK(absolute.find("T0KEN") == std::string::npos);
  CHECK(absolute.find("pw@") == std::string::npos);
  CHECK_THAT(with(response(307), "Location", "/T0KEN").answer,
             ContainsText("to another path of this host"));
  CHECK_THAT(with(response(301), "Location", "nonsense T0KEN").answer,
             ContainsText("it redirects: set 'url'"));
  CHECK_THAT(judge(response(308)).answer, ContainsText("it redirects: set 'url'"));
}

TEST_CASE("Retry-After counts for what is tried again") {
  CHECK(with(response(429), "Retry-After", "120").not_before == Duration{120s});
  CHECK(with(response(503), "retry-after", "Tue, 24 Nov 2026 02:05:00 GMT").not_before ==
        Duration{5min});
  CHECK(with(response(503), "Retry-After", "Tue, 24 Nov 2026 01:00:00 GMT").not_before ==
        Duration{0s});
  CHECK_FALSE(with(response(503), "Retry-After", "soon").not_before);
  CHECK_FALSE(judge(response(503)).not_before);
  CHECK_FALSE(with(response(404), "Retry-After", "120").not_before);
  CHECK_FALSE(with(response(200), "Retry-After", "120").not_before);
}

TEST_CASE("secrets are taken out of what is quoted") {
  Redaction redaction;
  redaction.add(Secret(std::string("s3cret")));
  redaction.add(http::Url::parse(
      "https://user:pass%20word@hooks.example/services/T00/XXXXXXXXXXXXXXXX?key=YYYYYYYYYYYYYYYY"));
  auto failed = response(404, "No s3cret");
  failed.body =
      "s3cret /services/T00/XXXXXXXXXXXXXXXX?key=YYYYYYYYYYYYYYYY pass word "
      "https:\\/\\/hooks.example\\/services\\/T00\\/XXXXXXXXXXXXXXXX YYYYYYYYYYYYYYYY s3crets3cret";
  const std::string answer = judge(failed, redaction).answer;
  for (const auto* secret : {"s3cret", "XXXX", "YYYY", "pass word"}) {
    INFO(answer);
    CHECK(answer.find(secret) == std::string::npos);
  }
  CHECK_THAT(answer, ContainsText("404 No … in 31ms"));
  CHECK_THAT(answer, ContainsText("hooks.example"));
}

TEST_CASE("credentials are taken out in the form of their header too") {
  Redaction redaction;
  redaction.add(http::Url::parse("https://user:password@hooks.example/"));
  CHECK(redaction.apply("Authorization: Basic dXNlcjpwYXNzd29yZA==") == "Authorization: Basic …");
}

TEST_CASE("a secret within a longer one leaves nothing of it") {
  Redaction redaction;
  redaction.add("token");
  redaction.add("my-token-value");
  CHECK(redaction.apply("<my-token-value><token>") == "<…><…>");
}

TEST_CASE("what is no secret by its length stays") {
  Redaction redaction;
  redaction.add("");
  redaction.add("ab");
  redaction.add(http::Url::parse("https://hooks.example/"));
  redaction.add(http::Url::parse("https://hooks.example/hook"));
  CHECK(redaction.apply("about / and /hook") == "about / and /hook");
}
