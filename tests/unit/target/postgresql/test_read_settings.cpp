#include "base/settings.hpp"
#include "support/catch.hpp"
#include "target/target.hpp"

using namespace snapshotter;
using namespace snapshotter::test;
using settings::Node;

namespace {

Node node(Node::Kind kind) {
  Node made;
  made.kind = kind;
  made.where = {"test.yaml", 1, 1};
  return made;
}

Node list(const std::vector<std::string>& items) {
  Node made = node(Node::Kind::sequence);
  for (const auto& item : items) {
    made.items.push_back(node(Node::Kind::scalar));
    made.items.back().scalar = item;
  }
  return made;
}

using Keys = std::vector<std::pair<std::string, std::string>>;

struct Made {
  std::shared_ptr<target::BackupTarget> target;
  std::string problems;
};

Made make(const Keys& keys, const std::vector<std::string>& databases = {}) {
  Node mapping = node(Node::Kind::mapping);
  for (const auto& [key, value] : keys) {
    Node scalar = node(Node::Kind::scalar);
    scalar.scalar = value;
    mapping.members.push_back({key, mapping.where, scalar});
  }
  if (!databases.empty()) {
    mapping.members.push_back({"databases", mapping.where, list(databases)});
  }
  settings::Problems problems;
  settings::Section section(mapping, "target 'db'", problems);
  const auto registry = target::built_in_targets();
  const auto* const from = registry.find("postgresql");
  REQUIRE(from != nullptr);
  Made made;
  made.target = (*from)("db", section);
  section.finish();
  made.problems = problems.to_string();
  return made;
}

std::string description(const Keys& keys) {
  const Made made = make(keys);
  CHECK(made.problems == "");
  return made.target ? made.target->describe() : "";
}

std::string problems(const Keys& keys, const std::vector<std::string>& databases = {}) {
  const Made made = make(keys, databases);
  CHECK_FALSE(made.target);
  return made.problems;
}

}  // namespace

TEST_CASE("a postgresql target says where its server is") {
  CHECK(description({}) == "PostgreSQL of this host, port 5432");
  CHECK(description({{"port", "5433"}}) == "PostgreSQL of this host, port 5433");
  CHECK(description({{"socket", "/run/postgresql"}}) == "PostgreSQL at /run/postgresql");
  CHECK(description({{"socket", "/run/postgresql/"}, {"port", "5433"}}) ==
        "PostgreSQL at /run/postgresql:5433");
  CHECK(description({{"socket", "/run/postgresql/.s.PGSQL.5434"}}) ==
        "PostgreSQL at /run/postgresql:5434");
  CHECK(description({{"socket", "/x/.s.PGSQL.99999"}}) == "PostgreSQL at /x/.s.PGSQL.99999");
  CHECK(description({{"host", "db.example.org"}}) == "PostgreSQL at db.example.org");
  CHECK(description({{"service", "main"}}) == "PostgreSQL service 'main'");
  CHECK(description({{"container", "postgres"}, {"engine", "unix:///run/podman.sock"}}) ==
        "PostgreSQL in container 'postgres'");
}

TEST_CASE("all keys of a postgresql target are known") {
  const Made host = make({{"host", "db"},
                          {"port", "5433"},
                          {"user", "backup"},
                          {"password", "s3cret"},
                          {"sslmode", "verify-full"},
                          {"bin_dir", "/usr/lib/postgresql/15/bin"},
                          {"method", "per_database"},
                          {"format", "custom"},
                          {"exclude_databases", "x*"},
                          {"stall_timeout", "5m"}},
                         {"a", "b*"});
  CHECK(host.problems == "");
  REQUIRE(host.target);
  CHECK(host.target->type() == "postgresql");
  CHECK_THAT(host.target->describe(), !ContainsText("s3cret"));
  const Made contained = make({{"container", "pg"},
                               {"container_user", "postgres"},
                               {"user", "app"},
                               {"password", "s3cret"},
                               {"stall_timeout", "5m"}});
  CHECK(contained.problems == "");
  CHECK(contained.target);
}

TEST_CASE("there is one way to a server") {
  for (const char* const key : {"host", "service"}) {
    CHECK_THAT(problems({{"container", "pg"}, {key, "x"}}),
               ContainsText(std::string("'") + key + "' does not go with 'container'"));
  }
  CHECK_THAT(problems({{"container", "pg"}, {"socket", "/x"}, {"port", "1"}}),
             ContainsText("'socket' does not go with 'container'") &&
                 ContainsText("'port' does not go with 'container'"));
  CHECK_THAT(problems({{"host", "a"}, {"socket", "/x"}}),
             ContainsText("'host' does not go with 'socket'"));
  CHECK_THAT(problems({{"service", "a"}, {"socket", "/x"}}),
             ContainsText("'socket' does not go with 'service'"));
  CHECK_THAT(problems({{"socket", "/x/.s.PGSQL.5433"}, {"port", "5432"}}),
             ContainsText("'port' is not the socket's"));
  CHECK_THAT(problems({{"host", "/run/postgresql"}}), ContainsText("write it as 'socket'"));
  CHECK_THAT(problems({{"engine", "unix:///x"}}), ContainsText("'engine' needs 'container'"));
  CHECK_THAT(problems({{"container_user", "x"}}),
             ContainsText("'container_user' needs 'container'"));
}

TEST_CASE("pg_dumpall takes no choice of databases and no format") {
  CHECK_THAT(problems({}, {"a"}), ContainsText("'databases' needs 'method: per_database'"));
  CHECK_THAT(problems({{"method", "dumpall"}, {"format", "plain"}}),
             ContainsText("'format' needs 'method: per_database'"));
}

TEST_CASE("wrong values are told") {
  CHECK_THAT(problems({{"method", "perdatabase"}}), ContainsText("per_database"));
  CHECK_THAT(problems({{"sslmode", "verify_full"}}), ContainsText("verify-full"));
  CHECK_THAT(problems({{"port", "0"}}), ContainsText("'port'"));
  CHECK_THAT(problems({{"stall_timeout", "0s"}}), ContainsText("must be longer than 0"));
  CHECK_THAT(problems({{"socket", "run/postgresql"}}), ContainsText("'socket'"));
  CHECK_THAT(make({{"pasword", "x"}}).problems, ContainsText("password"));
}
