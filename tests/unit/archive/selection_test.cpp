#include "archive/selection.hpp"

#include "archive_support.hpp"

namespace snapshotter::archive::test {

TEST_CASE("globs match within and across components") {
  struct Case {
    const char* pattern;
    const char* path;
    bool matches;
  };
  for (const auto& [pattern, path, matches] : {
           Case{"a", "a", true},
           {"a", "b", false},
           {"a", "ab", false},
           {"", "", true},
           {"", "a", false},
           {"*", "abc", true},
           {"*", "", true},
           {"*", "a/b", false},
           {"*.txt", "a.txt", true},
           {"*.txt", "a.txt.gz", false},
           {"a*b*c", "axxbyyc", true},
           {"a*b*c", "axxbyy", false},
           {"?", "a", true},
           {"?", "", false},
           {"?", "/", false},
           {"a?c", "a/c", false},
           {"a/*/c", "a/b/c", true},
           {"a/*/c", "a/b/b/c", false},
           {"**", "a/b/c", true},
           {"a/**", "a/b/c", true},
           {"a/**", "b/a", false},
           {"a/**/c", "a/b/b/c", true},
           {"a/**/c", "a/c", true},
           {"a/**/c", "a/bc", false},
           {"**/c", "c", true},
           {"**/c", "a/b/c", true},
           {"**.c", "a/b.c", true},
           {"[abc]", "b", true},
           {"[abc]", "d", false},
           {"[a-c]x", "bx", true},
           {"[!a-c]", "b", false},
           {"[^a-c]", "x", true},
           {"[!a]", "/", false},
           {"[]]", "]", true},
           {"[a-]", "-", true},
           {"[", "[", true},
           {"[a", "[a", true},
           {"a]", "a]", true},
           {"\\*", "*", true},
           {"\\*", "a", false},
           {"\\[a]", "[a]", true},
           {"a\\", "a\\", true},
           {"[\xe0-\xff]", "\xfc", true},
       }) {
    INFO(pattern << " on " << path);
    CHECK(glob_matches(pattern, path) == matches);
  }
}

TEST_CASE("a selection takes folders with what is below them") {
  Selection selection({"/etc/", "home/*/mail", "a[1].txt", "nowhere"});
  CHECK(selection.includes("etc"));
  CHECK(selection.includes("etc/passwd"));
  CHECK(selection.includes("etc/ssh/keys/a"));
  CHECK_FALSE(selection.includes("etcetera"));
  CHECK_FALSE(selection.includes("usr/etc"));
  CHECK_FALSE(selection.includes("home"));
  CHECK_FALSE(selection.includes("home/joe"));
  CHECK(selection.includes("home/joe/mail"));
  CHECK(selection.includes("home/joe/mail/in/1"));
  CHECK(selection.includes("a[1].txt"));
  CHECK(selection.includes("a1.txt"));
  CHECK(selection.unmatched() == std::vector<std::string>{"nowhere"});
}

TEST_CASE("no selection takes everything and so does the root") {
  Selection everything({});
  CHECK(everything.includes("any/thing"));
  CHECK(everything.unmatched().empty());
  Selection root({"/"});
  CHECK(root.includes("any/thing"));
  CHECK(root.unmatched().empty());
}

}  // namespace snapshotter::archive::test
