#include "base/error.hpp"
#include "support/catch.hpp"
#include "target/filesystem/glob.hpp"

using namespace snapshotter;
using target::Glob;

namespace {

struct Case {
  std::string pattern;
  std::string text;
  bool matches;
};

std::string why_invalid(const std::string& pattern) {
  try {
    const Glob glob(pattern);
  } catch (const ConfigError& error) {
    CHECK(error.subject().find(pattern) == 0);
    return error.why();
  }
  return "valid";
}

// What a pattern means, said as simply as possible: the truth that Glob is compared with.
bool matches_slowly(std::string_view pattern, std::string_view text, bool at_start = true) {
  if (pattern.empty()) return text.empty();
  const char c = pattern.front();
  if (c == '*') {
    if (at_start && pattern == "**") return !text.empty();
    if (at_start && pattern.starts_with("**/")) {
      if (matches_slowly(pattern.substr(3), text, true)) return true;
      const auto slash = text.find('/');
      return slash != std::string_view::npos &&
             matches_slowly(pattern, text.substr(slash + 1), true);
    }
    if (matches_slowly(pattern.substr(1), text, false)) return true;
    return !text.empty() && text.front() != '/' && matches_slowly(pattern, text.substr(1), false);
  }
  if (text.empty()) return false;
  if (c == '?' ? text.front() == '/' : text.front() != c) return false;
  return matches_slowly(pattern.substr(1), text.substr(1), c == '/');
}

}  // namespace

TEST_CASE("patterns match as in a shell") {
  const std::vector<Case> cases{
      {"name", "name", true},
      {"name", "names", false},
      {"name", "nam", false},
      {"name", "", false},
      {"*.tmp", "a.tmp", true},
      {"*.tmp", ".tmp", true},
      {"*.tmp", "a.tmp.gz", false},
      {"*.tmp", "a/b.tmp", false},
      {"a*", "a", true},
      {"a*c", "abbc", true},
      {"a*c", "abb", false},
      {"a*b*c", "axbxbyc", true},
      {"*a*b", "xaxb", true},
      {"a?c", "abc", true},
      {"a?c", "ac", false},
      {"a?c", "a/c", false},
      {"?", "\xff", true},
      {"*", "", true},
      {"*", "a", true},
      {"*", "a/b", false},
      {"a/*/c", "a/b/c", true},
      {"a/*/c", "a/b/b/c", false},
      {"a*/b", "axx/b", true},
      {"a*/b", "a/x/b", false},
  };
  for (const auto& [pattern, text, expected] : cases) {
    INFO(pattern << " on " << text);
    CHECK(Glob(pattern).matches(text) == expected);
  }
}

TEST_CASE("two stars cross folders as a whole component only") {
  const std::vector<Case> cases{
      {"**/a", "a", true},
      {"**/a", "x/a", true},
      {"**/a", "x/y/a", true},
      {"**/a", "xa", false},
      {"**/a", "x/ya", false},
      {"a/**", "a", false},
      {"a/**", "a/b", true},
      {"a/**", "a/b/c", true},
      {"a/**/b", "a/b", true},
      {"a/**/b", "a/x/b", true},
      {"a/**/b", "a/x/y/b", true},
      {"a/**/b", "a/xb", false},
      {"a/**/b", "ab", false},
      {"a/**/b/**/c", "a/b/b/x/c", true},
      {"a/**/b*/c", "a/x/b/y/bb/c", true},
      {"**/**/a", "a", true},
      {"**/*.log", "x/y/a.log", true},
      {"**", "a/b", true},
      {"a**b", "axxb", true},
      {"a**b", "ax/xb", false},
      {"a/b**", "a/bx", true},
      {"a/b**", "a/bx/y", false},
      {"***", "a/b", false},
  };
  for (const auto& [pattern, text, expected] : cases) {
    INFO(pattern << " on " << text);
    CHECK(Glob(pattern).matches(text) == expected);
  }
}

