#include "base/error.hpp"
#include "base/units.hpp"
#include "store/store.hpp"
#include "support/catch.hpp"
#include "support/fake/memory_files.hpp"

namespace snapshotter::store {

using test::ContainsText;
namespace {

using settings::Node;

Node scalar(const std::string& text) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.scalar = text;
  return node;
}

Node mapping(const std::map<std::string, std::string>& members) {
  Node node;
  node.kind = Node::Kind::mapping;
  for (const auto& [key, value] : members) node.members.push_back({key, {}, scalar(value)});
  return node;
}

struct Made {
  std::shared_ptr<Store> store;
  std::string problems;
};

Made make(platform::Files& files, const std::map<std::string, std::string>& members) {
  const Node node = mapping(members);
  settings::Problems problems;
  settings::Section section(node, "store 'local'", problems);
  const StoreRegistry registry = built_in_stores(files);
  const auto* factory = registry.find("directory");
  REQUIRE(factory != nullptr);
  auto store = (*factory)("local", section);
  section.finish();
  return {std::move(store), problems.to_string()};
}

}  // namespace

TEST_CASE("the directory store is made from its settings without any call") {
  test::MemoryFiles files;
  CHECK(built_in_stores(files).types() == std::vector<std::string>{"directory"});
  const auto made = make(files, {{"path", "/srv//backups/"}, {"min_free", "2MiB"}});
  CHECK(made.problems.empty());
  REQUIRE(made.store);
  CHECK(made.store->describe() == "directory /srv/backups");
  CHECK(files.calls() == 0);

  files.limit_space((1_MiB).bytes);
  CHECK_THROWS_AS(made.store->begin({"a", "b", "20261124T020000Z"}, "tar.gz"), StoreFullError);
  files.limit_space((3_MiB).bytes);
  CHECK_NOTHROW(made.store->begin({"a", "b", "20261124T020000Z"}, "tar.gz"));
}

TEST_CASE("settings of a directory store that are wrong are problems") {
  test::MemoryFiles files;
  const std::vector<std::pair<std::map<std::string, std::string>, std::string>> wrong{
      {{}, "needs 'path'"},
      {{{"path", "backups"}}, "'path' must be an absolute path"},
      {{{"path", "/srv/../etc"}}, "'path' must be an absolute path"},
      {{{"path", "/"}}, "'path' must be a folder of its own"},
      {{{"path", "/srv"}, {"min_free", "much"}}, "'min_free' must be a size"},
      {{{"path", "/srv"}, {"min_fre", "1GiB"}}, "unknown key 'min_fre', did you mean 'min_free'?"},
  };
  for (const auto& [members, expected] : wrong) {
    CHECK_THAT(make(files, members).problems, ContainsText(expected));
  }
  CHECK(files.calls() == 0);
}

}  // namespace snapshotter::store
