#include "base/settings.hpp"

#include "support/catch.hpp"
#include "target/prometheus/prometheus_target.hpp"

using namespace snapshotter;
using namespace snapshotter::test;
using settings::Node;

namespace {

struct Made {
  std::shared_ptr<target::BackupTarget> target;
  std::string problems;
};

Made make(const std::vector<std::pair<std::string, std::string>>& members) {
  Node node;
  node.kind = Node::Kind::mapping;
  node.where = {"test.yaml", 1, 1};
  for (const auto& [key, value] : members) {
    Node scalar;
    scalar.kind = Node::Kind::scalar;
    scalar.where = {"test.yaml", static_cast<int>(node.members.size()) + 2, 3};
    scalar.scalar = value;
    node.members.push_back({key, scalar.where, scalar});
  }
  settings::Problems problems;
  settings::Section section(node, "target 'metrics'", problems);
  Made made;
  const auto registry = target::built_in_targets();
  const auto* const from = registry.find("prometheus");
  REQUIRE(from != nullptr);
  made.target = (*from)("metrics", section);
  section.finish();
  made.problems = problems.to_string();
  return made;
}

}  // namespace

TEST_CASE("a Prometheus target is made of its settings, and tells no secret") {
  const Made made = make({{"url", "http://prometheus:9090/prom"},
                          {"username", "backup"},
                          {"password", "hunter2"},
                          {"data_dir", "/var/lib/prometheus/"},
                          {"skip_head", "true"},
                          {"timeout", "1h"}});
  CHECK(made.problems == "");
  REQUIRE(made.target);
  CHECK(made.target->type() == "prometheus");
  CHECK(made.target->describe() ==
        "Prometheus at http://prometheus:9090, data in /var/lib/prometheus");
}

TEST_CASE("what a Prometheus target needs, and what it can't take, is reported in one go") {
  const Made nothing = make({});
  CHECK_FALSE(nothing.target);
  CHECK_THAT(nothing.problems, ContainsText("needs 'url'"));
  CHECK_THAT(nothing.problems, ContainsText("needs 'data_dir'"));

  const Made wrong = make({{"url", "http://localhost:9090?x=y"},
                           {"data_dir", "relative"},
                           {"skip_head", "maybe"},
                           {"timeout", "0s"},
                           {"skip_heads", "true"}});
  CHECK_FALSE(wrong.target);
  CHECK_THAT(wrong.problems,
             ContainsText("test.yaml:2:3: target 'metrics': 'url' must have no query"));
  CHECK_THAT(wrong.problems, ContainsText("test.yaml:3:3"));
  CHECK_THAT(wrong.problems, ContainsText("test.yaml:4:3"));
  CHECK_THAT(wrong.problems, ContainsText("'timeout' must be more than 0"));
  CHECK_THAT(wrong.problems, ContainsText("did you mean 'skip_head'?"));
  CHECK_FALSE(make({{"url", "unix:///run/prometheus"}, {"data_dir", "/x"}}).target);
}

TEST_CASE("the size of what a Prometheus has is told beforehand, or not at all") {
  const Made made = make({{"url", "http://localhost:9090"}, {"data_dir", "/nonexistent"}});
  REQUIRE(made.target);
  CHECK_FALSE(made.target->estimate({}));
}
