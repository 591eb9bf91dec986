#include "base/error.hpp"
#include "contract/target/memory_archive.hpp"
#include "contract/target/target_contract.hpp"
#include "support/catch.hpp"
#include "support/fake/fake_target.hpp"
#include "support/temp_dir.hpp"
#include "target/filesystem/filesystem_target.hpp"

using namespace snapshotter;
using namespace snapshotter::test;

namespace {

// A source on disk, which is made, taken away and brought back.
TargetUnderTest filesystem_target() {
  const auto dir = std::make_shared<TempDir>();
  const auto tree = dir->path() / "tree";
  const auto away = dir->path() / "away";
  TargetUnderTest under_test;
  under_test.target = target::make_filesystem_target("files", {.paths = {tree.string()}});
  for (unsigned i = 0; i < 6; ++i) {
    const auto path = tree / ("folder" + std::to_string(i % 2)) / ("file" + std::to_string(i));
    under_test.expected.emplace(path.string().substr(1), noise(1024 * 1024, i + 1));
  }
  under_test.create_source = [dir, expected = under_test.expected] {
    for (const auto& [path, content] : expected) {
      const auto file = "/" / std::filesystem::path(path);
      std::filesystem::create_directories(file.parent_path());
      write_file(file, content);
    }
  };
  under_test.break_source = [=] { std::filesystem::rename(tree, away); };
  under_test.mend_source = [=] { std::filesystem::rename(away, tree); };
  return under_test;
}

TargetUnderTest fake_target() {
  FakeScript script = FakeScript::of_files(6, noise(1024 * 1024));
  script.warnings = {{target::Warning::Kind::changed, "/fake/1", "grew"},
                     {target::Warning::Kind::note, "/fake/socket", "left out"}};
  const auto fake = std::make_shared<FakeTarget>(script);
  TargetUnderTest under_test;
  under_test.target = fake;
  under_test.expected = {script.files.begin(), script.files.end()};
  under_test.create_source = [] {};
  under_test.break_source = [fake] {
    fake->script.failures[fake->attempts() + 1] = FakeScript::failure(true);
  };
  under_test.mend_source = [] {};
  return under_test;
}

}  // namespace

TEST_CASE("the filesystem target keeps the contract") { target_contract(filesystem_target); }
TEST_CASE("the fake target keeps the contract") { target_contract(fake_target); }
