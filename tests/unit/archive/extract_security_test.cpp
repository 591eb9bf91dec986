// An archive from a stranger does not write outside of the folder it is restored into.
#include "archive_support.hpp"

#include <sys/stat.h>

namespace snapshotter::archive::test {
namespace {

namespace fs = std::filesystem;

// A folder to restore into, and beside it one that nobody may touch.
class Yard {
 public:
  Yard() {
    fs::create_directory(into());
    fs::create_directory(outside());
    write_file(outside() / "secret", "secret");
    fs::permissions(outside(), fs::perms{0750});
    fs::last_write_time(outside(), then());
    fs::last_write_time(outside() / "secret", then());
  }

  [[nodiscard]] fs::path into() const { return folder_.path() / "into"; }
  [[nodiscard]] fs::path outside() const { return folder_.path() / "outside"; }

  ExtractSummary restore(const std::vector<Member>& members, bool overwrite = true,
                         const ExtractProgress& progress = {}) const {
    async::WorkerPool pool("test", 1);
    const auto archived = archive_of(members);
    return extract(MemorySource(archived.bytes), {into().string(), {}, overwrite, true}, pool, {},
                   progress);
  }

  void check_untouched() const {
    CHECK(read_file(outside() / "secret") == "secret");
    CHECK(std::distance(fs::directory_iterator(outside()), fs::directory_iterator()) == 1);
    CHECK(std::distance(fs::directory_iterator(folder_.path()), fs::directory_iterator()) == 2);
    CHECK(fs::status(outside()).permissions() == fs::perms{0750});
    CHECK(fs::last_write_time(outside()) == then());
    CHECK(fs::last_write_time(outside() / "secret") == then());
    CHECK(fs::hard_link_count(outside() / "secret") == 1);
  }

 private:
  static fs::file_time_type then() {
    return fs::file_time_type(std::chrono::seconds(-100'000'000));
  }

  TempDir folder_;
};

void check_refused(const std::vector<Member>& members, const std::string& path) {
  for (const bool overwrite : {true, false}) {
    const Yard yard;
    const auto summary = yard.restore(members, overwrite);
    INFO(path);
    CHECK(std::any_of(summary.problems.begin(), summary.problems.end(),
                      [&](const auto& problem) { return problem.path == path; }));
    yard.check_untouched();
  }
}

}  // namespace

TEST_CASE("paths that lead out are refused") {
  for (const char* const path : {"../x", "../outside/x", "a/../../x", "a/../../outside/secret",
                                 "..", "a/..", "/x", "//x", "./../x", "a/./../../x"}) {
    check_refused({file(path, "evil")}, path[0] == '.' && path[1] == '/' ? path + 2 : path);
  }
  const Yard yard;
  const auto summary = yard.restore({file("/" + yard.outside().string() + "/x", "evil"),
                                     directory(yard.outside().string()), symlink("../link", "x"),
                                     file("good", "good")});
  CHECK(summary.problems.size() == 3);
  CHECK(summary.entries == 1);
  CHECK(read_file(yard.into() / "good") == "good");
  yard.check_untouched();
}

TEST_CASE("symlinks are restored but not followed") {
  for (const std::string target : {"../outside", "../outside/.", "../../into/../outside"}) {
    check_refused({symlink("link", target), file("link/x", "evil")}, "link/x");
    check_refused({symlink("link", target), directory("link/d")}, "link/d");
    check_refused({symlink("link", target), symlink("link/l", "x")}, "link/l");
    check_refused({directory("d"), symlink("d/link", "../" + target), file("d/link/x", "evil")},
                  "d/link/x");
  }
  const Yard yard;
  const auto summary =
      yard.restore({symlink("link", yard.outside().string()), file("link/secret", "evil"),
                    symlink("up", "../outside/secret"), file("up", "evil")});
  CHECK(fs::is_symlink(yard.into() / "link"));
  // An entry that takes a symlink's place replaces it.
  CHECK_FALSE(fs::is_symlink(yard.into() / "up"));
  CHECK(read_file(yard.into() / "up") == "evil");
  yard.check_untouched();
}

TEST_CASE("a folder entry does not change what a symlink points to") {
  const Yard yard;
  (void)yard.restore({symlink("link", "../outside"), directory("link", 0777)});
  yard.check_untouched();
}

TEST_CASE("a folder that is replaced by a symlink is not followed at the end") {
  const Yard yard;
  (void)yard.restore({directory("d", 0777), symlink("d", "../outside"), file("d/x", "evil")});
  yard.check_untouched();
  const Yard full;
  (void)full.restore({directory("d", 0777), file("d/f", ""), symlink("d", "../outside"),
                      file("d/secret", "evil")});
  full.check_untouched();
}

TEST_CASE("a symlink that was there before is not followed either") {
  const Yard yard;
  fs::create_directory_symlink("../outside", yard.into() / "d");
  const auto summary = yard.restore({file("d/x", "evil")});
  CHECK(summary.problems.size() == 1);
  yard.check_untouched();
}

TEST_CASE("files follow their folder when it is moved away and a symlink put in its place") {
  const Yard yard;
  (void)yard.restore({directory("d"), file("d/a", "first"), file("d/secret", "second")}, true,
                     [&](const Entry& entry, const ExtractSummary&) {
                       if (entry.path != "d/a") return;
                       fs::rename(yard.into() / "d", yard.into() / "moved");
                       fs::create_directory_symlink("../outside", yard.into() / "d");
                     });
  yard.check_untouched();
  CHECK(read_file(yard.into() / "moved" / "a") == "first");
  CHECK(read_file(yard.into() / "moved" / "secret") == "second");
}

// The folder's handle is that of nothing by then.
TEST_CASE("a folder that is removed meanwhile is made again") {
  const Yard yard;
  const auto summary = yard.restore({directory("d"), file("d/a", "first"), file("d/b", "second")},
                                    true, [&](const Entry& entry, const ExtractSummary&) {
                                      if (entry.path == "d/a") fs::remove_all(yard.into() / "d");
                                    });
  CHECK(summary.problems.empty());
  CHECK(read_file(yard.into() / "d" / "b") == "second");
  yard.check_untouched();
}

TEST_CASE("hard links to the outside are refused") {
  for (const char* const target : {"../outside/secret", "/etc/passwd", "a/../../outside/secret"}) {
    check_refused({hardlink("h", target), file("h", "evil")}, "h");
  }
  check_refused({symlink("link", "../outside"), hardlink("h", "link/secret")}, "h");
}

TEST_CASE("a hard link to a symlink links the symlink") {
  const Yard yard;
  const auto summary = yard.restore(
      {symlink("link", "../outside/secret"), hardlink("h", "link"), file("h", "evil")});
  CHECK(fs::is_symlink(yard.into() / "link"));
  CHECK(read_file(yard.into() / "h") == "evil");
  yard.check_untouched();
}

TEST_CASE("a hard link does not carry content into another file") {
  Member evil = hardlink("h", "victim");
  evil.entry.size = 4;
  const Yard yard;
  (void)yard.restore({file("victim", "good content"), evil});
  CHECK(read_file(yard.into() / "victim") == "good content");
}

}  // namespace snapshotter::archive::test
