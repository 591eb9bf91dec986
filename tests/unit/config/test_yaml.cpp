// YAML → settings::Node.
#include "config/plain_text.hpp"
#include "config/yaml.hpp"
#include "support/catch.hpp"

using namespace snapshotter;
using namespace snapshotter::config;
using settings::Node;

namespace {

// "{a: 1, b: 'quoted', c: [x], d: ~}"
std::string dump(const Node& node) {
  std::string text;
  switch (node.kind) {
    case Node::Kind::null:
      return "~";
    case Node::Kind::scalar:
      return node.quoted ? "'" + node.scalar + "'" : node.scalar;
    case Node::Kind::sequence:
      for (const Node& item : node.items) text += (text.empty() ? "" : ", ") + dump(item);
      return "[" + text + "]";
    case Node::Kind::mapping:
      for (const Node::Member& member : node.members) {
        text += (text.empty() ? "" : ", ") + member.key + ": " + dump(member.value);
      }
      return "{" + text + "}";
  }
  return "?";
}

Node read(const std::string& yaml) {
  settings::Problems problems;
  auto node = parse_yaml(yaml, "f", problems);
  CHECK(problems.to_string() == "");
  REQUIRE(node);
  return *std::move(node);
}

struct Outcome {
  bool understood = false;
  std::string problems;
};
Outcome outcome(const std::string& yaml) {
  settings::Problems problems;
  const bool understood = parse_yaml(yaml, "f", problems).has_value();
  return {understood, problems.to_string()};
}

std::string place(const Node& node) {
  return std::to_string(node.where.line) + ":" + std::to_string(node.where.column);
}

}  // namespace

TEST_CASE("everything of YAML that a configuration uses becomes a tree") {
  struct Row {
    std::string yaml;
    std::string tree;
  };
  const std::vector<Row> rows{
      {"", "~"},
      {"# nothing but a comment\n", "~"},
      {"---\n...\n", "~"},
      {"a: 1\nb: two words\nc: 'q'\nd: \"e\\tf\"\n", "{a: 1, b: two words, c: 'q', d: 'e\tf'}"},
      {"a:\nb: ~\nc: null\nd: ''\n", "{a: ~, b: ~, c: ~, d: ''}"},
      {"a: [1, 'x', {b: 2}]\n", "{a: [1, 'x', {b: 2}]}"},
      {"a:\n- 1\n-\n- [2]\n", "{a: [1, ~, [2]]}"},
      {"a: |\n  one\n  two\n", "{a: 'one\ntwo\n'}"},
      {"a: >-\n  one\n  two\n", "{a: 'one two'}"},
      {"a: it's\nb: 'it''s'\nc: \"a \\\" b\"\n", "{a: it's, b: 'it's', c: 'a \" b'}"},
      {"a: b#c # d\n", "{a: b#c}"},
      {"a: !!str 1\nb: !!int 2\nc: !!map {}\nd: ! x\n", "{a: '1', b: 2, c: {}, d: 'x'}"},
      {"{\"a\": {\"b\": [true, 1.5, null]}}", "{a: {b: [true, 1.5, ~]}}"},
      {"%YAML 1.2\n---\na: 1\n", "{a: 1}"},
      {"a: 1\r\nb: 2\r\n", "{a: 1, b: 2}"},
      {"\xEF\xBB\xBF"
       "a: 'x'\n",
       "{a: 'x'}"},
      {"grüße: 'ä€😀'\n", "{grüße: 'ä€😀'}"},
      {"just text\n", "just text"},
      {"- a\n- b\n", "[a, b]"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.yaml);
    CHECK(dump(read(row.yaml)) == row.tree);
  }
}

