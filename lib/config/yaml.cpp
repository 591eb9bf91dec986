#include "config/yaml.hpp"

#include "base/text.hpp"
#include "config/plain_text.hpp"
#include "config/yaml_hints.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <sstream>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace snapshotter::config {
namespace {

using settings::Location;
using settings::Node;

// Thrown out of the parser's callbacks when the text can't be read any further.
struct Refused {
  Location where;
  std::string message;
};

std::string quote(std::string_view text) { return "'" + printable(text) + "'"; }

std::string line_and_column(const Location& where) {
  return "line " + std::to_string(where.line) + ", column " + std::to_string(where.column);
}

// What a tag makes of a value; yaml-cpp gives "?" to plain values without one, "!" to quoted ones.
enum class Tag { plain, text, unknown };
Tag classify(const std::string& tag, bool scalar) {
  static constexpr std::string_view kCore = "tag:yaml.org,2002:";
  if (tag.empty() || tag == "?") return Tag::plain;
  if (tag == "!") return Tag::text;
  if (tag.rfind(kCore, 0) != 0) return Tag::unknown;
  const std::string_view type = std::string_view(tag).substr(kCore.size());
  if (!scalar) return type == "map" || type == "seq" ? Tag::plain : Tag::unknown;
  if (type == "str") return Tag::text;
  return type == "int" || type == "float" || type == "bool" ? Tag::plain : Tag::unknown;
}

// Builds the tree from the parser's events, and refuses what would make it endless.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view text, const std::string& file, settings::Problems& problems)
      : text_(text), file_(file), problems_(problems) {
    root_.where = {file_, 1, 1};
  }

  [[nodiscard]] Node take_root() { return std::move(root_); }
  [[nodiscard]] Location location(const YAML::Mark& mark) const {
    if (mark.is_null()) return {file_, 0, 0};
    return {file_, mark.line + 1, mark.column + 1};
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    throw Refused{location(mark),
                  "a second YAML document begins here; a configuration is one document"};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    count(mark);
    add({Node{Node::Kind::null, location(mark), {}, false, false, {}, {}}, anchor, 1, 0, true});
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    count(mark);
    const bool text = check_tag(mark, tag, true) == Tag::text;
    if (text && !is_quote_closed(text_, static_cast<std::size_t>(mark.pos))) {
      throw Refused{location(mark), "the quote that opens here is never closed"};
    }
    add({Node{Node::Kind::scalar, location(mark), value, text, false, {}, {}}, anchor, 1, 0,
         false});
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) {
      throw Refused{location(mark), "this alias stands inside the very value it stands for"};
    }
    const Value& value = found->second;
    check_depth(mark, value.height);
    count(mark, value.nodes);
    add({value.node, 0, value.nodes, value.height, false});
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(Node::Kind::sequence, mark, tag, anchor, style);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(Node::Kind::mapping, mark, tag, anchor, style);
  }
  void OnMapEnd() override {
    drop_duplicates(open_.back().value.node);
    merge(open_.back());
    close();
  }

 private:
  struct Value {
    Node node;
    YAML::anchor_t anchor = 0;
    std::size_t nodes = 0;   // in it, itself included
    std::size_t height = 0;  // levels of lists and mappings in it
    bool at_key = false;     // as a member's value it is where its key is
  };
  struct Key {
    enum class Use { member, merge, refused } use = Use::member;
    Location where;
    std::string text;
  };
  // A list or mapping that has begun and not ended.
  struct Open {
    Value value;
    std::size_t nodes_before = 0;
    std::optional<Key> key;    // of a mapping: read, its value not yet
    std::vector<Node> merged;  // of a mapping: the values of `<<`
  };

  void count(const YAML::Mark& mark, std::size_t nodes = 1) {
    nodes_ += nodes;
    check_total(nodes_, location(mark));
  }

  static void check_total(std::size_t nodes, const Location& where) {
    if (nodes <= kMostNodes) return;
    throw Refused{where, "more than " + std::to_string(kMostNodes) +
                             " values, aliases expanded; a configuration has fewer"};
  }

  void check_depth(const YAML::Mark& mark, std::size_t height) {
    if (open_.size() + height <= kDeepest) return;
    throw Refused{location(mark), "more than " + std::to_string(kDeepest) +
                                      " levels of nesting; a configuration has fewer"};
  }

  Tag check_tag(const YAML::Mark& mark, const std::string& tag, bool scalar) {
    const Tag kind = classify(tag, scalar);
    if (kind == Tag::unknown) {
      problems_.add(location(mark), "bare, " + quote(tag) +
                                        " is a YAML tag, which means nothing here; put text that "
                                        "begins with '!' in quotes");
    }
    return kind;
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YAML::EmitterStyle::value style) {
    Open begun;
    begun.nodes_before = nodes_;
    count(mark);
    check_depth(mark, 1);
    check_tag(mark, tag, false);
    begun.value.node.kind = kind;
    begun.value.node.where = location(mark);
    begun.value.anchor = anchor;
    begun.value.height = 1;
    begun.value.at_key = style != YAML::EmitterStyle::Flow;
    open_.push_back(std::move(begun));
  }

  void close() {
    Open ended = std::move(open_.back());
    open_.pop_back();
    ended.value.nodes = nodes_ - ended.nodes_before;
    add(std::move(ended.value));
  }

  void add(Value value) {
    if (value.at_key && !open_.empty() && open_.back().key) {
      value.node.where = open_.back().key->where;
    }
    if (value.anchor != 0) remember(value);
    if (open_.empty()) {
      root_ = std::move(value.node);
      return;
    }
    Open& parent = open_.back();
    parent.value.height = std::max(parent.value.height, value.height + 1);
    if (parent.value.node.kind == Node::Kind::sequence) {
      parent.value.node.items.push_back(std::move(value.node));
    } else if (!parent.key) {
      parent.key = make_key(std::move(value.node));
    } else {
      add_member(parent, std::move(value.node));
    }
  }

  // Anchors inside anchors are kept twice, which adds up.
  void remember(const Value& value) {
    remembered_ += value.nodes;
    check_total(remembered_, value.node.where);
    anchors_[value.anchor] = value;
  }

  Key make_key(Node node) {
    if (node.kind != Node::Kind::scalar) {
      problems_.add(node.where,
                    "a key must be text, not " + std::string(settings::describe(node.kind)));
      return {Key::Use::refused, std::move(node.where), {}};
    }
    const bool merges = node.scalar == "<<" && !node.quoted;
    return {merges ? Key::Use::merge : Key::Use::member, std::move(node.where),
            std::move(node.scalar)};
  }

  void add_member(Open& mapping, Node value) {
    Key key = *std::exchange(mapping.key, std::nullopt);
    if (key.use == Key::Use::member) {
      mapping.value.node.members.push_back(
          {std::move(key.text), std::move(key.where), std::move(value)});
    } else if (key.use == Key::Use::merge) {
      if (!mapping.merged.empty()) {
        problems_.add(key.where, "'<<' appears twice; give one '<<' a list: <<: [*first, *second]");
      }
      mapping.merged.push_back(std::move(value));
    }
  }

  // The first of equal keys stays.
  void drop_duplicates(Node& mapping) {
    std::unordered_map<std::string_view, const Node::Member*> seen;
    seen.reserve(mapping.members.size());
    for (const Node::Member& member : mapping.members) {
      const auto [first, added] = seen.emplace(member.key, &member);
      if (added) continue;
      problems_.add(member.where, "the key " + quote(member.key) +
                                      " appears twice; the first is at " +
                                      line_and_column(first->second->where));
    }
    if (seen.size() == mapping.members.size()) return;
    std::vector<Node::Member> kept;
    for (const Node::Member& member : mapping.members) {
      if (seen.at(member.key) == &member) kept.push_back(member);
    }
    mapping.members = std::move(kept);
  }

  void merge(Open& mapping) {
    if (mapping.merged.empty()) return;
    std::unordered_set<std::string> present;
    for (const Node::Member& member : mapping.value.node.members) present.insert(member.key);
    const auto take = [&](Node& source) {
      if (source.kind != Node::Kind::mapping) {
        problems_.add(source.where, "'<<' takes a mapping or a list of mappings, not " +
                                        std::string(settings::describe(source.kind)));
      }
      for (Node::Member& member : source.members) {
        if (!present.insert(member.key).second) continue;
        mapping.value.node.members.push_back(std::move(member));
      }
    };
    for (Node& source : mapping.merged) {
      if (source.kind != Node::Kind::sequence) {
        take(source);
      } else {
        for (Node& item : source.items) take(item);
      }
    }
  }

  std::string_view text_;
  const std::string& file_;
  settings::Problems& problems_;
  Node root_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, Value> anchors_;
  std::size_t nodes_ = 0;
  std::size_t remembered_ = 0;  // nodes in anchors_
  int documents_ = 0;
};

