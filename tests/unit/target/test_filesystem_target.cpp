#include "async/loop.hpp"
#include "base/error.hpp"
#include "base/settings.hpp"
#include "platform/clock.hpp"
#include "support/catch.hpp"
#include "support/fake/fake_memory.hpp"
#include "target/filesystem/filesystem_target.hpp"
#include "target/filesystem/hard_links.hpp"
#include "target/filesystem/size_estimate.hpp"
#include "target/owner_names.hpp"
#include "unit/target/tree.hpp"

#include <boost/json.hpp>

using namespace snapshotter;
using namespace snapshotter::test;
using settings::Node;

namespace {

Node scalar(const std::string& text, int line = 1) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.where = {"test.yaml", line, 1};
  node.scalar = text;
  return node;
}

Node list(const std::vector<std::string>& items) {
  Node node;
  node.kind = Node::Kind::sequence;
  node.where = {"test.yaml", 1, 1};
  int line = 10;
  for (const std::string& item : items) node.items.push_back(scalar(item, line++));
  return node;
}

struct Made {
  std::shared_ptr<target::BackupTarget> target;
  std::string problems;
};

Made make(const std::vector<std::pair<std::string, Node>>& members) {
  Node node;
  node.kind = Node::Kind::mapping;
  node.where = {"test.yaml", 1, 1};
  for (const auto& [key, value] : members) node.members.push_back({key, node.where, value});
  settings::Problems problems;
  settings::Section section(node, "target 'files'", problems);
  Made made;
  const auto registry = target::built_in_targets();
  const auto* const from = registry.find("filesystem");
  REQUIRE(from != nullptr);
  made.target = (*from)("files", section);
  section.finish();
  made.problems = problems.to_string();
  return made;
}

Task<int> back_up(target::BackupTarget& target, target::Context& context, target::Report& report) {
  report = co_await target.backup(context);
  co_return 0;
}

}  // namespace

TEST_CASE("a filesystem target is made of its settings") {
  const Made made = make({{"paths", list({"/etc/", "/opt//app"})},
                          {"exclude", list({"*.tmp", "/opt/app/cache/**"})},
                          {"one_file_system", scalar("true")}});
  CHECK(made.problems == "");
  REQUIRE(made.target);
  CHECK(made.target->type() == "filesystem");
  CHECK(made.target->describe() == "files of /etc, /opt/app");
}

TEST_CASE("paths must be there, absolute and at least one") {
  CHECK_THAT(make({}).problems, ContainsText("target 'files' needs 'paths'"));
  CHECK_FALSE(make({}).target);
  CHECK_THAT(make({{"paths", list({})}}).problems, ContainsText("'paths' must name at least one"));
  CHECK_THAT(make({{"paths", list({"etc"})}}).problems, ContainsText("test.yaml:10:1"));
  CHECK_THAT(make({{"paths", list({"/etc/../root"})}}).problems, ContainsText("without '..'"));
}

TEST_CASE("each wrong pattern is reported at its place, all in one go") {
  const Made made =
      make({{"paths", scalar("/etc")}, {"exclude", list({"*.tmp", "a[b", "", "x/../y"})}});
  CHECK_FALSE(made.target);
  CHECK_THAT(made.problems, ContainsText("test.yaml:11:1: target 'files': pattern 'a[b' of "
                                         "'exclude' has a '[' without its ']'"));
  CHECK_THAT(made.problems, ContainsText("test.yaml:12:1: target 'files': pattern '' of "
                                         "'exclude' is empty"));
  CHECK_THAT(made.problems, ContainsText("test.yaml:13:1"));
  CHECK_THAT(make({{"paths", scalar("/etc")}, {"exclude", scalar("[")}}).problems,
             ContainsText("without its ']'"));
}

TEST_CASE("a misspelt key and a wrong type are reported") {
  CHECK_THAT(make({{"paths", scalar("/etc")}, {"excludes", list({})}}).problems,
             ContainsText("did you mean 'exclude'?"));
  CHECK_THAT(make({{"paths", scalar("/etc")}, {"one_file_system", scalar("maybe")}}).problems,
             ContainsText("must be true or false"));
}

TEST_CASE("wrong patterns are refused without a configuration, too") {
  CHECK_THROWS_AS(target::make_filesystem_target("files", {{"/etc"}, {"["}}), ConfigError);
}

