#include "base/error.hpp"
#include "platform/unique_fd.hpp"
#include "support/catch.hpp"
#include "target/filesystem/tree_walker.hpp"
#include "unit/target/tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <ranges>
#include <thread>

using namespace snapshotter;
using namespace snapshotter::test;
using target::Warning;

namespace {

// Writes down the order of what it is shown; folders end in a '/'.
struct Recorder : target::TreeVisitor {
  void directory(const target::Found& found) override { note(found, "/"); }
  void other(const target::Found& found) override { note(found, ""); }
  void warn(Warning warning) override { warnings.push_back(std::move(warning)); }
  void note(const target::Found& found, const char* end) {
    seen.push_back(std::string(found.path) + end);
    if (on_found) on_found(found);
  }

  std::vector<std::string> seen;
  std::vector<Warning> warnings;
  std::function<void(const target::Found&)> on_found;
};

void walk(Recorder& recorder, const std::vector<std::string>& paths,
          const std::vector<std::string>& exclude = {}, target::WalkOptions options = {},
          std::stop_token stop = {}) {
  target::walk_trees(paths, target::Excludes(exclude, paths), options, recorder, std::move(stop));
}

std::vector<std::string> sorted(std::vector<std::string> words) {
  std::sort(words.begin(), words.end());
  return words;
}

std::size_t open_handles() {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& handle : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

// A chain of folders, made without a path longer than the kernel takes.
void make_chain(const std::string& folder, const std::string& name, int levels) {
  platform::UniqueFd handle(::open(folder.c_str(), O_RDONLY | O_DIRECTORY));
  for (int i = 0; i < levels; ++i) {
    REQUIRE(::mkdirat(handle.get(), name.c_str(), 0755) == 0);
    handle.reset(::openat(handle.get(), name.c_str(), O_RDONLY | O_DIRECTORY));
    REQUIRE(handle);
  }
  const platform::UniqueFd file(
      ::openat(handle.get(), "bottom", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
  REQUIRE(::write(file.get(), "deep", 4) == 4);
}

// std::filesystem holds a handle for each level.
void remove_tree(const std::string& folder) {
  REQUIRE(std::system(("rm -rf '" + folder + "'").c_str()) == 0);
}

}  // namespace

TEST_CASE("a folder is seen before what is in it, files before folders") {
  const Tree tree;
  tree.file("a/b/c/file");
  tree.file("a/b/file");
  tree.file("a/z");
  Recorder recorder;
  walk(recorder, {tree.at("a")});
  CHECK(recorder.seen == std::vector<std::string>{tree.at("a/"), tree.at("a/z"), tree.at("a/b/"),
                                                  tree.at("a/b/file"), tree.at("a/b/c/"),
                                                  tree.at("a/b/c/file")});
  CHECK(recorder.warnings.empty());
}

TEST_CASE("files and folders come sorted by name") {
  const Tree tree;
  for (const char* name :
       {"f10", "b/x", "F", "f1", "\xc3\xa4", "a b", "f2", "B/x", "ab/x", "a/x"}) {
    tree.file(std::string("top/") + name);
  }
  Recorder recorder;
  walk(recorder, {tree.at("top")});
  std::vector<std::string> expected;
  for (const char* name : {"", "F", "a b", "f1", "f10", "f2", "\xc3\xa4", "B/", "B/x", "a/", "a/x",
                           "ab/", "ab/x", "b/", "b/x"}) {
    expected.push_back(tree.at(std::string("top/") + name));
  }
  CHECK(recorder.seen == expected);
}

// Names that need more than one batch: nothing is lost or doubled where one ends.
TEST_CASE("a folder whose names are many is sorted piece by piece") {
  const Tree tree;
  std::vector<std::string> expected;
  for (int i = 0; i < 6000; ++i) {
    expected.push_back(tree.file("many/" + std::to_string(100000 + i) + std::string(240, 'n')));
  }
  Recorder recorder;
  walk(recorder, {tree.at("many")});
  REQUIRE(recorder.seen.size() == 6001);
  recorder.seen.erase(recorder.seen.begin());
  const auto falls =
      std::ranges::count_if(std::views::iota(std::size_t{1}, recorder.seen.size()),
                            [&](std::size_t i) { return recorder.seen[i] < recorder.seen[i - 1]; });
  CHECK(falls <= 1);
  CHECK(sorted(recorder.seen) == expected);
}

TEST_CASE("a folder of many files is read to its end") {
  const Tree tree;
  std::vector<std::string> expected{tree.folder("many") + "/"};
  for (int i = 0; i < 3000; ++i) {
    expected.push_back(tree.file("many/" + std::string(40, 'n') + std::to_string(i), ""));
  }
  Recorder recorder;
  walk(recorder, {tree.at("many")});
  CHECK(sorted(recorder.seen) == sorted(expected));
}

TEST_CASE("a configured path may be a file") {
  const Tree tree;
  Recorder recorder;
  walk(recorder, {tree.file("single")});
  CHECK(recorder.seen == std::vector<std::string>{tree.at("single")});
}

TEST_CASE("a configured path that is a symlink is saved as one, with a warning") {
  const Tree tree;
  tree.file("real/inside");
  std::filesystem::create_symlink("real", tree.at("link"));
  Recorder recorder;
  walk(recorder, {tree.at("link")});
  CHECK(recorder.seen == std::vector<std::string>{tree.at("link")});
  REQUIRE(recorder.warnings.size() == 1);
  CHECK(recorder.warnings[0].kind == Warning::Kind::missing);
  CHECK_THAT(recorder.warnings[0].what, ContainsText("is a symlink"));
}

TEST_CASE("a configured path may lead through symlinks") {
  const Tree tree;
  tree.file("real/inside/file");
  std::filesystem::create_symlink("real", tree.at("link"));
  Recorder recorder;
  walk(recorder, {tree.at("link/inside")});
  CHECK(recorder.seen ==
        std::vector<std::string>{tree.at("link/inside/"), tree.at("link/inside/file")});
}

TEST_CASE("paths that are there twice, or in each other, are saved once") {
  const Tree tree;
  tree.file("a/b/file");
  tree.file("a/other");
  tree.file("a-sibling/file");
  Recorder recorder;
  walk(recorder,
       {tree.at("a/b"), tree.at("a"), tree.at("a-sibling"), tree.at("a"), tree.at("a/b/file")});
  CHECK(sorted(recorder.seen) ==
        sorted({tree.at("a/"), tree.at("a/other"), tree.at("a/b/"), tree.at("a/b/file"),
                tree.at("a-sibling/"), tree.at("a-sibling/file")}));
}

TEST_CASE("a configured path inside an excluded folder is saved all the same") {
  const Tree tree;
  tree.file("a/cache/keep/file");
  tree.file("a/cache/drop");
  Recorder recorder;
  walk(recorder, {tree.at("a"), tree.at("a/cache/keep")}, {"cache"});
  CHECK(recorder.seen == std::vector<std::string>{tree.at("a/"), tree.at("a/cache/keep/"),
                                                  tree.at("a/cache/keep/file")});
}

TEST_CASE("what is excluded is neither seen nor entered") {
  const Tree tree;
  tree.file("a/x.tmp");
  tree.file("a/x.txt");
  tree.file("a/cache/deep/file");
  tree.file("a/build", "a file, no folder");
  tree.file("a/b/build/file");
  Recorder recorder;
  walk(recorder, {tree.at("a")}, {"*.tmp", "cache/**", "build/"});
  CHECK(sorted(recorder.seen) == sorted({tree.at("a/"), tree.at("a/x.txt"), tree.at("a/cache/"),
                                         tree.at("a/build"), tree.at("a/b/")}));
}

TEST_CASE("a configured path that does not exist fails before anything is read") {
  const Tree tree;
  tree.file("a/file");
  Recorder recorder;
  try {
    walk(recorder, {tree.at("a"), tree.at("gone"), tree.at("a/file/below")});
    FAIL("must throw");
  } catch (const FilesystemBackupError& error) {
    CHECK(error.subject() == tree.at("a/file/below") + ", " + tree.at("gone"));
    CHECK_THAT(error.why(), ContainsText("No such file"));
    CHECK_THAT(error.advice(), ContainsText("mount"));
    CHECK_FALSE(error.retryable());
  }
  CHECK(recorder.seen.empty());
}

TEST_CASE("a configured path that is empty is warned of") {
  const Tree tree;
  tree.folder("empty/and/below");
  Recorder recorder;
  walk(recorder, {tree.at("empty")});
  CHECK(recorder.warnings.empty());
  walk(recorder, {tree.at("empty/and/below")});
  REQUIRE(recorder.warnings.size() == 1);
  CHECK(recorder.warnings[0].kind == Warning::Kind::missing);
  CHECK_THAT(recorder.warnings[0].what, ContainsText("mounted"));
}

TEST_CASE("a tree of a thousand levels has paths longer than the kernel takes") {
  const Tree tree;
  const std::string name = "level-name";
  const std::string top = tree.folder("deep");
  make_chain(top, name, 1000);
  const std::size_t handles = open_handles();
  std::size_t most = 0;
  std::string content(8, '\0');
  Recorder recorder;
  recorder.on_found = [&](const target::Found& found) {
    most = std::max(most, open_handles());
    if (std::string_view(found.name) != "bottom") return;
    const platform::UniqueFd file(::openat(found.parent, found.name, O_RDONLY));
    content.resize(static_cast<std::size_t>(::read(file.get(), content.data(), content.size())));
  };
  walk(recorder, {top}, {}, {.open_folders = 16});
  CHECK(recorder.seen.size() == 1002);
  CHECK(recorder.seen.back().size() > 11000);
  CHECK(content == "deep");
  CHECK(recorder.warnings.empty());
  CHECK(most <= handles + 16 + 2);
  remove_tree(top);
}

TEST_CASE("folders that were closed on the way down are opened again on the way up") {
  const Tree tree;
  std::vector<std::string> expected{tree.folder("wide") + "/"};
  std::string folder = "wide";
  for (int level = 0; level < 12; ++level) {
    for (const char* const side : {"a", "m", "z"}) {
      expected.push_back(tree.folder(folder + "/" + side) + "/");
      expected.push_back(tree.file(folder + "/" + side + "/file"));
    }
    folder += "/m";
  }
  for (const std::size_t handles : {2U, 3U, 5U, 64U}) {
    INFO(handles << " handles");
    Recorder recorder;
    walk(recorder, {tree.at("wide")}, {}, {.open_folders = handles});
    CHECK(sorted(recorder.seen) == sorted(expected));
    CHECK(recorder.warnings.empty());
  }
}

TEST_CASE("a folder that is moved away while the walk is far below it is reported") {
  const Tree tree;
  for (int i = 0; i < 8; ++i) tree.file("top/a/b/" + std::to_string(i) + "/c/d/file");
  tree.folder("top/y");
  tree.folder("top/z");
  std::size_t files = 0;
  Recorder recorder;
  recorder.on_found = [&](const target::Found& found) {
    if (std::string_view(found.name) != "file" || ++files > 1) return;
    std::filesystem::rename(tree.at("top/a"), tree.at("elsewhere"));
    tree.folder("top/a/b/stranger");
  };
  walk(recorder, {tree.at("top")}, {}, {.open_folders = 2});
  CHECK(files == 1);
  REQUIRE(recorder.warnings.size() == 1);
  CHECK(recorder.warnings[0].kind == Warning::Kind::missing);
  CHECK(recorder.warnings[0].path == tree.at("top/a/b"));
  CHECK_THAT(recorder.warnings[0].what, ContainsText("was moved"));
  CHECK(std::count(recorder.seen.begin(), recorder.seen.end(), tree.at("top/y/")) == 1);
  CHECK(std::count(recorder.seen.begin(), recorder.seen.end(), tree.at("top/z/")) == 1);
  CHECK(std::count(recorder.seen.begin(), recorder.seen.end(), tree.at("top/a/b/stranger/")) == 0);
}

TEST_CASE("a symlink that takes the place of a folder is not followed") {
  const Tree tree;
  tree.file("top/first");
  tree.file("top/folder/file");
  tree.file("outside/secret");
  Recorder recorder;
  recorder.on_found = [&](const target::Found& found) {
    if (std::string_view(found.name) != "first") return;
    std::filesystem::remove_all(tree.at("top/folder"));
    std::filesystem::create_symlink(tree.at("outside"), tree.at("top/folder"));
  };
  walk(recorder, {tree.at("top")});
  CHECK(recorder.seen ==
        std::vector<std::string>{tree.at("top/"), tree.at("top/first"), tree.at("top/folder")});
}

TEST_CASE("a folder and a symlink that change places all the time never lead outside") {
  const Tree tree;
  tree.file("top/folder/inside");
  tree.file("outside/secret");
  std::filesystem::create_symlink(tree.at("outside"), tree.at("top/link"));
  const std::jthread exchanges([&](const std::stop_token& stop) {
    const std::string folder = tree.at("top/folder"), link = tree.at("top/link");
    while (!stop.stop_requested()) {
      ::renameat2(AT_FDCWD, folder.c_str(), AT_FDCWD, link.c_str(), RENAME_EXCHANGE);
    }
  });
  std::size_t secrets = 0;
  for (int i = 0; i < 20000; ++i) {
    Recorder recorder;
    recorder.on_found = [&](const target::Found& found) {
      if (std::string_view(found.name) == "secret") ++secrets;
    };
    walk(recorder, {tree.at("top")});
  }
  CHECK(secrets == 0);
}

TEST_CASE("a folder that vanishes before it is entered is reported") {
  const Tree tree;
  tree.file("top/first");
  tree.folder("top/folder");
  Recorder recorder;
  recorder.on_found = [&](const target::Found& found) {
    if (std::string_view(found.name) == "first") std::filesystem::remove(tree.at("top/folder"));
  };
  walk(recorder, {tree.at("top")});
  REQUIRE(recorder.warnings.size() == 1);
  CHECK(recorder.warnings[0].kind == Warning::Kind::changed);
  CHECK(recorder.warnings[0].path == tree.at("top/folder"));
  CHECK_THAT(recorder.warnings[0].what, ContainsText("vanished"));
}

TEST_CASE("a folder that can't be read is kept, reported, and does not end the walk") {
  const Tree tree;
  tree.file("top/closed/file");
  tree.file("top/open/file");
  ::chmod(tree.at("top/closed").c_str(), 0700);
  Recorder recorder;
  {
    const AsNobody nobody;
    walk(recorder, {tree.at("top")});
  }
  CHECK(sorted(recorder.seen) == sorted({tree.at("top/"), tree.at("top/closed/"),
                                         tree.at("top/open/"), tree.at("top/open/file")}));
  REQUIRE(recorder.warnings.size() == 1);
  CHECK(recorder.warnings[0].kind == Warning::Kind::missing);
  CHECK(recorder.warnings[0].path == tree.at("top/closed"));
  CHECK_THAT(recorder.warnings[0].what, ContainsText("Permission denied"));
}

TEST_CASE("a backup of which no path can be read fails") {
  const Tree tree;
  tree.file("closed/below/file");
  tree.file("open/file");
  ::chmod(tree.at("closed").c_str(), 0700);
  Recorder recorder;
  const AsNobody nobody;
  CHECK_THROWS_AS(walk(recorder, {tree.at("closed")}), FilesystemBackupError);
  CHECK_THROWS_AS(walk(recorder, {tree.at("closed/below")}), FilesystemBackupError);
  CHECK_NOTHROW(walk(recorder, {tree.at("closed"), tree.at("open")}));
}

TEST_CASE("another file system is entered, or with one_file_system kept as an empty folder") {
  const Tree tree;
  tree.folder("top/mounted");
  const Mount mount(tree.at("top/mounted"), "tmpfs");
  tree.file("top/mounted/inside");

  Recorder all;
  walk(all, {tree.at("top")});
  CHECK(all.seen == std::vector<std::string>{tree.at("top/"), tree.at("top/mounted/"),
                                             tree.at("top/mounted/inside")});
  CHECK(all.warnings.empty());

  Recorder one;
  walk(one, {tree.at("top")}, {}, {.one_file_system = true});
  CHECK(one.seen == std::vector<std::string>{tree.at("top/"), tree.at("top/mounted/")});
  REQUIRE(one.warnings.size() == 1);
  CHECK(one.warnings[0].kind == Warning::Kind::note);
  CHECK_THAT(one.warnings[0].what, ContainsText("another file system"));

  Recorder named;
  walk(named, {tree.at("top"), tree.at("top/mounted")}, {}, {.one_file_system = true});
  CHECK(sorted(named.seen) == sorted(all.seen));
}

TEST_CASE("kernel file systems are left out, and refused as a configured path") {
  const Tree tree;
  tree.folder("top/proc");
  const Mount mount(tree.at("top/proc"), "proc");
  Recorder recorder;
  walk(recorder, {tree.at("top")});
  CHECK(recorder.seen == std::vector<std::string>{tree.at("top/"), tree.at("top/proc/")});
  REQUIRE(recorder.warnings.size() == 1);
  CHECK(recorder.warnings[0].kind == Warning::Kind::note);
  CHECK_THAT(recorder.warnings[0].what, ContainsText("kernel file system (proc)"));
  CHECK_THROWS_AS(walk(recorder, {"/proc/self"}), FilesystemBackupError);
  CHECK_THROWS_AS(walk(recorder, {"/proc/version"}), FilesystemBackupError);
}

TEST_CASE("the root folder can be walked") {
  Recorder recorder;
  std::stop_source stop;
  recorder.on_found = [&](const target::Found&) {
    if (recorder.seen.size() == 50) stop.request_stop();
  };
  CHECK_THROWS_AS(walk(recorder, {"/"}, {}, {}, stop.get_token()), CancelledError);
  CHECK(recorder.seen.front() == "//");
  for (std::size_t i = 1; i < recorder.seen.size(); ++i) {
    INFO(recorder.seen[i]);
    CHECK(recorder.seen[i][0] == '/');
    CHECK(recorder.seen[i].find("//") == std::string::npos);
  }
}

TEST_CASE("a walk ends at the first thing after it was stopped") {
  const Tree tree;
  for (int i = 0; i < 10; ++i) tree.file("top/" + std::to_string(i));
  std::stop_source stop;
  Recorder recorder;
  recorder.on_found = [&](const target::Found&) {
    if (recorder.seen.size() == 4) stop.request_stop();
  };
  CHECK_THROWS_AS(walk(recorder, {tree.at("top")}, {}, {}, stop.get_token()), CancelledError);
  CHECK(recorder.seen.size() == 4);
}
