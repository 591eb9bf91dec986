#include "support/catch.hpp"
#include "target/command/command_target.hpp"
#include "unit/base/node_builder.hpp"

using namespace snapshotter;
using namespace snapshotter::settings;

namespace {

struct Reading {
  explicit Reading(const Node& node) {
    Section section(node, "target 'app'", problems);
    target = target::command_target_from("app", section);
    section.finish();
  }
  Problems problems;
  std::shared_ptr<target::BackupTarget> target;
};

std::string problems(std::initializer_list<std::pair<std::string, Node>> members) {
  const Node node = mapping(members);
  const Reading reading(node);
  if (reading.problems.empty()) CHECK(reading.target);
  return reading.problems.to_string();
}

const Node kDump = list({plain("dump"), plain("--all")});

}  // namespace

TEST_CASE("a command needs no more than a program") {
  CHECK(problems({{"argv", kDump}}).empty());
  CHECK(problems({{"argv", plain("dump")}}).empty());
  CHECK_THAT(problems({}), test::ContainsText("target 'app' needs 'argv'"));
  CHECK_THAT(problems({{"argv", list({})}}), test::ContainsText("must name a program"));
  CHECK_THAT(problems({{"argv", list({quoted("")})}}),
             test::ContainsText("must begin with the name of a program"));
  CHECK_THAT(problems({{"argv", kDump}, {"enviroment", mapping({})}}),
             test::ContainsText("did you mean 'environment'?"));
}

TEST_CASE("every key of a command is read") {
  const Node node = mapping({{"argv", kDump},
                             {"environment", mapping({{"PASSWORD", interpolated("hunter2")}})},
                             {"name", plain("sub/app.sql")},
                             {"directory", plain("/srv/app")},
                             {"trailer", quoted("-- Dump completed")},
                             {"allow_empty", plain("true")},
                             {"success_codes", list({plain("0"), plain("3")})},
                             {"messages", plain("ignore")}});
  const Reading reading(node);
  CHECK(reading.problems.to_string().empty());
  REQUIRE(reading.target);
  CHECK(reading.target->type() == "command");
  CHECK(reading.target->describe() == "output of dump");
  CHECK(reading.problems.literal_secrets().empty());
}

TEST_CASE("values of the environment are secrets") {
  const Node node =
      mapping({{"argv", kDump}, {"environment", mapping({{"PASSWORD", plain("hunter2", 7)}})}});
  const Reading reading(node);
  CHECK(reading.target);
  REQUIRE(reading.problems.literal_secrets().size() == 1);
  CHECK(reading.problems.literal_secrets()[0].line == 7);
  const std::string wrong = problems(
      {{"argv", kDump},
       {"environment", mapping({{"A=B", plain("hunter2", 3)}, {"", plain("hunter2", 4)}})}});
  CHECK_THAT(wrong, test::ContainsText("test.yaml:3:3: "));
  CHECK_THAT(wrong, test::ContainsText("'A=B' can't be the name of a variable"));
  CHECK_THAT(wrong, test::ContainsText("test.yaml:4:3: "));
  CHECK(wrong.find("hunter2") == std::string::npos);
  CHECK_FALSE(problems({{"argv", kDump}, {"environment", list({plain("A=b")})}}).empty());
  CHECK_FALSE(problems({{"argv", kDump}, {"environment", mapping({{"A", list({})}})}}).empty());
}

TEST_CASE("a name in the archive leads nowhere else") {
  for (const char* name : {"a", "a/b.sql", "..a", "a b", ".hidden"}) {
    INFO(name);
    CHECK(problems({{"argv", kDump}, {"name", quoted(name)}}).empty());
  }
  const std::string too_long(256, 'x');
  for (const char* name :
       {"", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "./a", too_long.c_str()}) {
    INFO(name);
    CHECK_THAT(problems({{"argv", kDump}, {"name", quoted(name)}}),
               test::ContainsText("'name' must be a relative path"));
  }
}

TEST_CASE("exit codes and choices are checked") {
  CHECK(problems({{"argv", kDump}, {"success_codes", plain("3")}}).empty());
  for (const char* code : {"256", "-1", "0x1", "1.5", "one", ""}) {
    INFO(code);
    CHECK_THAT(problems({{"argv", kDump}, {"success_codes", list({plain("0"), plain(code)})}}),
               test::ContainsText("'success_codes' must hold exit codes"));
  }
  CHECK_THAT(problems({{"argv", kDump}, {"success_codes", list({})}}),
             test::ContainsText("at least one"));
  CHECK_THAT(problems({{"argv", kDump}, {"messages", plain("warning")}}),
             test::ContainsText("messages"));
  CHECK_FALSE(problems({{"argv", kDump}, {"directory", plain("here")}}).empty());
}
