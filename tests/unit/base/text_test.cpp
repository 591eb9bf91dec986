#include "base/text.hpp"

#include "support/catch.hpp"

namespace snapshotter {
namespace {

const std::vector<std::string> kKeys{"schedule",  "timezone", "targets", "store",
                                     "retention", "notify",   "level",   "id"};

TEST_CASE("a misspelt word finds the nearest candidate") {
  CHECK(nearest("retension", kKeys) == "retention");
  CHECK(nearest("retnetion", kKeys) == "retention");
  CHECK(nearest("shcedule", kKeys) == "schedule");
  CHECK(nearest("time_zone", kKeys) == "timezone");
  CHECK(nearest("Retention", kKeys) == "retention");
  CHECK(nearest("TARGET", kKeys) == "targets");
  CHECK(nearest("store", kKeys) == "store");
}

TEST_CASE("a word far from all candidates finds none") {
  CHECK_FALSE(nearest("banana", kKeys));
  CHECK_FALSE(nearest("xy", kKeys));
  CHECK_FALSE(nearest("if", kKeys));
  CHECK_FALSE(nearest("", kKeys));
  CHECK_FALSE(nearest("retention", {}));
  CHECK_FALSE(nearest("reader", kKeys));
}

TEST_CASE("of equally near candidates the first is meant") {
  CHECK(nearest("cat", std::vector<std::string>{"car", "can"}) == "car");
  CHECK(nearest("cat", std::vector<std::string>{"can", "car"}) == "can");
}

TEST_CASE("swapped neighbours count once") {
  CHECK(nearest("wre", std::vector<std::string>{"wer"}) == "wer");
  CHECK_FALSE(nearest("rwe", std::vector<std::string>{"wer"}));
}

TEST_CASE("words of absurd length are not compared") {
  const std::string long_word(100'000, 'a');
  CHECK_FALSE(nearest(long_word, std::vector<std::string>{long_word}));
  CHECK_FALSE(nearest("aaa", std::vector<std::string>{long_word}));
}

TEST_CASE("a suggestion continues a sentence or is nothing") {
  CHECK(suggestion("retension", kKeys) == ", did you mean 'retention'?");
  CHECK(suggestion("banana", kKeys).empty());
}

TEST_CASE("text that is fit to print stays as it is") {
  for (const char* text :
       {"", "plain.txt", "Grüße", "日本語", "🗄 tape", "e\xcc\x81", "~'\"$ %"}) {
    CHECK(printable(text) == text);
  }
}

TEST_CASE("control characters are escaped") {
  CHECK(printable("a\nb\tc") == "a\\nb\\tc");
  CHECK(printable("\x1b[31mred\r") == "\\x1b[31mred\\x0d");
  CHECK(printable(std::string_view("\0\x01\x7f", 3)) == "\\x00\\x01\\x7f");
  CHECK(printable("\xc2\x9b") == "\\xc2\\x9b");  // C1: a terminal's other CSI
}

TEST_CASE("a backslash is doubled so that no two names print alike") {
  CHECK(printable("a\\nb") == "a\\\\nb");
  CHECK(printable("a\\nb") != printable("a\nb"));
}

TEST_CASE("marks that reorder or break a line are escaped") {
  CHECK(printable("a\u202egpj.exe") == "a\\xe2\\x80\\xaegpj.exe");
  CHECK(printable("\u2028") == "\\xe2\\x80\\xa8");
  CHECK(printable("\u2066") == "\\xe2\\x81\\xa6");
  CHECK(printable("\u2027") == "\u2027");
  CHECK(printable("\u202f") == "\u202f");
}

TEST_CASE("bytes that are not UTF-8 are escaped one by one") {
  CHECK(printable("caf\xe9") == "caf\\xe9");
  CHECK(printable("\x80") == "\\x80");
  CHECK(printable("\xc3") == "\\xc3");                    // cut off
  CHECK(printable("\xe2\x82") == "\\xe2\\x82");           // cut off
  CHECK(printable("\xe2\x82z") == "\\xe2\\x82z");         // interrupted
  CHECK(printable("\xc0\xaf") == "\\xc0\\xaf");           // overlong '/'
  CHECK(printable("\xe0\x80\xaf") == "\\xe0\\x80\\xaf");  // overlong
  CHECK(printable("\xf0\x80\x80\xaf") == "\\xf0\\x80\\x80\\xaf");
  CHECK(printable("\xed\xa0\x80") == "\\xed\\xa0\\x80");           // surrogate
  CHECK(printable("\xf4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
  CHECK(printable("\xff\xfe") == "\\xff\\xfe");
  CHECK(printable("\xf4\x8f\xbf\xbf") == "\xf4\x8f\xbf\xbf");  // U+10FFFF itself
}

TEST_CASE("joining and splitting are inverse") {
  using Words = std::vector<std::string>;
  CHECK(join(Words{}, ", ").empty());
  CHECK(join(Words{"a"}, ", ") == "a");
  CHECK(join(Words{"a", "", "b"}, ", ") == "a, , b");
  CHECK(split("", ',') == Words{""});
  CHECK(split("a", ',') == Words{"a"});
  CHECK(split(",a,,b,", ',') == Words{"", "a", "", "b", ""});
  CHECK(join(split(",a,,b,", ','), ",") == ",a,,b,");
}

}  // namespace
}  // namespace snapshotter
