#include "base/settings.hpp"

#include "node_builder.hpp"
#include "support/catch.hpp"

namespace snapshotter::settings {
namespace {

TEST_CASE("a place prints as far as it is known") {
  CHECK(to_string(Location{"a.yaml", 3, 7}) == "a.yaml:3:7");
  CHECK(to_string(Location{"a.yaml", 3, 0}) == "a.yaml:3");
  CHECK(to_string(Location{"a.yaml", 0, 0}) == "a.yaml");
  CHECK(to_string(Location{"a.yaml", 0, 7}) == "a.yaml");
}

TEST_CASE("problems come in the order of the files") {
  Problems problems;
  CHECK(problems.empty());
  CHECK(problems.to_string().empty());
  problems.add({"b.yaml", 1, 1}, "five");
  problems.add({"a.yaml", 10, 1}, "three");
  problems.add({"a.yaml", 9, 5}, "two");
  problems.add({"a.yaml", 9, 1}, "one");
  problems.add({"a.yaml", 10, 1}, "four");
  CHECK_FALSE(problems.empty());
  CHECK(problems.to_string() ==
        "a.yaml:9:1: one\na.yaml:9:5: two\na.yaml:10:1: three\na.yaml:10:1: four\nb.yaml:1:1: "
        "five\n");
  CHECK(problems.sorted().front().message == "one");
}

TEST_CASE("a literal secret is noted without being a problem") {
  Problems problems;
  problems.note_literal_secret({"a.yaml", 4, 2});
  CHECK(problems.empty());
  REQUIRE(problems.literal_secrets().size() == 1);
  CHECK(problems.literal_secrets()[0].line == 4);
}

TEST_CASE("a node finds its members by key") {
  const Node node = mapping({{"a", plain("1")}, {"b", plain("2")}, {"a", plain("3")}});
  REQUIRE(node.find("b") != nullptr);
  CHECK(node.find("b")->scalar == "2");
  CHECK(node.find("a")->scalar == "1");
  CHECK(node.find("c") == nullptr);
  CHECK(plain("a").find("a") == nullptr);
}

TEST_CASE("kinds of nodes have names that people use") {
  CHECK(describe(Node::Kind::null) == "nothing");
  CHECK(describe(Node::Kind::scalar) == "a single value");
  CHECK(describe(Node::Kind::sequence) == "a list");
  CHECK(describe(Node::Kind::mapping) == "a mapping");
}

}  // namespace
}  // namespace snapshotter::settings