TEST_CASE("anchors aliases and merge keys") {
  struct Row {
    std::string yaml;
    std::string tree;
  };
  const std::vector<Row> rows{
      {"a: &x 1\nb: *x\n", "{a: 1, b: 1}"},
      {"a: &x\nb: *x\n", "{a: ~, b: ~}"},
      {"a: &x {p: [1]}\nb: *x\n", "{a: {p: [1]}, b: {p: [1]}}"},
      {"a: &x 1\nb: &x 2\nc: *x\n", "{a: 1, b: 2, c: 2}"},
      {"a: &x k\n*x : v\n", "{a: k, k: v}"},
      // What is written out wins, wherever it stands.
      {"d: &d {p: 1, q: 2}\ne: {<<: *d, q: 3}\n", "{d: {p: 1, q: 2}, e: {q: 3, p: 1}}"},
      {"d: &d {p: 1, q: 2}\ne: {q: 3, <<: *d}\n", "{d: {p: 1, q: 2}, e: {q: 3, p: 1}}"},
      // The first of a list wins.
      {"a: &a {p: 1}\nb: &b {p: 2, q: 2}\nc: {<<: [*a, *b]}\n",
       "{a: {p: 1}, b: {p: 2, q: 2}, c: {p: 1, q: 2}}"},
      // A merged mapping brings what it merged itself.
      {"a: &a {p: 1}\nb: &b {<<: *a, q: 2}\nc: {<<: *b}\n",
       "{a: {p: 1}, b: {q: 2, p: 1}, c: {q: 2, p: 1}}"},
      {"a: {<<: {p: 1}}\n", "{a: {p: 1}}"},
      {"a: {<<: []}\n", "{a: {}}"},
      {"a: {'<<': 1}\n", "{a: {<<: 1}}"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.yaml);
    CHECK(dump(read(row.yaml)) == row.tree);
  }
}

TEST_CASE("a node knows where it was written") {
  const Node root = read(
      "a: 1\n"
      "b:\n"
      "  c: 'x'\n"
      "  d:\n"
      "    - p\n"
      "    - q: 1\n"
      "e:   {f: 2}\n"
      "g:\n"
      "h: 3\n"
      "i: &i {j: 4}\n"
      "k: *i\n");
  CHECK(place(root) == "1:1");
  CHECK(place(*root.find("a")) == "1:4");
  CHECK(root.members[1].where.line == 2);
  CHECK(root.members[1].where.file == "f");
  // Blocks and what is empty: where the key is.
  const Node& b = *root.find("b");
  CHECK(place(b) == "2:1");
  CHECK(place(*b.find("c")) == "3:6");
  CHECK(place(*b.find("d")) == "4:3");
  CHECK(place(b.find("d")->items[0]) == "5:7");
  CHECK(place(b.find("d")->items[1]) == "6:7");
  CHECK(place(*root.find("g")) == "8:1");
  // Flow style: where it begins, its anchor included. Through an alias: where it was written.
  CHECK(place(*root.find("e")) == "7:6");
  CHECK(place(*root.find("k")) == "10:4");
  CHECK(place(*root.find("k")->find("j")) == "10:11");
}

TEST_CASE("what can not be understood is one problem with its place and a cure") {
  const std::string quoted_start = "' must be in quotes\n";
  struct Row {
    std::string yaml;
    std::string problem;
  };
  const std::vector<Row> rows{
      {"a: 1\n---\nb: 2\n",
       "f:2:1: a second YAML document begins here; a configuration is one document\n"},
      {"a: 1\n---\n",
       "f:2:1: a second YAML document begins here; a configuration is one document\n"},
      {"- a\nb: 1\n",
       "f:2:1: a second YAML document begins here; a configuration is one document\n"},
      {"a:\n\tb: 1\n", "f:2:3: a tab indents this line; YAML wants spaces\n"},
      {"s: */5 * * * *\n",
       "f:1:4: text that begins with '*' must be in quotes (bare, it is an alias, and no anchor of "
       "that name stands above)\n"},
      {"s: * 2 * * *\n",
       "f:1:5: text that begins with '*' must be in quotes (bare, it is an alias, and no anchor of "
       "that name stands above)\n"},
      {"s: **/x\n",
       "f:1:4: text that begins with '*' must be in quotes (bare, it is an alias, and no anchor of "
       "that name stands above)\n"},
      {"a: 'x", "f:1:6: the file ends inside quotes\n"},
      {"s: [*.tmp]\n",
       "f:1:5: text that begins with '*' must be in quotes (bare, it is an alias, and no anchor of "
       "that name stands above)\n"},
      {"s: @daily\n", "f:1:4: text that begins with '@" + quoted_start},
      {"s: `x`\n", "f:1:4: text that begins with '`" + quoted_start},
      {"s: %x\n", "f:1:4: text that begins with '%" + quoted_start},
      {"a: b: c\n",
       "f:1:5: a ':' can't stand here; check the indentation, have a blank behind the ':' of each "
       "key, put text that holds ': ' in quotes\n"},
      {"a:\n  - 1\n b: 2\n",
       "f:3:2: this line does not fit the ones above; check its indentation\n"},
      {"a: 1\n- b\n", "f:2:1: this line does not fit the ones above; check its indentation\n"},
      {"a: [1, 2\nb: 3\n", "f:2:2: a '[' before this is not closed, or a ',' is missing\n"},
      {"a: {b: 1\nc: 2\n", "f:2:2: a '{' before this is not closed, or a ',' is missing\n"},
      {"a: }\n", "f:1:4: this bracket closes nothing\n"},
      {"a: - b\n", "f:1:4: a list item can't begin here; put it on a line of its own\n"},
      {"a: \"\\q\"\n", "f:1:7: not YAML: unknown escape character: q\n"},
      {"a: 1\nb: 'x\nc: 2\n", "f:2:4: the quote that opens here is never closed\n"},
      {"a: 1\nb: 'it''s\nc: 2\n", "f:2:4: the quote that opens here is never closed\n"},
      {"a: \"x\\\"\n", "f:1:4: the quote that opens here is never closed\n"},
      {"a: &x !!str \"x\n", "f:1:4: the quote that opens here is never closed\n"},
      {"a: &x [*x]\n", "f:1:8: this alias stands inside the very value it stands for\n"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.yaml);
    const Outcome result = outcome(row.yaml);
    CHECK_FALSE(result.understood);
    CHECK(result.problems == row.problem);
  }
}

