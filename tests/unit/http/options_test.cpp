// Reading a client's options from a configuration. Trees are written as lines "key: value".
#include "http/client.hpp"
#include "support/catch.hpp"

#include <map>

using namespace snapshotter;
using namespace snapshotter::test;
using http::ClientOptions;
using http::UnixSockets;
using settings::Node;

namespace {

struct Value {
  Value(const char* its_text) : text(its_text) {}
  Value(std::string its_text, bool came_from_outside)
      : text(std::move(its_text)), interpolated(came_from_outside) {}
  std::string text;
  bool interpolated = false;
};

struct Read {
  ClientOptions options;
  std::string problems;
  std::size_t literal_secrets = 0;
};

Read read(const std::map<std::string, Value>& keys, UnixSockets sockets = UnixSockets::no) {
  Node node;
  node.kind = Node::Kind::mapping;
  int line = 1;
  for (const auto& [key, value] : keys) {
    Node::Member member{key, {"test.yaml", ++line, 1}, {}};
    member.value.kind = Node::Kind::scalar;
    member.value.where = {"test.yaml", line, 9};
    member.value.scalar = value.text;
    member.value.interpolated = value.interpolated;
    node.members.push_back(std::move(member));
  }
  settings::Problems problems;
  settings::Section section(node, "notifier 'ops'", problems);
  Read result;
  result.options = http::read_client_options(section, sockets);
  section.finish();
  result.problems = problems.to_string();
  result.literal_secrets = problems.literal_secrets().size();
  return result;
}

void check_problem(const std::map<std::string, Value>& keys, const std::string& text,
                   UnixSockets sockets = UnixSockets::no) {
  const auto result = read(keys, sockets);
  CHECK_THAT(result.problems, ContainsText(text));
  CHECK(result.problems.find("hunter2") == std::string::npos);
}

}  // namespace

TEST_CASE("all keys of a client") {
  const auto result = read({{"url", "https://example.org:8443/hook"},
                            {"username", "me"},
                            {"password", {"hunter2", true}},
                            {"ca_file", "/etc/ca.pem"},
                            {"client_certificate", "/etc//client.pem"},
                            {"client_key", "/etc/client.key"},
                            {"server_name", "inside"},
                            {"proxy", "http://proxy:3128"}});
  CHECK(result.problems.empty());
  CHECK(result.literal_secrets == 0);
  CHECK(result.options.url.origin() == "https://example.org:8443");
  CHECK(result.options.url.path == "/hook");
  CHECK(result.options.url.user == "me");
  CHECK(result.options.url.password.reveal() == "hunter2");
  CHECK(result.options.tls.ca_file == "/etc/ca.pem");
  CHECK(result.options.tls.certificate_file == "/etc/client.pem");
  CHECK(result.options.tls.key_file == "/etc/client.key");
  CHECK(result.options.tls.server_name == "inside");
  CHECK(result.options.proxy->port == 3128);

  const auto bearer = read({{"url", "http://a"}, {"bearer_token", {"hunter2", true}}});
  CHECK(bearer.problems.empty());
  CHECK(bearer.options.bearer.reveal() == "hunter2");
}

TEST_CASE("secrets that stand in the file are noted") {
  CHECK(read({{"url", "http://a"}}).literal_secrets == 0);
  CHECK(read({{"url", "http://me@a"}}).literal_secrets == 0);
  CHECK(read({{"url", "http://me:hunter2@a"}}).literal_secrets == 1);
  CHECK(read({{"url", {"http://me:hunter2@a", true}}}).literal_secrets == 0);
  CHECK(read({{"url", "http://a"}, {"proxy", "http://me:hunter2@p"}}).literal_secrets == 1);
  CHECK(read({{"url", "http://a"}, {"bearer_token", "hunter2"}}).literal_secrets == 1);
  CHECK(read({{"url", "http://a"}, {"username", "me"}, {"password", "hunter2"}}).literal_secrets ==
        1);
}

TEST_CASE("a URL is required and must be one, and is never quoted") {
  check_problem({}, "notifier 'ops' needs 'url'");
  check_problem({{"url", "http://me:hunter2@a:x"}},
                "test.yaml:2:9: notifier 'ops': 'url' is not a URL");
  check_problem({{"url", "http://me:hunter2/@a"}}, "percent-encode");
  check_problem({{"url", ""}}, "'url' is not a URL");
  check_problem({{"url", "unix:///run/x"}}, "must begin with http:// or https://");
  CHECK(read({{"url", "unix:///run/x"}}, UnixSockets::yes).problems.empty());
}

TEST_CASE("one kind of credentials at a time, and whole") {
  check_problem({{"url", "http://a"}, {"username", "me"}, {"bearer_token", "hunter2"}},
                "'bearer_token' is given, and a user name as well");
  check_problem({{"url", "http://me@a"}, {"bearer_token", "hunter2"}}, "leave one out");
  check_problem({{"url", "http://me:hunter2@a"}, {"username", "me"}},
                "'username' is given, and 'url'");
  check_problem({{"url", "http://a"}, {"password", "hunter2"}}, "'password' needs 'username'");
  check_problem({{"url", "http://a"}, {"username", "a:b"}}, "nor hold ':'");
  check_problem({{"url", "http://a"}, {"username", ""}}, "must not be empty");
  check_problem({{"url", "http://a"}, {"username", "me"}, {"password", "hunter2\n"}},
                "'password' holds a line break");
  check_problem({{"url", "http://a"}, {"bearer_token", "hunter2\r\nX: y"}},
                "'bearer_token' is empty, or holds a line break");
  check_problem({{"url", "http://a"}, {"bearer_token", ""}}, "'bearer_token' is empty");
}

TEST_CASE("TLS settings are whole, absolute and of use") {
  check_problem({{"url", "https://a"}, {"client_certificate", "/c"}}, "needs 'client_key'");
  check_problem({{"url", "https://a"}, {"client_key", "/c"}}, "needs 'client_certificate'");
  for (const std::string key : {"ca_file", "client_certificate", "client_key"}) {
    check_problem({{"url", "https://a"}, {key, "relative.pem"}}, "must be an absolute path");
  }
  for (const std::string key : {"ca_file", "server_name"}) {
    check_problem({{"url", "http://a"}, {key, "/x"}}, "of use with https:// only");
  }
  // Where the URL is wrong, it alone is reported.
  const auto unknown = read({{"url", "nothing"}, {"ca_file", "/x"}}).problems;
  CHECK(unknown.find("ca_file") == std::string::npos);
}

TEST_CASE("a proxy is a host and a port") {
  check_problem({{"url", "http://a"}, {"proxy", "https://p"}}, "must begin with http://");
  check_problem({{"url", "http://a"}, {"proxy", "unix:///p"}}, "must begin with http://");
  check_problem({{"url", "http://a"}, {"proxy", "http://p/x"}}, "without a path");
  check_problem({{"url", "http://a"}, {"proxy", "me:hunter2@p"}}, "'proxy' is not a URL");
  check_problem({{"url", "unix:///a"}, {"proxy", "http://p"}}, "leads nowhere", UnixSockets::yes);
}