// yaml-cpp speaks of its grammar; these are the same statements about the file.
std::string plain_words(const std::string& message) {
  namespace said = YAML::ErrorMsg;
  static constexpr std::string_view kIndentation =
      "this line does not fit the ones above; check its indentation";
  static const std::array<std::pair<const char*, std::string_view>, 9> kWords{{
      {said::MAP_VALUE,
       "a ':' can't stand here; check the indentation, have a blank behind the ':' of each key, "
       "put text that holds ': ' in quotes"},
      {said::END_OF_MAP, kIndentation},
      {said::END_OF_SEQ, kIndentation},
      {said::MAP_KEY, kIndentation},
      {said::BLOCK_ENTRY, "a list item can't begin here; put it on a line of its own"},
      {said::END_OF_MAP_FLOW, "a '{' before this is not closed, or a ',' is missing"},
      {said::END_OF_SEQ_FLOW, "a '[' before this is not closed, or a ',' is missing"},
      {said::FLOW_END, "this bracket closes nothing"},
      {said::EOF_IN_SCALAR, "the file ends inside quotes"},
  }};
  for (const auto& [from, to] : kWords) {
    if (message == from) return std::string(to);
  }
  return "not YAML: " + printable(message);
}

std::string explain(const YAML::Exception& error, std::string_view text) {
  if (error.mark.is_null()) return plain_words(error.msg);
  const auto hint = hint_at(text, static_cast<std::size_t>(error.mark.pos));
  return hint ? *hint : plain_words(error.msg);
}

}  // namespace

std::optional<Node> parse_yaml(std::string_view text, const std::string& file,
                               settings::Problems& problems) {
  if (!check_plain_text(text, file, problems)) return std::nullopt;
  // yaml-cpp would skip a byte order mark too, but count it into its offsets.
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  TreeBuilder builder(text, file, problems);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
    return builder.take_root();
  } catch (const Refused& refused) {
    problems.add(refused.where, refused.message);
  } catch (const YAML::Exception& error) {
    problems.add(builder.location(error.mark), explain(error, text));
  }
  return std::nullopt;
}

}  // namespace snapshotter::config