TEST_CASE("what is wrong inside a tree does not keep the rest from being read") {
  struct Row {
    std::string yaml;
    std::string problems;
    std::string tree;
  };
  const std::string tag =
      " is a YAML tag, which means nothing here; put text that begins with '!' in quotes\n";
  const std::vector<Row> rows{
      {"a: 1\nb: 2\na: 3\na: 4\n",
       "f:3:1: the key 'a' appears twice; the first is at line 1, column 1\n"
       "f:4:1: the key 'a' appears twice; the first is at line 1, column 1\n",
       "{a: 1, b: 2}"},
      {"x: {p: 1, 'p': 2}\n",
       "f:1:11: the key 'p' appears twice; the first is at line 1, column 5\n", "{x: {p: 1}}"},
      {"? [a]\n: 1\nb: 2\n", "f:1:3: a key must be text, not a list\n", "{b: 2}"},
      {"~: 1\nb: 2\n", "f:1:1: a key must be text, not nothing\n", "{b: 2}"},
      {"a: !secret x\nb: !!binary eA==\n",
       "f:1:4: bare, '!secret'" + tag + "f:2:4: bare, 'tag:yaml.org,2002:binary'" + tag,
       "{a: x, b: eA==}"},
      {"a:\n- b\n- !keep.tmp\n", "f:3:3: bare, '!keep.tmp'" + tag, "{a: [b, ]}"},
      {"a: !map {}\n", "f:1:4: bare, '!map'" + tag, "{a: {}}"},
      {"a: {<<: 1}\n", "f:1:9: '<<' takes a mapping or a list of mappings, not a single value\n",
       "{a: {}}"},
      {"a: {<<: [{p: 1}, [2]]}\n",
       "f:1:18: '<<' takes a mapping or a list of mappings, not a list\n", "{a: {p: 1}}"},
      {"a:\n  <<: {p: 1}\n  <<: {q: 2}\n",
       "f:3:3: '<<' appears twice; give one '<<' a list: <<: [*first, *second]\n",
       "{a: {p: 1, q: 2}}"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.yaml);
    settings::Problems problems;
    const auto node = parse_yaml(row.yaml, "f", problems);
    REQUIRE(node);
    CHECK(problems.to_string() == row.problems);
    CHECK(dump(*node) == row.tree);
  }
}

TEST_CASE("a billion laughs end early") {
  std::string laughs = "a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before;
    for (int j = 1; j < 10; ++j) laughs += ", " + before;
    laughs += "]\n";
  }
  const Outcome result = outcome(laughs);
  CHECK_FALSE(result.understood);
  CHECK_THAT(result.problems, test::ContainsText("f:6:"));
  CHECK_THAT(result.problems, test::ContainsText("more than 1000000 values, aliases expanded"));
}