TEST_CASE("sets hold bytes, ranges and their opposites") {
  const std::vector<Case> cases{
      {"[abc]", "b", true},  {"[abc]", "d", false},     {"[a-c]x", "bx", true},
      {"[!a-c]", "d", true}, {"[!a-c]", "b", false},    {"[^a-c]", "d", true},
      {"[]]", "]", true},    {"[!]]", "]", false},      {"[!]]", "a", true},
      {"[]a]", "a", true},   {"[a-]", "-", true},       {"[-a]", "-", true},
      {"[--0]", ".", true},  {"[a\\]b]", "]", true},    {"[\\a-\\c]", "b", true},
      {"[!a]", "/", false},  {"[.-0]", "/", false},     {"[\x80-\xff]", "\xc3", true},
      {"[[a]", "[", true},   {"x[0-9]*", "x1yz", true}, {"[a-c]", "", false},
  };
  for (const auto& [pattern, text, expected] : cases) {
    INFO(pattern << " on " << text);
    CHECK(Glob(pattern).matches(text) == expected);
  }
}

TEST_CASE("a backslash makes a character stand for itself") {
  CHECK(Glob("\\*").matches("*"));
  CHECK_FALSE(Glob("\\*").matches("a"));
  CHECK(Glob("a\\?\\[b\\\\").matches("a?[b\\"));
  CHECK(Glob("\\a").matches("a"));
}

TEST_CASE("what stands before a pattern is literal") {
  const Glob glob("*.x", "a*b/");
  CHECK(glob.matches("a*b/c.x"));
  CHECK_FALSE(glob.matches("aab/c.x"));
  CHECK_FALSE(glob.matches("a*b/c/d.x"));
}

TEST_CASE("a pattern that is wrong says why") {
  CHECK_THAT(why_invalid("a[b"), test::ContainsText("without its ']'"));
  CHECK_THAT(why_invalid("["), test::ContainsText("without its ']'"));
  CHECK_THAT(why_invalid("[]"), test::ContainsText("without its ']'"));
  CHECK_THAT(why_invalid("[a/b]"), test::ContainsText("without its ']'"));
  CHECK_THAT(why_invalid("[z-a]"), test::ContainsText("before its start"));
  CHECK_THAT(why_invalid("[[:digit:]]"), test::ContainsText("write it out"));
  CHECK(why_invalid("a]b") == "valid");
}

TEST_CASE("a pattern does not end in a lone backslash") {
  CHECK_THROWS_AS(Glob("a\\"), ConfigError);
  CHECK_THROWS_AS(Glob("[\\"), ConfigError);
}

TEST_CASE("every short pattern means what it should on every short text") {
  const std::string pattern_alphabet = "ab/*?", text_alphabet = "ab/";
  const auto nth = [](const std::string& alphabet, std::size_t n, std::size_t length) {
    std::string word;
    for (std::size_t i = 0; i < length; ++i, n /= alphabet.size()) {
      word += alphabet[n % alphabet.size()];
    }
    return word;
  };
  const auto power = [](std::size_t base, std::size_t exponent) {
    std::size_t result = 1;
    while (exponent-- > 0) result *= base;
    return result;
  };
  std::vector<std::string> texts;
  for (std::size_t length = 0; length <= 6; ++length) {
    for (std::size_t n = 0; n < power(text_alphabet.size(), length); ++n) {
      texts.push_back(nth(text_alphabet, n, length));
    }
  }
  std::size_t wrong = 0;
  for (std::size_t length = 1; length <= 5; ++length) {
    for (std::size_t n = 0; n < power(pattern_alphabet.size(), length); ++n) {
      const std::string pattern = nth(pattern_alphabet, n, length);
      if (pattern.find("***") != std::string::npos) continue;  // not in the simple truth
      const Glob glob(pattern);
      for (const std::string& text : texts) {
        if (glob.matches(text) == matches_slowly(pattern, text)) continue;
        ++wrong;
        UNSCOPED_INFO(pattern << " on " << text << ": " << glob.matches(text));
      }
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("a hostile pattern is matched in reasonable time") {
  std::string pattern, text;
  for (int i = 0; i < 200; ++i) pattern += "**/*a*a*";
  for (int i = 0; i < 400; ++i) text += "aaaaaaaaa/";
  CHECK_FALSE(Glob(pattern + "b").matches(text));
}