TEST_CASE("the report tells what was saved") {
  const Tree tree;
  tree.file("top/folder/file", "12345");
  std::filesystem::create_hard_link(tree.at("top/folder/file"), tree.at("top/second"));
  std::filesystem::create_symlink("file", tree.at("top/link"));
  tree.file("odd\xff/file", "1");
  const auto target = target::make_filesystem_target(
      "files", {.paths = {tree.at("top"), tree.at("odd\xff")}, .exclude = {"*.tmp"}});
  CHECK_THAT(target->describe(), ContainsText("odd\\xff"));

  async::Loop loop;
  async::WorkerPool pool("test", 1);
  MemoryArchive archive;
  target::Progress progress;
  const auto clock = platform::system_clock(loop.executor());
  const auto random = platform::seeded_random(1);
  FakeMemory memory;
  target::Context context{
      {loop.executor(), pool, *clock, *random, memory}, archive.writer(), progress};
  target::Report report;
  loop.run(back_up(*target, context, report));
  const auto source = boost::json::parse(report.source).as_object();
  CHECK(source.at("files").to_number<int>() == 2);
  CHECK(source.at("directories").to_number<int>() == 3);
  CHECK(source.at("symlinks").to_number<int>() == 1);
  CHECK(source.at("hard_links").to_number<int>() == 1);
  CHECK(source.at("other").to_number<int>() == 0);
  CHECK(source.at("paths").as_array().size() == 2);
  CHECK(progress.entries == 7);
  CHECK(progress.bytes_read == 6);
}

TEST_CASE("an estimate counts data once and holes not at all") {
  const Tree tree;
  tree.file("top/file", noise(100'000));
  tree.file("top/left.tmp", noise(50'000));
  std::filesystem::create_hard_link(tree.at("top/file"), tree.at("top/again"));
  std::filesystem::resize_file(tree.file("top/hole", ""), 1 << 30);
  const auto target =
      target::make_filesystem_target("files", {.paths = {tree.at("top")}, .exclude = {"*.tmp"}});
  CHECK(target->estimate({}) == 100'000);
}

TEST_CASE("an estimate that takes too long, is stopped or fails is none") {
  const Tree tree;
  for (int i = 0; i < 20; ++i) tree.file("top/" + std::to_string(i));
  const std::vector<std::string> paths{tree.at("top")};
  int asked = 0;
  const auto soon = [&] { return ++asked == 10; };
  CHECK_FALSE(target::estimate_size(paths, {}, {}, soon, {}));
  CHECK(asked == 10);
  const auto never = [] { return false; };
  CHECK(target::estimate_size(paths, {}, {}, never, {}) == 20 * 7);
  std::stop_source stop;
  stop.request_stop();
  CHECK_FALSE(target::estimate_size(paths, {}, {}, never, stop.get_token()));
  CHECK_FALSE(target::estimate_size(std::vector<std::string>{tree.at("no")}, {}, {}, never, {}));
}

TEST_CASE("a report keeps the first warnings and counts them all") {
  using Kind = target::Warning::Kind;
  target::Report report;
  for (int i = 0; i < 1500; ++i) report.add({Kind::missing, "/" + std::to_string(i), "gone"});
  report.add({Kind::changed, "/c", "grew"});
  report.add({Kind::note, "/n", "socket"});
  CHECK(report.warnings.size() == target::Report::kMaxWarnings);
  CHECK(report.warnings.front().path == "/0");
  CHECK(report.warnings.back().path == "/999");
  CHECK(report.missing == 1500);
  CHECK(report.changed == 1);
  CHECK(report.notes == 1);
}

TEST_CASE("hard links are remembered until all of them were seen") {
  target::HardLinks links;
  target::Status status{};
  status.stx_ino = 7;
  status.stx_nlink = 3;
  CHECK_FALSE(links.find(status));
  links.saved(status, "first");
  CHECK(links.size() == 1);
  CHECK(links.find(status) == "first");
  status.stx_dev_minor = 1;
  CHECK_FALSE(links.find(status));
  status.stx_dev_minor = 0;
  CHECK(links.find(status) == "first");
  CHECK(links.size() == 0);
  status.stx_nlink = 1;
  links.saved(status, "alone");
  CHECK(links.size() == 0);
}

TEST_CASE("owners have names where the system knows one") {
  target::OwnerNames names;
  CHECK(names.user(0) == "root");
  CHECK(names.group(0) == "root");
  CHECK(names.user(0) == "root");
  CHECK(names.user(4'000'000'000) == "");
  CHECK(names.group(4'000'000'000) == "");
}
