#include "base/settings.hpp"
#include "node_builder.hpp"
#include "support/catch.hpp"

#include <limits>

namespace snapshotter::settings {
namespace {

using Texts = std::vector<std::string>;
constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

// Reads one value with one getter and keeps what was said about it.
struct Reading {
  explicit Reading(Node value) : root(mapping({{"key", std::move(value)}})) {}

  [[nodiscard]] std::string said() const {
    const auto list = problems.sorted();
    REQUIRE(list.size() <= 1);
    return list.empty() ? "" : list[0].message;
  }

  Node root;
  Problems problems;
  Section section{root, "job 'j'", problems};
};

std::string boolean_says(Node value) {
  Reading reading(std::move(value));
  CHECK_FALSE(reading.section.boolean("key"));
  return reading.said();
}

std::string integer_says(Node value, std::int64_t min = kMin, std::int64_t max = kMax) {
  Reading reading(std::move(value));
  CHECK_FALSE(reading.section.integer("key", min, max));
  return reading.said();
}

TEST_CASE("absent keys give nothing and no problem") {
  const Node node = mapping({});
  Problems problems;
  Section section(node, "job 'j'", problems);
  CHECK_FALSE(section.text("key"));
  CHECK_FALSE(section.secret("key"));
  CHECK_FALSE(section.boolean("key"));
  CHECK_FALSE(section.integer("key", 0, 1));
  CHECK_FALSE(section.fraction("key"));
  CHECK_FALSE(section.size("key"));
  CHECK_FALSE(section.duration("key"));
  CHECK_FALSE(section.choice("key", {"a"}));
  CHECK_FALSE(section.path("key"));
  CHECK_FALSE(section.section("key"));
  CHECK(section.texts("key").empty());
  CHECK(section.paths("key").empty());
  CHECK(section.node("key") == nullptr);
  section.finish();
  CHECK(problems.to_string().empty());
}

TEST_CASE("a section says what it is and where it stands") {
  const Node node = mapping({{"key", plain("x", 8)}}, 7);
  Problems problems;
  const Section section(node, "job 'j'", problems);
  CHECK(section.what() == "job 'j'");
  CHECK(section.where().line == 7);
  CHECK(section.where("key").line == 8);
  CHECK(section.where("absent").line == 7);
  CHECK(&section.problems() == &problems);
}

TEST_CASE("a section that is no mapping is reported once and reads as empty") {
  const Node node = list({plain("a")});
  Problems problems;
  Section section(node, "job 'j'", problems);
  CHECK_FALSE(section.text("a"));
  section.finish();
  CHECK(problems.to_string() == "test.yaml:1:10: job 'j' must be a mapping, not a list\n");
}

TEST_CASE("a section with nothing in it is an empty mapping") {
  const Node node = null();
  Problems problems;
  Section section(node, "logging", problems);
  CHECK_FALSE(section.text("level"));
  section.finish();
  CHECK(problems.empty());
}

TEST_CASE("text is any single value as it was written") {
  CHECK(Reading(plain("5")).section.text("key") == "5");
  CHECK(Reading(quoted("true")).section.text("key") == "true");
  CHECK(Reading(quoted("")).section.text("key") == "");
}

TEST_CASE("a list or nothing is no single value") {
  Reading of_list(list({plain("a")}));
  CHECK_FALSE(of_list.section.text("key"));
  CHECK(of_list.said() == "job 'j': 'key' must be a single value, not a list");
  Reading of_mapping(mapping({}));
  CHECK_FALSE(of_mapping.section.duration("key"));
  CHECK(of_mapping.said() == "job 'j': 'key' must be a single value, not a mapping");
  Reading of_nothing(null());
  CHECK_FALSE(of_nothing.section.integer("key", 0, 1));
  CHECK(of_nothing.said() == "job 'j': 'key' has no value; give one or leave the key out");
}

TEST_CASE("booleans are true and false") {
  CHECK(Reading(plain("true")).section.boolean("key") == true);
  CHECK(Reading(plain("false")).section.boolean("key") == false);
  Reading from_environment(interpolated("true"));
  from_environment.root.members[0].value.quoted = true;
  CHECK(from_environment.section.boolean("key") == true);
  for (const char* word : {"yes", "no", "on", "off", "Yes", "OFF"}) {
    CHECK(boolean_says(plain(word)) == "job 'j': 'key' must be true or false, not '" +
                                           std::string(word) + "', which YAML 1.2 takes for text");
  }
  CHECK(boolean_says(plain("1")) == "job 'j': 'key' must be true or false, not '1'");
  CHECK(boolean_says(plain("True")) == "job 'j': 'key' must be true or false, not 'True'");
  CHECK(boolean_says(plain("")) == "job 'j': 'key' must be true or false, not ''");
  CHECK(boolean_says(quoted("true")) ==
        "job 'j': 'key' must be true or false without quotes, not the text 'true'");
}

TEST_CASE("integers are whole numbers in their range") {
  CHECK(Reading(plain("7")).section.integer("key", 1, 7) == 7);
  CHECK(Reading(plain("-7")).section.integer("key", -7, 7) == -7);
  CHECK(Reading(plain("9223372036854775807")).section.integer("key", 0, kMax) == kMax);
  CHECK(Reading(plain("-9223372036854775808")).section.integer("key", kMin, 0) == kMin);
  Reading from_environment(interpolated("7"));
  from_environment.root.members[0].value.quoted = true;
  CHECK(from_environment.section.integer("key", 1, 7) == 7);
}

TEST_CASE("integers out of range or beyond 64 bits name the range") {
  CHECK(integer_says(plain("0"), 1, 9) == "job 'j': 'key' must be from 1 to 9, not '0'");
  CHECK(integer_says(plain("10"), 1, 9) == "job 'j': 'key' must be from 1 to 9, not '10'");
  CHECK(integer_says(plain("0"), 1) == "job 'j': 'key' must be at least 1, not '0'");
  CHECK(integer_says(plain("4"), kMin, 3) == "job 'j': 'key' must be at most 3, not '4'");
  CHECK(integer_says(plain("9223372036854775808"), 1) ==
        "job 'j': 'key' must be at least 1, not '9223372036854775808'");
}

TEST_CASE("what is no whole number is refused") {
  for (const char* text : {"", "x", "1.5", "1e3", "0x10", "+5", " 5", "5 ", "1_000", "--5", "5s"}) {
    CHECK(integer_says(plain(text)) ==
          "job 'j': 'key' must be a whole number, not '" + std::string(text) + "'");
  }
  CHECK(integer_says(quoted("5")) == "job 'j': 'key' must be a number, not the text '5'");
}

TEST_CASE("fractions are shares of one") {
  CHECK(Reading(plain("0.5")).section.fraction("key") == 0.5);
  CHECK(Reading(plain("50%")).section.fraction("key") == 0.5);
  CHECK(Reading(quoted("50%")).section.fraction("key") == 0.5);
  CHECK(Reading(plain("0")).section.fraction("key") == 0.0);
  CHECK(Reading(plain("1")).section.fraction("key") == 1.0);
  CHECK(Reading(plain("100%")).section.fraction("key") == 1.0);
  for (const char* text : {"", "%", "1.01", "101%", "-0.5", "+0.5", "nan", "inf", "1e-3", "0x1",
                           "0.5.5", ".", "half", "50 %", "50%%"}) {
    CAPTURE(text);
    Reading reading(plain(text));
    CHECK_FALSE(reading.section.fraction("key"));
    CHECK(reading.said() == "job 'j': 'key' must be a share from 0 to 1 such as 0.5 or 50%, not '" +
                                std::string(text) + "'");
  }
}

TEST_CASE("sizes and durations are read with or without quotes") {
  CHECK(Reading(plain("10MiB")).section.size("key") == 10_MiB);
  CHECK(Reading(quoted("10MiB")).section.size("key") == 10_MiB);
  CHECK(Reading(plain("90s")).section.duration("key") == std::chrono::seconds{90});
  CHECK(Reading(quoted("90")).section.duration("key") == std::chrono::seconds{90});
  Reading size(plain("big"));
  CHECK_FALSE(size.section.size("key"));
  CHECK(size.said() == "job 'j': 'key' must be a size such as 500MiB or 10GiB, not 'big'");
  Reading duration(plain("soon"));
  CHECK_FALSE(duration.section.duration("key"));
  CHECK(duration.said() == "job 'j': 'key' must be a duration such as 90s, 15m or 6h, not 'soon'");
}

TEST_CASE("a choice is one of the words given") {
  const Texts levels{"fast", "balanced", "small"};
  CHECK(Reading(plain("small")).section.choice("key", levels) == "small");
  Reading misspelt(plain("balance"));
  CHECK_FALSE(misspelt.section.choice("key", levels));
  CHECK(misspelt.said() ==
        "job 'j': 'key' must be fast, balanced or small, not 'balance', did you mean 'balanced'?");
  Reading other(plain("huge"));
  CHECK_FALSE(other.section.choice("key", levels));
  CHECK(other.said() == "job 'j': 'key' must be fast, balanced or small, not 'huge'");
  Reading only(plain("zip"));
  CHECK_FALSE(only.section.choice("key", {"tar"}));
  CHECK(only.said() == "job 'j': 'key' must be tar, not 'zip'");
}

TEST_CASE("a list of texts may be written as a single one") {
  CHECK(Reading(plain("a")).section.texts("key") == Texts{"a"});
  CHECK(Reading(list({plain("a"), quoted("5")})).section.texts("key") == Texts{"a", "5"});
  CHECK(Reading(list({})).section.texts("key").empty());
  Reading commented_out(null());
  CHECK(commented_out.section.texts("key").empty());
  CHECK(commented_out.said().empty());
}

TEST_CASE("what can not stand in a list is reported at its place and left out") {
  Reading reading(list({plain("a", 2), mapping({}, 3), plain("b", 4)}));
  CHECK(reading.section.texts("key") == Texts{"a", "b"});
  CHECK(reading.problems.to_string() ==
        "test.yaml:3:3: job 'j': each of 'key' must be text, not a mapping\n");
  Reading of_mapping(mapping({{"a", plain("b")}}));
  CHECK(of_mapping.section.texts("key").empty());
  CHECK(of_mapping.said() == "job 'j': 'key' must be a list, not a mapping");
}

TEST_CASE("paths are absolute and normalised") {
  CHECK(Reading(plain("/a//b/./c/")).section.path("key") == "/a/b/c");
  CHECK(Reading(plain("/")).section.path("key") == "/");
  CHECK(Reading(plain("///.")).section.path("key") == "/");
  CHECK(Reading(plain("/..a/b..")).section.path("key") == "/..a/b..");
  CHECK(Reading(plain("/a b/\xff")).section.path("key") == "/a b/\xff");
  for (const char* text : {"", "a", "./a", "~/a", "../a", "/a/../b", "/..", "file:///a"}) {
    CAPTURE(text);
    Reading reading(plain(text));
    CHECK_FALSE(reading.section.path("key"));
    CHECK(reading.said() ==
          "job 'j': 'key' must be an absolute path without '..', not '" + std::string(text) + "'");
  }
  Reading with_nul(plain(std::string("/a\0b", 4)));
  CHECK_FALSE(with_nul.section.path("key"));
}

TEST_CASE("each path of a list is looked at by itself") {
  Reading reading(list({plain("/a/", 2), plain("b", 3), plain("/c", 4)}));
  CHECK(reading.section.paths("key") == Texts{"/a", "/c"});
  CHECK(reading.problems.to_string() ==
        "test.yaml:3:10: job 'j': each of 'key' must be an absolute path without '..', not 'b'\n");
  CHECK(Reading(plain("/a/")).section.paths("key") == Texts{"/a"});
}

TEST_CASE("a literal secret is noted and an interpolated one is not") {
  Reading literal(plain("hunter2", 6));
  CHECK(literal.section.secret("key")->reveal() == "hunter2");
  REQUIRE(literal.problems.literal_secrets().size() == 1);
  CHECK(literal.problems.literal_secrets()[0].line == 6);
  CHECK(literal.problems.empty());
  Reading from_environment(interpolated("hunter2"));
  CHECK(from_environment.section.secret("key")->reveal() == "hunter2");
  CHECK(from_environment.problems.literal_secrets().empty());
  Reading empty(quoted(""));
  CHECK(empty.section.secret("key")->empty());
  CHECK(empty.problems.literal_secrets().empty());
}

TEST_CASE("no message shows a secret") {
  Reading of_list(list({plain("hunter2")}));
  CHECK_FALSE(of_list.section.secret("key"));
  CHECK(of_list.said().find("hunter2") == std::string::npos);

  const Node node = mapping({{"key", interpolated("hunter2")}});
  Problems problems;
  Section section(node, "job 'j'", problems);
  CHECK_FALSE(section.boolean("key"));
  CHECK_FALSE(section.integer("key", 0, 1));
  CHECK_FALSE(section.fraction("key"));
  CHECK_FALSE(section.size("key"));
  CHECK_FALSE(section.duration("key"));
  CHECK_FALSE(section.choice("key", {"hunter"}));
  CHECK_FALSE(section.path("key"));
  CHECK(section.paths("key").empty());
  CHECK_FALSE(section.section("key"));
  CHECK(problems.sorted().size() == 9);
  CHECK(problems.to_string().find("hunter2") == std::string::npos);
  CHECK_THAT(problems.to_string(), test::ContainsText(", not what its ${} stands for\n"));
}

TEST_CASE("a section that an interpolated value stands for does not show it") {
  const Node node = interpolated("hunter2");
  Problems problems;
  const Section section(node, "job 'j'", problems);
  CHECK_THAT(problems.to_string(), test::ContainsText("must be a mapping"));
  CHECK(problems.to_string().find("hunter2") == std::string::npos);
}

TEST_CASE("long and odd values are shown short and on one line") {
  Reading odd(plain("a\n\x1b[2J"));
  CHECK_FALSE(odd.section.duration("key"));
  CHECK_THAT(odd.said(), test::ContainsText("not 'a\\n\\x1b[2J'"));
  Reading endless(plain(std::string(100'000, 'x')));
  CHECK_FALSE(endless.section.duration("key"));
  CHECK(endless.said().size() < 300);
}

TEST_CASE("required keys are asked for") {
  const Node node = mapping({{"nothing", null(5)}, {"store", plain("local", 6)}}, 4);
  Problems problems;
  Section section(node, "job 'nightly'", problems);
  CHECK(section.required_text("schedule").empty());
  CHECK(section.required_text("nothing").empty());
  CHECK(section.required_text("store") == "local");
  section.require("store");
  section.require("targets");
  section.finish();
  CHECK(problems.to_string() ==
        "test.yaml:4:3: job 'nightly' needs 'schedule'\n"
        "test.yaml:4:3: job 'nightly' needs 'targets'\n"
        "test.yaml:5:1: job 'nightly' needs 'nothing'\n");
}

TEST_CASE("a required text of the wrong kind is reported once") {
  Reading reading(list({}));
  CHECK(reading.section.required_text("key").empty());
  CHECK(reading.said() == "job 'j': 'key' must be a single value, not a list");
}

TEST_CASE("unknown keys are reported with what was probably meant") {
  const Node node = mapping({{"retension", plain("x", 2)},
                             {"store", plain("x", 3)},
                             {"banana", plain("x", 4)},
                             {"a\nb", plain("x", 5)}});
  Problems problems;
  Section section(node, "target 'app-db'", problems);
  CHECK(section.node("retention") == nullptr);
  CHECK(section.text("store") == "x");
  section.finish();
  CHECK(problems.to_string() ==
        "test.yaml:2:3: target 'app-db': unknown key 'retension', did you mean 'retention'?\n"
        "test.yaml:4:3: target 'app-db': unknown key 'banana'\n"
        "test.yaml:5:3: target 'app-db': unknown key 'a\\nb'\n");
}

TEST_CASE("a section inside names the way to it") {
  const Node node =
      mapping({{"retry", mapping({{"attempts", plain("many")}, {"tries", plain("3")}})},
               {"empty", null()},
               {"flat", plain("x")}});
  Problems problems;
  Section section(node, "job 'j'", problems);
  auto retry = section.section("retry");
  REQUIRE(retry);
  CHECK_FALSE(retry->integer("attempts", 1, 9));
  retry->finish();
  CHECK(section.section("empty"));
  CHECK_FALSE(section.section("flat"));
  section.finish();
  CHECK(problems.to_string() ==
        "test.yaml:1:3: job 'j': 'retry': unknown key 'tries'\n"
        "test.yaml:1:10: job 'j': 'retry': 'attempts' must be a whole number, not 'many'\n"
        "test.yaml:1:10: job 'j': 'flat' must be a mapping, not 'x'\n");
}

TEST_CASE("a caller adds problems of its own") {
  const Node node = mapping({{"url", plain("ftp://x", 2)}});
  Problems problems;
  Section section(node, "target 't'", problems);
  section.problem("url", "must begin with https://");
  section.problem("absent", "is missing");
  section.problem("", "makes no sense");
  CHECK(problems.to_string() ==
        "test.yaml:1:3: target 't': 'absent' is missing\n"
        "test.yaml:1:3: target 't': makes no sense\n"
        "test.yaml:2:10: target 't': 'url' must begin with https://\n");
}

}  // namespace
}  // namespace snapshotter::settings
