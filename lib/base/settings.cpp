#include "base/settings.hpp"

#include <algorithm>
#include <tuple>

namespace snapshotter::settings {

std::string to_string(const Location& where) {
  std::string text = where.file;
  if (where.line > 0) text += ":" + std::to_string(where.line);
  if (where.line > 0 && where.column > 0) text += ":" + std::to_string(where.column);
  return text;
}

void Problems::add(Location where, std::string message) {
  list_.push_back({std::move(where), std::move(message)});
}

std::vector<Problem> Problems::sorted() const {
  std::vector<Problem> result = list_;
  std::stable_sort(result.begin(), result.end(), [](const Problem& a, const Problem& b) {
    return std::tie(a.where.file, a.where.line, a.where.column) <
           std::tie(b.where.file, b.where.line, b.where.column);
  });
  return result;
}

std::string Problems::to_string() const {
  std::string text;
  for (const Problem& problem : sorted()) {
    text += settings::to_string(problem.where) + ": " + problem.message + "\n";
  }
  return text;
}

void Problems::note_literal_secret(Location where) { literal_secrets_.push_back(std::move(where)); }

const Node* Node::find(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

std::string_view describe(Node::Kind kind) {
  switch (kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::scalar:
      return "a single value";
    case Node::Kind::sequence:
      return "a list";
    case Node::Kind::mapping:
      return "a mapping";
  }
  return "something unknown";
}

}  // namespace snapshotter::settings
