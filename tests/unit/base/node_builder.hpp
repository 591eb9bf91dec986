// Trees of settings written by hand, each node with a place of its own in "test.yaml".
#pragma once

#include "base/settings.hpp"

#include <initializer_list>
#include <string>
#include <utility>

namespace snapshotter::settings {

inline Node null(int line = 1) {
  return {Node::Kind::null, {"test.yaml", line, 1}, {}, false, false, {}, {}};
}

inline Node plain(std::string text, int line = 1) {
  return {Node::Kind::scalar, {"test.yaml", line, 10}, std::move(text), false, false, {}, {}};
}

inline Node quoted(std::string text, int line = 1) {
  Node node = plain(std::move(text), line);
  node.quoted = true;
  return node;
}

inline Node interpolated(std::string text, int line = 1) {
  Node node = plain(std::move(text), line);
  node.interpolated = true;
  return node;
}

inline Node list(std::initializer_list<Node> items, int line = 1) {
  return {Node::Kind::sequence, {"test.yaml", line, 10}, {}, false, false, items, {}};
}

// Each key stands in the line of its value.
inline Node mapping(std::initializer_list<std::pair<std::string, Node>> members, int line = 1) {
  Node node{Node::Kind::mapping, {"test.yaml", line, 3}, {}, false, false, {}, {}};
  for (const auto& [key, value] : members) {
    node.members.push_back({key, {"test.yaml", value.where.line, 3}, value});
  }
  return node;
}

}  // namespace snapshotter::settings
