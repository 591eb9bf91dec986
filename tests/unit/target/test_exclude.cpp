#include "base/error.hpp"
#include "support/catch.hpp"
#include "target/filesystem/exclude.hpp"

using namespace snapshotter;
using target::Excludes;

namespace {

const std::vector<std::string> kPaths{"/etc", "/opt/app"};

struct Case {
  std::string path;
  bool excluded;
  bool directory = false;
};

void check(const std::vector<std::string>& patterns, const std::vector<Case>& cases,
           const std::vector<std::string>& paths = kPaths) {
  const Excludes excludes(patterns, paths);
  for (const auto& [path, excluded, directory] : cases) {
    INFO(path << (directory ? " (folder)" : ""));
    CHECK(excludes.excludes(path, directory) == excluded);
  }
}

std::string why_invalid(const std::string& pattern) {
  try {
    const Excludes excludes(std::vector<std::string>{pattern}, {});
  } catch (const ConfigError& error) {
    return error.why();
  }
  return "valid";
}

}  // namespace

TEST_CASE("nothing is excluded without patterns") {
  CHECK_FALSE(Excludes().excludes("/etc/passwd", false));
}

TEST_CASE("a pattern without a slash is for names at any depth") {
  check({"*.tmp", "cache"}, {{"/etc/a.tmp", true},
                             {"/etc/x/y/a.tmp", true},
                             {"/etc/a.tmp.gz", false},
                             {"/opt/app/cache", true},
                             {"/opt/app/cache", true, true},
                             {"/opt/app/cached", false}});
}

TEST_CASE("a pattern that begins with a slash is an absolute path") {
  check({"/opt/app/cache", "/etc/*.bak"}, {{"/opt/app/cache", true, true},
                                           {"/etc/opt/app/cache", false, true},
                                           {"/etc/a.bak", true},
                                           {"/etc/x/a.bak", false}});
}

TEST_CASE("a pattern with a slash inside is relative to any configured path") {
  check({"config/cache/**", "a*/b"}, {{"/etc/config/cache", false, true},
                                      {"/etc/config/cache/x", true},
                                      {"/opt/app/config/cache/x", true},
                                      {"/opt/app/x/config/cache/x", false},
                                      {"/opt/app/ax/b", true},
                                      {"/opt/app/ax/y/b", false}});
}

TEST_CASE("a relative pattern works below the root and below odd names") {
  check({"a/b"}, {{"/a/b", true}, {"/x/a/b", false}}, {"/"});
  check({"a/b"}, {{"/x*y/a/b", true}, {"/xzy/a/b", false}}, {"/x*y"});
}

TEST_CASE("a pattern that ends in a slash is for folders") {
  check({"build/", "/etc/x/"}, {{"/etc/build", true, true},
                                {"/etc/build", false},
                                {"/etc/x", true, true},
                                {"/etc/x", false}});
}

TEST_CASE("the last pattern that matches decides") {
  check({"*.log", "!keep.log", "/etc/keep.log"},
        {{"/etc/a.log", true}, {"/opt/app/keep.log", false}, {"/etc/keep.log", true}});
  check({"!a", "a"}, {{"/etc/a", true}});
  check({"cache/**", "!cache/keep"}, {{"/etc/cache/x", true}, {"/etc/cache/keep", false}});
}

TEST_CASE("the example of the documentation") {
  check({"*.tmp", "/opt/app/config/cache/**"}, {{"/opt/app/config/cache", false, true},
                                                {"/opt/app/config/cache/a/b", true},
                                                {"/etc/x.tmp", true},
                                                {"/etc/x.conf", false}});
}

TEST_CASE("escapes let names begin with a wildcard or an exclamation mark") {
  check({"\\!important", "\\*"}, {{"/etc/!important", true}, {"/etc/*", true}, {"/etc/a", false}});
}

TEST_CASE("patterns are bytes") {
  check({"\xff\xfe*", "gr\xc3\xbcn"}, {{"/etc/\xff\xfe\n", true}, {"/etc/gr\xc3\xbcn", true}});
}

TEST_CASE("patterns that never match are refused") {
  CHECK(why_invalid("") == "is empty");
  CHECK(why_invalid("!") == "names nothing");
  CHECK(why_invalid("/") == "names nothing");
  CHECK(why_invalid("!/") == "names nothing");
  CHECK_THAT(why_invalid("//a"), test::ContainsText("nothing between two '/'"));
  CHECK_THAT(why_invalid("a//b"), test::ContainsText("nothing between two '/'"));
  CHECK_THAT(why_invalid("a/"), test::ContainsText("valid"));
  CHECK_THAT(why_invalid("./a"), test::ContainsText("no '.'"));
  CHECK_THAT(why_invalid("/a/../b"), test::ContainsText("no '..'"));
  CHECK_THAT(why_invalid("a/[b"), test::ContainsText("without its ']'"));
  CHECK_THAT(why_invalid("/a\\"), test::ContainsText("escapes nothing"));
}
