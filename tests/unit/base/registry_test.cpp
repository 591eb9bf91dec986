#include "base/registry.hpp"

#include "node_builder.hpp"
#include "support/catch.hpp"

namespace snapshotter {
namespace {

struct Thing {
  std::string name;
  std::string path;
};

std::shared_ptr<Thing> make_thing(const std::string& name, settings::Section& section) {
  return std::make_shared<Thing>(Thing{name, section.required_text("path")});
}

TEST_CASE("a registry makes products of the types it was told of") {
  Registry<Thing> registry;
  registry.add("directory", make_thing);
  registry.add("other", [](const std::string&, settings::Section&) { return nullptr; });
  CHECK(registry.types() == std::vector<std::string>{"directory", "other"});
  CHECK(registry.find("s3") == nullptr);
  CHECK(registry.find("") == nullptr);

  const auto node = settings::mapping({{"path", settings::plain("/srv")}});
  settings::Problems problems;
  settings::Section section(node, "store 'local'", problems);
  const auto* make = registry.find("directory");
  REQUIRE(make != nullptr);
  const auto thing = (*make)("local", section);
  REQUIRE(thing);
  CHECK(thing->name == "local");
  CHECK(thing->path == "/srv");
}

}  // namespace
}  // namespace snapshotter
