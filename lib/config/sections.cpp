#include "config/sections.hpp"

#include "base/text.hpp"
#include "store/backup_key.hpp"

#include <algorithm>

namespace snapshotter::config {
namespace {

using settings::Node;
using settings::Section;

// Longer lists of what there is do not help to find what was meant.
constexpr std::size_t kMostListed = 10;

std::string quote(std::string_view text) { return "'" + printable(text) + "'"; }

}  // namespace

Names::Names(std::string kind, const Node* mapping) : kind_(std::move(kind)) {
  if (mapping == nullptr) return;
  for (const Node::Member& member : mapping->members) names_.push_back(member.key);
  std::sort(names_.begin(), names_.end());
}

bool Names::contains(std::string_view name) const {
  return std::binary_search(names_.begin(), names_.end(), name, std::less<>{});
}

std::string Names::missing(const Node& reference) const {
  const std::string text = "no " + kind_ + " " + shown(reference);
  if (names_.empty()) return text + "; the configuration has none";
  if (reference.interpolated || suggestions_left_ == 0) return text;
  --suggestions_left_;
  const std::string meant = suggestion(reference.scalar, names_);
  if (!meant.empty() || names_.size() > kMostListed) return text + meant;
  return text + "; there is " + join(names_, ", ");
}

std::string shown(const Node& node) {
  if (node.kind != Node::Kind::scalar) return std::string(settings::describe(node.kind));
  return node.interpolated ? "'${…}'" : quote(node.scalar);
}

std::vector<const Node*> scalars(const Node* list) {
  std::vector<const Node*> result;
  if (list == nullptr) return result;
  if (list->kind == Node::Kind::scalar) result.push_back(list);
  for (const Node& item : list->items) {
    if (item.kind == Node::Kind::scalar) result.push_back(&item);
  }
  return result;
}

void complain(Section& section, std::string_view complaint) {
  section.problems().add(section.where(), section.what() + " " + std::string(complaint));
}

std::string ZoneHints::suggestion(const std::string& name) {
  const auto found = known_.find(name);
  if (found != known_.end()) return found->second;
  if (known_.size() >= kMostSuggestions) return {};
  return known_.emplace(name, schedule::TimeZone::suggestion(name)).first->second;
}

std::optional<schedule::TimeZone> read_zone(Section& section, std::string_view key,
                                            ZoneHints& hints) {
  const std::optional<std::string> name = section.text(key);
  if (!name) return std::nullopt;
  std::optional<schedule::TimeZone> zone = schedule::TimeZone::load(*name);
  if (!zone) {
    const Node& value = *section.node(key);
    const std::string meant = value.interpolated ? "" : hints.suggestion(value.scalar);
    section.problems().add(value.where, section.what() + ": no time zone " + shown(value) + meant);
  }
  return zone;
}

std::optional<Duration> read_positive_duration(Section& section, std::string_view key) {
  const std::optional<Duration> duration = section.duration(key);
  if (duration == Duration::zero()) section.problem(key, "must be longer than nothing");
  return duration;
}

std::optional<ByteSize> read_positive_size(Section& section, std::string_view key) {
  const std::optional<ByteSize> size = section.size(key);
  if (size == ByteSize{}) section.problem(key, "must be larger than nothing");
  return size;
}

std::optional<ByteSize> read_bandwidth(Section& section, std::string_view key) {
  const std::optional<std::string> text = section.text(key);
  if (!text) return std::nullopt;
  std::string_view size = *text;
  if (size.ends_with("/s")) size.remove_suffix(2);
  const std::optional<ByteSize> bandwidth = parse_byte_size(size);
  if (!bandwidth) {
    section.problem(
        key, "must be bytes a second such as 50MiB or 50MiB/s, not " + shown(*section.node(key)));
  } else if (*bandwidth < kLeastBandwidth) {
    section.problem(key, "must be at least " + to_string(kLeastBandwidth) +
                             " a second; leave it out for no limit");
  }
  return bandwidth;
}

std::optional<std::uint32_t> read_count(Section& section, std::string_view key, std::uint32_t min,
                                        std::uint32_t max) {
  const std::optional<std::int64_t> number = section.integer(key, min, max);
  if (!number) return std::nullopt;
  return static_cast<std::uint32_t>(*number);
}

std::optional<std::string> read_type(Section& section, const std::vector<std::string>& types) {
  section.require("type");
  const Node* node = section.node("type");
  if (node == nullptr || node->kind == Node::Kind::null) return std::nullopt;
  std::optional<std::string> type = section.text("type");
  if (!type || std::find(types.begin(), types.end(), *type) != types.end()) return type;
  std::string text = section.what() + ": unknown type " + shown(*node);
  const std::string meant = node->interpolated ? "" : suggestion(*type, types);
  if (!meant.empty()) {
    text += meant;
  } else {
    text += types.empty() ? "; this build has none" : "; this build has: " + join(types, ", ");
  }
  section.problems().add(node->where, text);
  return std::nullopt;
}

std::vector<std::pair<std::string, Section>> read_named(Section& root, std::string_view key,
                                                        const std::string& kind) {
  std::vector<std::pair<std::string, Section>> result;
  const Node* mapping = root.node(key);
  if (mapping == nullptr) return result;
  // The constructor reports what is no mapping.
  Section(*mapping, std::string(key), root.problems());
  result.reserve(mapping->members.size());
  for (const Node::Member& member : mapping->members) {
    if (!store::is_valid_name(member.key)) {
      root.problems().add(member.where,
                          quote(member.key) + " can't be the name of a " + kind +
                              ": letters, digits, '.', '_' and '-' can, the first of them a letter "
                              "or digit, at most 64");
      continue;
    }
    Section section(member.value, kind + " " + quote(member.key), root.problems());
    const bool readable =
        member.value.kind == Node::Kind::mapping || member.value.kind == Node::Kind::null;
    if (readable) result.emplace_back(member.key, std::move(section));
  }
  return result;
}

}  // namespace snapshotter::config
