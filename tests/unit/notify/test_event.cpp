#include "notify/event.hpp"
#include "support/catch.hpp"

using namespace snapshotter;

TEST_CASE("every event that can be listed has a name that is understood") {
  for (const auto& name : notify::event_names()) {
    const auto kind = notify::parse_event(name);
    REQUIRE(kind);
    CHECK(notify::name(*kind) == name);
    CHECK(*kind != notify::EventKind::test);
  }
  CHECK_FALSE(notify::parse_event("exploded"));
}
