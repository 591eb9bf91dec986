#include "base/priority.hpp"

#include "support/catch.hpp"

using namespace snapshotter;

TEST_CASE("I-O priorities are read as ionice and systemd name them") {
  using Class = IoPriority::Class;
  CHECK(parse_io_priority("idle") == IoPriority{Class::idle, 0});
  CHECK(parse_io_priority("best-effort") == IoPriority{Class::best_effort, 4});
  CHECK(parse_io_priority("best-effort:0") == IoPriority{Class::best_effort, 0});
  CHECK(parse_io_priority("best-effort:7") == IoPriority{Class::best_effort, 7});
}

TEST_CASE("nothing else is an I-O priority") {
  for (const auto* text : {"", "Idle", "idle:0", "idle ", "realtime", "realtime:0", "best_effort",
                           "best-effort:", "best-effort:8", "best-effort:-1", "best-effort:07",
                           "best-effort 7", "7"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_io_priority(text));
  }
}

TEST_CASE("an I-O priority prints as what is read") {
  CHECK(to_string(IoPriority{}) == "best-effort:4");
  for (const auto* text : {"idle", "best-effort:0", "best-effort:7"}) {
    CHECK(to_string(*parse_io_priority(text)) == text);
  }
}
