// What a configuration may say of a webhook, and what is told of mistakes.
#include "notify/webhook/webhook_notifier.hpp"
#include "support/catch.hpp"

#include <utility>

using namespace snapshotter;
using namespace std::chrono_literals;
using notify::WebhookSettings;
using settings::Node;
using test::ContainsText;

namespace {

Node text(const std::string& value, bool interpolated = false) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.scalar = value;
  node.interpolated = interpolated;
  return node;
}

Node list(std::vector<Node> items) {
  Node node;
  node.kind = Node::Kind::sequence;
  node.items = std::move(items);
  return node;
}

// Each key stands in a line of its own, from 1.
Node mapping(std::vector<std::pair<std::string, Node>> members) {
  Node node;
  node.kind = Node::Kind::mapping;
  for (auto& [key, value] : members) {
    const settings::Location where{"t.yaml", static_cast<int>(node.members.size()) + 1, 1};
    value.where = where;
    node.members.push_back({key, where, std::move(value)});
  }
  return node;
}

struct Reading {
  WebhookSettings settings;
  std::string problems;
  std::size_t literal_secrets = 0;
};

constexpr const char* kUrl = "https://hooks.example/services/T0123456789ABCDEF";

Reading read(std::vector<std::pair<std::string, Node>> members, bool literal_url = false) {
  members.insert(members.begin(), {"url", text(kUrl, !literal_url)});
  const Node node = mapping(std::move(members));
  settings::Problems problems;
  settings::Section section(node, "notifier 'ops'", problems);
  Reading reading;
  reading.settings = notify::read_webhook(section);
  section.finish();
  reading.problems = problems.to_string();
  reading.literal_secrets = problems.literal_secrets().size();
  return reading;
}

std::string problem(const std::string& key, const Node& value) {
  return read({{key, value}}).problems;
}

}  // namespace

TEST_CASE("a webhook needs no more than its URL") {
  const Reading reading = read({});
  CHECK(reading.problems.empty());
  CHECK(reading.literal_secrets == 0);
  const WebhookSettings& settings = reading.settings;
  CHECK(settings.client.url.path == "/services/T0123456789ABCDEF");
  CHECK(settings.timeout == 10s);
  CHECK(settings.method == "POST");
  CHECK(settings.content_type == "application/json");
  CHECK(settings.keys.empty());
  CHECK(settings.headers.empty());
  CHECK_FALSE(settings.body);
  CHECK(settings.quote_answers);
  CHECK(settings.client.max_redirects == 0);
}

TEST_CASE("a webhook shows its origin only") {
  const notify::WebhookNotifier notifier(read({}).settings);
  CHECK(notifier.describe() == "https://hooks.example");
  CHECK(notifier.type() == "webhook");
}

TEST_CASE("a URL with a path in the file counts as a secret there") {
  CHECK(read({}, true).literal_secrets == 1);
  CHECK(read({}, false).literal_secrets == 0);
}

TEST_CASE("every key of a webhook is read") {
  const Reading reading =
      read({{"timeout", text("30s")},
            {"method", text("PUT")},
            {"content_type", text("text/plain; charset=utf-8")},
            {"body", text("{{message}}")},
            {"headers", mapping({{"Title", text("Backup", true)}, {"X-Token", text("abc", true)}})},
            {"secret", list({text("old one", true), text("new one", true)})}});
  CHECK(reading.problems.empty());
  const WebhookSettings& settings = reading.settings;
  CHECK(settings.timeout == 30s);
  CHECK(settings.method == "PUT");
  CHECK(settings.content_type == "text/plain; charset=utf-8");
  REQUIRE(settings.body);
  CHECK(settings.body->render(R"({"message": "a\nb"})") == "ab");
  REQUIRE(settings.headers.size() == 2);
  CHECK(settings.headers[1].first == "X-Token");
  CHECK(settings.headers[1].second.reveal() == "abc");
  REQUIRE(settings.keys.size() == 2);
  CHECK(settings.keys[1].reveal() == "new one");
  CHECK(settings.client.connect_timeout >= 30s);
  CHECK(settings.client.stall_timeout >= 30s);
}

TEST_CASE("secrets are decoded, noted where they stand literally, and redacted") {
  const Reading reading = read({{"secret", text("whsec_c2VjcmV0IGtleQ==")}});
  CHECK(reading.problems.empty());
  CHECK(reading.literal_secrets == 1);
  CHECK(reading.settings.keys.at(0).reveal() == "secret key");
  const auto& redaction = reading.settings.redaction;
  CHECK(redaction.apply("whsec_c2VjcmV0IGtleQ== or secret key") == "… or …");
  CHECK(redaction.apply(kUrl) == "https://hooks.example…");
  CHECK(read({{"headers", mapping({{"X", text("y")}})}}).literal_secrets == 1);
}

TEST_CASE("a secret that is none is a problem, and is not shown") {
  CHECK_THAT(problem("secret", text("whsec_n0base64!")),
             ContainsText("t.yaml:2:1: notifier 'ops': 'secret' begins with whsec_, but"));
  CHECK(problem("secret", text("whsec_n0base64!")).find("n0base64") == std::string::npos);
  CHECK_THAT(problem("secret", text("")), ContainsText("is empty"));
  CHECK_THAT(problem("secret", Node{}), ContainsText("must be a text or a list of texts"));
  CHECK_THAT(problem("secret", mapping({})), ContainsText("must be a text or a list of texts"));
  CHECK_THAT(problem("secret", list({})), ContainsText("lists nothing"));
  CHECK_THAT(problem("secret", list({text("good"), list({})})), ContainsText("must be a text"));
}

