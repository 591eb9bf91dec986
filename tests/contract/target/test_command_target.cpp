#include "contract/target/memory_archive.hpp"
#include "contract/target/target_contract.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "target/command/command_target.hpp"

using namespace snapshotter;
using namespace snapshotter::test;

namespace {

// Two programs over the same file: one that says nothing, and one that complains each time.
TargetUnderTest command_target(std::vector<std::string> argv) {
  const auto dir = std::make_shared<TempDir>();
  const auto file = dir->path() / "dump";
  const auto away = dir->path() / "away";
  argv.push_back(file.string());
  TargetUnderTest under_test;
  under_test.target = target::make_command_target(
      {.argv = argv, .environment = {{"PASSWORD", Secret("hunter2")}}, .name = "sub/dump.sql"});
  under_test.expected = {{"sub/dump.sql", noise(6 * 1024 * 1024)}};
  under_test.create_source = [dir, file, content = noise(6 * 1024 * 1024)] {
    write_file(file, content);
  };
  under_test.break_source = [=] { std::filesystem::rename(file, away); };
  under_test.mend_source = [=] { std::filesystem::rename(away, file); };
  under_test.secrets = {"hunter2"};
  return under_test;
}

}  // namespace

TEST_CASE("the command target keeps the contract") {
  target_contract([] { return command_target({"/bin/cat"}); });
}
TEST_CASE("the command target keeps the contract with a program that complains") {
  target_contract([] {
    return command_target(
        {"/bin/sh", "-c", "echo \"password is $PASSWORD\" >&2; cat \"$1\"", "sh"});
  });
}