TEST_CASE("a billion laughs through merge keys end early") {
  std::string laughs = "a0: &a0 {k: [1, 2, 3, 4, 5, 6, 7, 8, 9]}\n";
  for (int i = 1; i < 40; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " {x: " + before +
              ", y: " + before + ", <<: " + before + "}\n";
  }
  const Outcome result = outcome(laughs);
  CHECK_FALSE(result.understood);
  CHECK_THAT(result.problems, test::ContainsText("more than 1000000 values"));
}

TEST_CASE("anchors inside anchors are bounded") {
  const auto nested = [](int levels) {
    std::string text;
    for (int i = 0; i < levels; ++i) text += "&a" + std::to_string(i) + " [";
    for (int i = 0; i < 20'000; ++i) text += "x,";
    return text + std::string(static_cast<std::size_t>(levels), ']');
  };
  CHECK(outcome(nested(40)).problems == "");
  CHECK_THAT(outcome(nested(60)).problems, test::ContainsText("more than 1000000 values"));
}

TEST_CASE("nesting ends at 64 levels") {
  const auto nested = [](std::size_t levels) {
    return std::string(levels, '[') + std::string(levels, ']');
  };
  CHECK(outcome(nested(kDeepest)).problems == "");
  CHECK_THAT(outcome(nested(kDeepest + 1)).problems,
             test::ContainsText("f:1:65: more than 64 levels of nesting"));
  CHECK_THAT(outcome(std::string(100'000, '[')).problems,
             test::ContainsText("more than 64 levels of nesting"));
  std::string keys;
  for (int i = 0; i < 5000; ++i) keys += "? ";
  CHECK_THAT(outcome(keys).problems, test::ContainsText("more than 64 levels of nesting"));
}

TEST_CASE("aliases count as deep as what they stand for") {
  const auto text = [](std::size_t levels) {
    return "a: &x " + std::string(30, '[') + std::string(30, ']') +
           "\nb: " + std::string(levels, '[') + "*x" + std::string(levels, ']') + "\n";
  };
  CHECK(outcome(text(33)).problems == "");
  CHECK_THAT(outcome(text(34)).problems, test::ContainsText("more than 64 levels"));
}

TEST_CASE("bytes that are no text are refused before a parser sees them") {
  using namespace std::string_literals;
  struct Row {
    std::string text;
    std::string problem;
  };
  const std::vector<Row> rows{
      {"a: 1\nb\0c"s, "f:2:2: a NUL byte stands here; this is not a text file\n"},
      {"a: gr\xFC\xDF",
       "f:1:6: the byte \\xfc is not UTF-8; save the file in the encoding UTF-8\n"},
      {"\xFF\xFE"
       "a",
       "f:1:1: the byte \\xff is not UTF-8; save the file in the encoding UTF-8\n"},
      // Overlong, a surrogate, above U+10FFFF, cut short.
      {"\xC0\xAF", "f:1:1: the byte \\xc0 is not UTF-8; save the file in the encoding UTF-8\n"},
      {"\xE0\x9F\xBF", "f:1:1: the byte \\xe0 is not UTF-8; save the file in the encoding UTF-8\n"},
      {"\xED\xA0\x80", "f:1:1: the byte \\xed is not UTF-8; save the file in the encoding UTF-8\n"},
      {"\xF0\x8F\xBF\xBF",
       "f:1:1: the byte \\xf0 is not UTF-8; save the file in the encoding UTF-8\n"},
      {"\xF4\x90\x80\x80",
       "f:1:1: the byte \\xf4 is not UTF-8; save the file in the encoding UTF-8\n"},
      {"\n\xE2\x82", "f:2:1: the byte \\xe2 is not UTF-8; save the file in the encoding UTF-8\n"},
      {"ok\n" + std::string(kLongestLine + 1, 'a'),
       "f:2:1: a line may have at most 1 MiB; break this one up\n"},
  };
  for (const Row& row : rows) {
    const Outcome result = outcome(row.text);
    CHECK_FALSE(result.understood);
    CHECK(result.problems == row.problem);
  }
  settings::Problems problems;
  CHECK(
      check_plain_text("\x7F ß € \xF0\x90\x80\x80 \xF4\x8F\xBF\xBF \xEE\x80\x80\n", "f", problems));
  std::string longest(kLongestLine, 'a');
  longest += '\n';
  CHECK(check_plain_text(longest, "f", problems));
  CHECK(problems.empty());
}
