#include "target/filesystem/glob.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <utility>

namespace snapshotter::target {
namespace {

[[noreturn]] void refuse(std::string_view pattern, std::string why) {
  throw ConfigError({"use pattern", printable(pattern), std::move(why)});
}

std::size_t index(char c) { return static_cast<unsigned char>(c); }

}  // namespace

Glob::Glob(std::string_view pattern, std::string_view before) {
  for (std::size_t at = 0; at < pattern.size();) {
    char c = pattern[at];
    if (c == '*') {
      at = parse_stars(pattern, at);
    } else if (c == '[') {
      at = parse_set(pattern, at);
    } else if (c == '?') {
      tokens_.push_back({Op::any});
      ++at;
    } else {
      if (c == '\\') {
        if (++at == pattern.size()) refuse(pattern, "ends in a '\\' that escapes nothing");
        c = pattern[at];
      }
      tokens_.push_back({Op::byte, static_cast<unsigned char>(c)});
      ++at;
    }
  }
  find_fast_path(before);
}

std::size_t Glob::parse_stars(std::string_view pattern, std::size_t at) {
  const std::size_t end = std::min(pattern.find_first_not_of('*', at), pattern.size());
  const bool starts = at == 0 || pattern[at - 1] == '/';
  const bool ends = end == pattern.size() || pattern[end] == '/';
  if (end - at != 2 || !starts || !ends) {
    tokens_.push_back({Op::star});
    return end;
  }
  if (end == pattern.size()) {
    tokens_.push_back({Op::rest});
    return end;
  }
  tokens_.push_back({Op::components});  // takes the '/' behind it along
  return end + 1;
}

std::size_t Glob::parse_set(std::string_view pattern, std::size_t at) {
  const auto next = [&]() -> char {
    if (++at >= pattern.size() || pattern[at] == '/') refuse(pattern, "has a '[' without its ']'");
    return pattern[at];
  };
  const auto member = [&](char c) { return c == '\\' ? next() : c; };

  std::bitset<256> set;
  char c = next();
  const bool negated = c == '!' || c == '^';
  if (negated) c = next();
  bool first = true;
  while (c != ']' || std::exchange(first, false)) {
    if (c == '[' && at + 1 < pattern.size() && pattern[at + 1] == ':') {
      refuse(pattern, "names a class of characters; write it out, such as [0-9]");
    }
    first = false;
    const char low = member(c);
    char high = low;
    c = next();
    if (c == '-' && at + 1 < pattern.size() && pattern[at + 1] != ']') {
      high = member(next());
      c = next();
    }
    if (index(low) > index(high)) refuse(pattern, "has a range whose end is before its start");
    for (std::size_t i = index(low); i <= index(high); ++i) set.set(i);
  }
  if (negated) set.flip();
  set.reset(index('/'));
  tokens_.push_back({Op::set, 0, static_cast<std::uint32_t>(sets_.size())});
  sets_.push_back(set);
  return at + 1;
}

void Glob::find_fast_path(std::string_view before) {
  const auto is_byte = [](const Token& token) { return token.op == Op::byte; };
  const auto wild = std::find_if_not(tokens_.begin(), tokens_.end(), is_byte);
  prefix_ = before;
  for (auto token = tokens_.begin(); token != wild; ++token) {
    prefix_ += static_cast<char>(token->byte);
  }
  tokens_.erase(tokens_.begin(), wild);

  if (tokens_.empty() || tokens_.front().op != Op::star) return;
  if (!std::all_of(tokens_.begin() + 1, tokens_.end(), is_byte)) return;
  for (auto token = tokens_.begin() + 1; token != tokens_.end(); ++token) {
    suffix_ += static_cast<char>(token->byte);
  }
  suffix_only_ = suffix_.find('/') == std::string::npos;
}

bool Glob::matches(std::string_view text) const {
  if (!text.starts_with(prefix_)) return false;
  text.remove_prefix(prefix_.size());
  if (tokens_.empty()) return text.empty();
  if (suffix_only_) return text.ends_with(suffix_) && text.find('/') == std::string_view::npos;
  return matches_tokens(text);
}

bool Glob::accepts(const Token& token, char c) const {
  switch (token.op) {
    case Op::byte:
      return token.byte == static_cast<unsigned char>(c);
    case Op::any:
      return c != '/';
    case Op::set:
      return sets_[token.set].test(index(c));
    default:
      return false;
  }
}

bool Glob::matches_tokens(std::string_view text) const {
  constexpr std::size_t kNone = std::string_view::npos;
  std::size_t token = 0, at = 0;
  // Where to go on when what follows the last star, or the last '**', does not fit: the token
  // behind it, and the text it has not taken yet.
  std::size_t star = kNone, star_at = 0;
  std::size_t deep = kNone, deep_at = 0;
  while (at < text.size()) {
    const Op op = token < tokens_.size() ? tokens_[token].op : Op::byte;
    if (op == Op::rest) return true;
    if (op == Op::star) {
      star = ++token;
      star_at = at;
    } else if (op == Op::components) {
      deep = ++token;
      deep_at = at;
      star = kNone;
    } else if (token < tokens_.size() && accepts(tokens_[token], text[at])) {
      ++token;
      ++at;
    } else if (star != kNone && text[star_at] != '/') {
      token = star;
      at = ++star_at;
    } else if (deep != kNone) {
      deep_at = text.find('/', deep_at);
      if (deep_at == kNone) return false;
      token = deep;
      at = ++deep_at;
      star = kNone;
    } else {
      return false;
    }
  }
  const auto takes_nothing = [](const Token& it) {
    return it.op == Op::star || it.op == Op::components;
  };
  while (token < tokens_.size() && takes_nothing(tokens_[token])) ++token;
  return token == tokens_.size();
}

}  // namespace snapshotter::target