TEST_CASE("times and methods that make no sense are problems") {
  CHECK_THAT(problem("timeout", text("0s")), ContainsText("'timeout' must be from 1s to 5m"));
  CHECK_THAT(problem("timeout", text("1h")), ContainsText("'timeout' must be from 1s to 5m"));
  CHECK_THAT(problem("timeout", text("soon")), ContainsText("'timeout' must be a duration"));
  CHECK_THAT(problem("method", text("GET")), ContainsText("'method' must be POST or PUT"));
  CHECK_THAT(problem("redirects", text("1")), ContainsText("redirects"));
  CHECK_THAT(problem("secrets", text("1")), ContainsText("did you mean 'secret'?"));
}

TEST_CASE("headers that would break the request are problems") {
  const auto header = [](const std::string& name, const std::string& value) {
    return problem("headers", mapping({{name, text(value, true)}}));
  };
  CHECK(header("X-Any_thing.1", "ü \t value").empty());
  CHECK_THAT(header("X: Y", "1"), ContainsText("'X: Y' is no header's name"));
  CHECK_THAT(header("", "1"), ContainsText("'' is no header's name"));
  CHECK_THAT(header("X\r\nHost", "1"), ContainsText("is no header's name"));
  for (const auto* value : {"a\r\nHost: b", "a\n", "\x01", "\x7f"}) {
    CHECK_THAT(header("X", value), ContainsText("'X' has a line break or another control"));
  }
  for (const auto* name : {"Host", "host", "Content-Length", "Transfer-Encoding", "Connection",
                           "webhook-id", "Webhook-Signature", "Expect"}) {
    CHECK_THAT(header(name, "1"), ContainsText("is set by the daemon"));
  }
  CHECK_THAT(header("Content-type", "1"), ContainsText("is set by 'content_type'"));
  CHECK_THAT(problem("headers", text("X: y")), ContainsText("'headers' must be a mapping"));
  CHECK_THAT(problem("headers", mapping({{"X", list({})}})), ContainsText("'X' must be a single"));
  CHECK(header("Authorization", "Token x").empty());
}

TEST_CASE("there is one Authorization only") {
  const Reading reading = read({{"bearer_token", text("token", true)},
                                {"headers", mapping({{"authorization", text("Token x", true)}})}});
  CHECK_THAT(reading.problems, ContainsText("'authorization' is there already"));
}

TEST_CASE("content types are those that values can be escaped for") {
  const auto type = [](const std::string& value) {
    return read({{"content_type", text(value)}, {"body", text("[]")}}).problems;
  };
  for (const auto* good :
       {"application/json", "Application/JSON; charset=utf-8", "text/plain",
        "application/cloudevents+json", "text/markdown", "application/x-www-form-urlencoded"}) {
    CHECK(type(good).empty());
  }
  for (const auto* bad : {"", "text/html", "application/xml", "json", "text/plain\r\nX: y"}) {
    CHECK_THAT(type(bad), ContainsText("is none that values can be escaped for"));
  }
  CHECK_THAT(problem("content_type", text("text/plain")), ContainsText("needs a 'body'"));
  CHECK(problem("content_type", text("application/json")).empty());
}

TEST_CASE("a mistake in a template is told with its place and what was meant") {
  CHECK_THAT(problem("body", text(R"({"text": "{{mesage}}"})")),
             ContainsText("t.yaml:2:1: notifier 'ops': 'body' has a mistake: '{{mesage}}' is no "
                          "value of an event, did you mean 'message'?"));
  CHECK_THAT(problem("body", text(R"({"text": "{{message"})")), ContainsText("is not closed"));
  const std::string both = problem("body", text(R"({"{{jub}}": "{{run.stat}}"})"));
  CHECK_THAT(both, ContainsText("'job'") && ContainsText("'run.state'"));
}

TEST_CASE("nothing of a template with secrets in it is shown") {
  const Reading reading = read({{"body", text(R"({"a": "{{job}}", "t": "{{s3cret}}"})", true)}});
  CHECK_THAT(reading.problems, ContainsText("place 2 is no value of an event"));
  CHECK(reading.problems.find("s3cret") == std::string::npos);
  CHECK_FALSE(reading.settings.quote_answers);
}

TEST_CASE("a template that gives no JSON for some event is a problem") {
  CHECK_THAT(problem("body", text(R"({"text": {{message}}})")),
             ContainsText("gives no valid JSON for the event 'started'"));
  CHECK_THAT(problem("body", text(R"({"text": "{{message}}")")), ContainsText("no valid JSON"));
  CHECK_THAT(problem("body", text("")), ContainsText("no valid JSON"));
  // Right for runs that have ended, and nothing for the others.
  CHECK_THAT(problem("body", text(R"({"seconds": {{run.duration}}})")),
             ContainsText("'started'") && ContainsText("{{{…}}}"));
  CHECK(problem("body", text(R"({"seconds": {{{run.duration}}}, "all": {{{run}}}})")).empty());
  CHECK(problem("body", text(R"({"text": "{{message}} {{run.duration}}"})")).empty());
  // Other kinds of text have no form to check.
  CHECK(read({{"content_type", text("text/plain")}, {"body", text("{{message}")}}).problems.size() >
        0);
  CHECK(read({{"content_type", text("text/plain")}, {"body", text("{{message}} }")}})
            .problems.empty());
}

TEST_CASE("the registry knows the webhook") {
  const auto registry = notify::built_in_notifiers();
  CHECK(registry.types() == std::vector<std::string>{"webhook"});
  const Node node = mapping({{"url", text(kUrl, true)}});
  settings::Problems problems;
  settings::Section section(node, "notifier 'ops'", problems);
  const auto notifier = (*registry.find("webhook"))("ops", section);
  REQUIRE(notifier);
  CHECK(notifier->type() == "webhook");
  CHECK(problems.empty());
}
