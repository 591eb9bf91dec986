#include "support/catch.hpp"
#include "target/command/last_words.hpp"

using snapshotter::Secret;
using snapshotter::target::command::last_words;

TEST_CASE("the last lines of a program become one") {
  CHECK(last_words("", {}).empty());
  CHECK(last_words(" \n\t\n\r\n", {}).empty());
  CHECK(last_words("bad\n", {}) == "bad");
  CHECK(last_words("  bad\r\n\nworse  ", {}) == "bad | worse");
  CHECK(last_words("1\n2\n3\n4\n5\n", {}) == "1 | 2 | 3 | 4 | 5");
  CHECK(last_words("1\n2\n3\n4\n5\n6\n7", {}) == "… 3 | 4 | 5 | 6 | 7");
  CHECK(last_words("10 %\r20 %\r", {}) == "10 % | 20 %");
}

TEST_CASE("what a program says is fit to print and of bounded length") {
  CHECK(last_words("a\x1b[31mb\xff", {}) == "a\\x1b[31mb\\xff");
  CHECK(last_words(std::string(1000, 'x'), {}) == std::string(1000, 'x'));
  CHECK(last_words("abc" + std::string(998, 'x'), {}) == "…bc" + std::string(998, 'x'));
  // Not in the middle of a character: the cut falls behind the first half of an 'ä'.
  CHECK(last_words("aä" + std::string(999, 'x'), {}) == "…" + std::string(999, 'x'));
}

TEST_CASE("secrets are hidden from what a program says") {
  const std::vector<Secret> secrets{Secret("hunter2"), Secret("hunter2-and-more"), Secret("abc"),
                                    Secret("line one\nxy\nline three"), Secret("")};
  CHECK(last_words("no 'hunter2' here, hunter2hunter2", secrets) == "no '…' here, ……");
  // The longer one first, so that no rest of it is left.
  CHECK(last_words("hunter2-and-more", secrets) == "…");
  CHECK(last_words("hunter2-and-less", secrets) == "…-and-less");
  // Too short to be told from anything else.
  CHECK(last_words("abc", secrets) == "abc");
  // Of several lines: as a whole, and each where the program shows only a part.
  CHECK(last_words("key: line one\nxy\nline three.", secrets) == "key: ….");
  CHECK(last_words("bad line 3: line three", secrets) == "bad line 3: …");
  CHECK(last_words("xy", secrets) == "xy");
  // A secret that the cut would have halved is hidden all the same.
  const std::string long_text = "hunter2" + std::string(996, 'x');
  CHECK(last_words(long_text, secrets) == "…" + std::string(996, 'x'));
}
