// A configuration document as a tree of nodes that know where they were written, and typed reading
// of it. The YAML parser fills the tree (lib/config); target types, stores and notifiers read their
// own keys from it, without knowing YAML. Tests build trees by hand.
//
// Nothing here throws for bad input: every problem is added to Problems, reading goes on with the
// default, and the caller looks at Problems when all has been read. So one look at a file reports
// everything that is wrong with it.
#pragma once

#include "base/secret.hpp"
#include "base/time.hpp"
#include "base/units.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace snapshotter::settings {

struct Location {
  std::string file;
  int line = 0;    // from 1; 0: unknown
  int column = 0;  // from 1
};
[[nodiscard]] std::string to_string(const Location& where);  // "file:line:column", as far as known

struct Problem {
  Location where;
  std::string message;
};

class Problems {
 public:
  void add(Location where, std::string message);
  [[nodiscard]] bool empty() const noexcept { return list_.empty(); }
  // In the order of file, line and column; as added where these are equal.
  [[nodiscard]] std::vector<Problem> sorted() const;
  // One "file:line:column: message" a line.
  [[nodiscard]] std::string to_string() const;

  // Where secrets stand literally in the file instead of coming out of ${}. Not a problem by
  // itself: the loader refuses them in a file that others can read.
  void note_literal_secret(Location where);
  [[nodiscard]] const std::vector<Location>& literal_secrets() const noexcept {
    return literal_secrets_;
  }

 private:
  std::vector<Problem> list_;
  std::vector<Location> literal_secrets_;
};

struct Node {
  enum class Kind { null, scalar, sequence, mapping };
  struct Member;

  Kind kind = Kind::null;
  Location where;
  std::string scalar;           // Kind::scalar, after ${} has been replaced
  bool quoted = false;          // a quoted scalar is always text
  bool interpolated = false;    // some of its text came out of ${}: not a literal secret
  std::vector<Node> items;      // Kind::sequence
  std::vector<Member> members;  // Kind::mapping, in written order

  [[nodiscard]] const Node* find(std::string_view key) const;
};
struct Node::Member {
  std::string key;
  Location where;
  Node value;
};

[[nodiscard]] std::string_view describe(Node::Kind kind);  // "a mapping", "a list", …

// Reads one mapping. Each getter marks its key as known; finish() reports the keys that nobody
// asked for, with the nearest known one as a suggestion. A missing optional key gives nullopt or
// the default and no problem; a missing required one is reported once. A key with nothing behind it
// is an empty list or mapping where one may stand (all of it may be commented out), else a problem.
//
// Messages quote the value that was wrong unless it came out of ${}: a secret may have ended up
// under the wrong key. Quoted scalars ("5") are refused as numbers and booleans unless ${} is in
// them. The node must outlive the section.
class Section {
 public:
  // `what` names the mapping in messages: "target 'app-db'".
  Section(const Node& node, std::string what, Problems& problems);

  [[nodiscard]] std::optional<std::string> text(std::string_view key);
  // Any scalar. Its value is in no message; a literal one is noted in Problems.
  [[nodiscard]] std::optional<Secret> secret(std::string_view key);
  // true or false, as in YAML 1.2.
  [[nodiscard]] std::optional<bool> boolean(std::string_view key);
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key, std::int64_t min,
                                                    std::int64_t max);
  [[nodiscard]] std::optional<double> fraction(std::string_view key);  // "0.5", "50%"; 0…1
  [[nodiscard]] std::optional<ByteSize> size(std::string_view key);
  [[nodiscard]] std::optional<Duration> duration(std::string_view key);
  // A list of scalars; a single scalar is a list of one.
  [[nodiscard]] std::vector<std::string> texts(std::string_view key);
  // One of `choices`; anything else is reported with a suggestion.
  [[nodiscard]] std::optional<std::string> choice(std::string_view key,
                                                  const std::vector<std::string>& choices);
  [[nodiscard]] std::string required_text(std::string_view key);
  // An absolute path, normalised ("/a//b/./c/" → "/a/b/c"); ".." is refused.
  [[nodiscard]] std::optional<std::string> path(std::string_view key);
  [[nodiscard]] std::vector<std::string> paths(std::string_view key);
  // The raw value, marked as known.
  [[nodiscard]] const Node* node(std::string_view key);
  // A mapping below this one, or nullopt.
  [[nodiscard]] std::optional<Section> section(std::string_view key);

  [[nodiscard]] Location where() const { return node_->where; }
  // The place of a key's value, or of the mapping when the key is absent.
  [[nodiscard]] Location where(std::string_view key) const;
  [[nodiscard]] const std::string& what() const noexcept { return what_; }
  [[nodiscard]] Problems& problems() const noexcept { return *problems_; }
  // Adds "WHAT: 'KEY' MESSAGE" at the key's value: problem("url", "must begin with https://").
  // Without a key it is "WHAT: MESSAGE" at the mapping.
  void problem(std::string_view key, std::string message);
  // Reports "WHAT needs 'KEY'" when the key is absent or has no value.
  void require(std::string_view key);

  void finish();

 private:
  const Node* scalar(std::string_view key);
  std::vector<const Node*> list(std::string_view key);
  template <class Value, class Parse>
  std::optional<Value> parsed(std::string_view key, std::string_view expected, Parse parse);

  const Node* node_;
  std::string what_;
  Problems* problems_;
  std::vector<std::string> known_;
};

}  // namespace snapshotter::settings
