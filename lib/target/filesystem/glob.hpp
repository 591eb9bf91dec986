// A shell pattern over the bytes of a path, compiled once and matched without recursion.
//
//   *      any bytes but '/'           ?      one byte but '/'
//   [a-z]  one byte of a set           [!a-z] or [^a-z]  one byte not in it, never '/'
//   \x     x itself
//   **     as a whole component: any number of components ("a/**/b" matches "a/b" and "a/x/y/b"),
//          at the end at least one ("a/**" matches all below a, but not a). Elsewhere as one *.
//
// Matching takes at most (length of pattern) × (length of text) steps per component, whatever the
// pattern: only the last '*' and the last '**' are ever tried again. That is enough because a '*'
// cannot leave its component. Immutable after construction; any thread.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::target {

class Glob {
 public:
  // `before` stands literally before the pattern. Throws ConfigError whose why() says what is wrong
  // with the pattern: "has a '[' without its ']'".
  explicit Glob(std::string_view pattern, std::string_view before = {});

  [[nodiscard]] bool matches(std::string_view text) const;

 private:
  enum class Op : std::uint8_t { byte, any, set, star, components, rest };
  struct Token {
    Op op;
    unsigned char byte = 0;
    std::uint32_t set = 0;  // index into sets_
  };

  std::size_t parse_stars(std::string_view pattern, std::size_t at);
  std::size_t parse_set(std::string_view pattern, std::size_t at);
  void find_fast_path(std::string_view before);
  [[nodiscard]] bool accepts(const Token& token, char c) const;
  [[nodiscard]] bool matches_tokens(std::string_view text) const;

  // Most patterns are "name", "*.ext" or "literal/…/": what stands literally at the start is
  // compared as a whole, and so is what follows a single '*'.
  std::string prefix_;
  std::vector<Token> tokens_;
  bool suffix_only_ = false;  // tokens_ are one star, then suffix_
  std::string suffix_;
  std::vector<std::bitset<256>> sets_;
};

}  // namespace snapshotter::target
