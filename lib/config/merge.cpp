#include "config/merge.hpp"

#include <string_view>
#include <unordered_map>
#include <utility>

namespace snapshotter::config {
namespace {

using settings::Node;

// From here on an index pays: joining two files of thousands of jobs would take quadratic time.
constexpr std::size_t kManyMembers = 16;

using Index = std::unordered_map<std::string, std::size_t>;

bool is_joined(const Node& base, const Node& over) {
  return base.kind == Node::Kind::mapping &&
         (over.kind == Node::Kind::mapping || over.kind == Node::Kind::null);
}

Index index_of(const Node& mapping) {
  Index index;
  for (std::size_t i = 0; i < mapping.members.size(); ++i) index.emplace(mapping.members[i].key, i);
  return index;
}

Node::Member* find(Node& mapping, const Index* index, const std::string& key) {
  if (index != nullptr) {
    const auto found = index->find(key);
    return found == index->end() ? nullptr : &mapping.members[found->second];
  }
  for (Node::Member& member : mapping.members) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

}  // namespace

void merge(Node& base, Node over) {
  if (!is_joined(base, over)) {
    base = std::move(over);
    return;
  }
  const bool many = over.members.size() > kManyMembers;
  const Index index = many ? index_of(base) : Index{};
  // Keys are unique within `over`, so what is added below need not be found again.
  for (Node::Member& member : over.members) {
    if (Node::Member* present = find(base, many ? &index : nullptr, member.key)) {
      if (!is_joined(present->value, member.value)) present->where = std::move(member.where);
      merge(present->value, std::move(member.value));
    } else {
      base.members.push_back(std::move(member));
    }
  }
}

}  // namespace snapshotter::config
