#include "base/settings.hpp"
#include "support/catch.hpp"
#include "target/postgresql/client_tools.hpp"

#include <string>
#include <utility>
#include <vector>

using namespace snapshotter;
using namespace snapshotter::test;
using namespace snapshotter::target::postgresql;

namespace {

struct Read {
  ContainerSettings settings;
  std::string problems;
};

Read read(const std::vector<std::pair<std::string, std::string>>& keys) {
  settings::Node node;
  node.kind = settings::Node::Kind::mapping;
  node.where = {"a.yaml", 1, 1};
  for (const auto& [key, value] : keys) {
    settings::Node scalar;
    scalar.kind = settings::Node::Kind::scalar;
    scalar.scalar = value;
    scalar.where = {"a.yaml", 2, 3};
    node.members.push_back({key, scalar.where, scalar});
  }
  settings::Problems problems;
  settings::Section section(node, "target 'db'", problems);
  Read result;
  read_engine(section, result.settings);
  section.finish();
  result.problems = problems.to_string();
  return result;
}

}  // namespace

TEST_CASE("the engine is Dockers socket by default") {
  const auto result = read({});
  CHECK(result.problems.empty());
  CHECK(result.settings.engine == "unix:///var/run/docker.sock");
}

TEST_CASE("good engines are read") {
  for (const auto* engine : {"unix:///run/podman/podman.sock", "http://127.0.0.1:2375",
                             "https://docker.example:2376/"}) {
    CAPTURE(engine);
    const auto result = read({{"engine", engine}});
    CHECK(result.problems.empty());
    CHECK(result.settings.engine == engine);
  }
  const auto result = read({{"engine", "https://docker.example:2376"},
                            {"engine_ca_file", "/etc/ca.pem"},
                            {"engine_client_certificate", "/etc/cert.pem"},
                            {"engine_client_key", "/etc/key.pem"}});
  CHECK(result.problems.empty());
  CHECK(result.settings.engine_tls.ca_file == "/etc/ca.pem");
  CHECK(result.settings.engine_tls.certificate_file == "/etc/cert.pem");
  CHECK(result.settings.engine_tls.key_file == "/etc/key.pem");
}

TEST_CASE("bad engines are problems with their place") {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"tcp://127.0.0.1:2375", "write http:// or https:// instead of tcp://"},
      {"/var/run/docker.sock", "a socket is written unix:///var/run/docker.sock"},
      {"http://127.0.0.1:2375/v1.41", "must end after host and port"},
      {"https://me:pw@docker.example", "knows no user and password"},
      {"nonsense", ""},
  };
  for (const auto& [engine, expected] : rows) {
    CAPTURE(engine);
    const auto problems = read({{"engine", engine}}).problems;
    CHECK_THAT(problems, ContainsText("a.yaml:2:3: target 'db': 'engine' "));
    CHECK_THAT(problems, ContainsText(expected));
  }
}

TEST_CASE("certificates go together and with https") {
  CHECK_THAT(read({{"engine", "https://a:1"}, {"engine_client_key", "/k"}}).problems,
             ContainsText("'engine_client_certificate' and 'engine_client_key' go together"));
  CHECK_THAT(read({{"engine_ca_file", "/ca"}}).problems,
             ContainsText("must begin with https:// for certificates to be of use"));
}
