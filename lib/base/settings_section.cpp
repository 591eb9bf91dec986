#include "base/settings.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace snapshotter::settings {
namespace {

constexpr std::size_t kLongestShown = 80;

std::string quote(std::string_view text) { return "'" + printable(text) + "'"; }

// A value as a message may show it. What came out of ${} may be a secret that ended up under the
// wrong key, so it is never shown.
std::string shown(const Node& node) {
  if (node.kind != Node::Kind::scalar) return std::string(describe(node.kind));
  if (node.interpolated) return "what its ${} stands for";
  if (node.scalar.size() <= kLongestShown) return quote(node.scalar);
  return quote(node.scalar.substr(0, kLongestShown)) + " and so on";
}

// "fast, balanced or small"
std::string alternatives(const std::vector<std::string>& choices) {
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i != 0) text += i + 1 == choices.size() ? " or " : ", ";
    text += choices[i];
  }
  return text;
}

std::string range(std::int64_t min, std::int64_t max) {
  if (max == std::numeric_limits<std::int64_t>::max()) return "at least " + std::to_string(min);
  if (min == std::numeric_limits<std::int64_t>::min()) return "at most " + std::to_string(max);
  return "from " + std::to_string(min) + " to " + std::to_string(max);
}

// Quotes say "text" in YAML. Around ${} they say nothing: inside {} YAML itself demands them.
bool is_text(const Node& node) { return node.quoted && !node.interpolated; }

// What YAML 1.1 took for booleans besides true and false.
bool is_old_boolean(std::string_view text) {
  static constexpr std::array<std::string_view, 12> kWords{
      "yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF"};
  return std::find(kWords.begin(), kWords.end(), text) != kWords.end();
}

std::optional<double> parse_fraction(std::string_view text) {
  const bool percent = !text.empty() && text.back() == '%';
  if (percent) text.remove_suffix(1);
  // from_chars also knows "inf", "nan" and signs.
  if (text.find_first_not_of("0123456789.") != std::string_view::npos) return std::nullopt;
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto [after, error] = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (error != std::errc{} || after != end) return std::nullopt;
  if (percent) value /= 100;
  if (value > 1) return std::nullopt;
  return value;
}

std::optional<std::string> absolute_path(std::string_view text) {
  if (text.empty() || text.front() != '/' || text.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  std::string result;
  for (const std::string& name : split(text, '/')) {
    if (name.empty() || name == ".") continue;
    if (name == "..") return std::nullopt;
    result += "/" + name;
  }
  return result.empty() ? "/" : result;
}

constexpr std::string_view kAbsolutePath = "an absolute path without '..'";

}  // namespace

Section::Section(const Node& node, std::string what, Problems& problems)
    : node_(&node), what_(std::move(what)), problems_(&problems) {
  // A mapping whose keys are all commented out is nothing in YAML; here it is an empty mapping.
  if (node.kind == Node::Kind::scalar || node.kind == Node::Kind::sequence) {
    problems_->add(node.where, what_ + " must be a mapping, not " + shown(node));
  }
}

void Section::problem(std::string_view key, std::string message) {
  const std::string subject = key.empty() ? "" : quote(key) + " ";
  problems_->add(where(key), what_ + ": " + subject + message);
}

Location Section::where(std::string_view key) const {
  const Node* value = node_->find(key);
  return value == nullptr ? node_->where : value->where;
}

const Node* Section::node(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  return node_->find(key);
}

const Node* Section::scalar(std::string_view key) {
  const Node* value = node(key);
  if (value == nullptr || value->kind == Node::Kind::scalar) return value;
  if (value->kind == Node::Kind::null) {
    problem(key, "has no value; give one or leave the key out");
  } else {
    problem(key, "must be a single value, not " + shown(*value));
  }
  return nullptr;
}

template <class Value, class Parse>
std::optional<Value> Section::parsed(std::string_view key, std::string_view expected, Parse parse) {
  const Node* value = scalar(key);
  if (value == nullptr) return std::nullopt;
  std::optional<Value> result = parse(std::string_view(value->scalar));
  if (!result) problem(key, "must be " + std::string(expected) + ", not " + shown(*value));
  return result;
}

std::optional<std::string> Section::text(std::string_view key) {
  const Node* value = scalar(key);
  if (value == nullptr) return std::nullopt;
  return value->scalar;
}

std::optional<Secret> Section::secret(std::string_view key) {
  const Node* value = scalar(key);
  if (value == nullptr) return std::nullopt;
  if (!value->interpolated && !value->scalar.empty()) problems_->note_literal_secret(value->where);
  return Secret(value->scalar);
}

std::optional<bool> Section::boolean(std::string_view key) {
  const Node* value = scalar(key);
  if (value == nullptr) return std::nullopt;
  if (is_text(*value)) {
    problem(key, "must be true or false without quotes, not the text " + shown(*value));
  } else if (value->scalar == "true" || value->scalar == "false") {
    return value->scalar == "true";
  } else if (is_old_boolean(value->scalar) && !value->interpolated) {
    problem(key, "must be true or false, not " + shown(*value) + ", which YAML 1.2 takes for text");
  } else {
    problem(key, "must be true or false, not " + shown(*value));
  }
  return std::nullopt;
}

std::optional<std::int64_t> Section::integer(std::string_view key, std::int64_t min,
                                             std::int64_t max) {
  const Node* value = scalar(key);
  if (value == nullptr) return std::nullopt;
  if (is_text(*value)) {
    problem(key, "must be a number, not the text " + shown(*value));
    return std::nullopt;
  }
  const std::string& text = value->scalar;
  const char* const end = text.data() + text.size();
  std::int64_t number = 0;
  const auto [after, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc::invalid_argument || after != end) {
    problem(key, "must be a whole number, not " + shown(*value));
  } else if (error != std::errc{} || number < min || number > max) {
    problem(key, "must be " + range(min, max) + ", not " + shown(*value));
  } else {
    return number;
  }
  return std::nullopt;
}

std::optional<double> Section::fraction(std::string_view key) {
  return parsed<double>(key, "a share from 0 to 1 such as 0.5 or 50%", parse_fraction);
}

std::optional<ByteSize> Section::size(std::string_view key) {
  return parsed<ByteSize>(key, "a size such as 500MiB or 10GiB", parse_byte_size);
}

std::optional<Duration> Section::duration(std::string_view key) {
  return parsed<Duration>(key, "a duration such as 90s, 15m or 6h", parse_duration);
}

std::optional<std::string> Section::choice(std::string_view key,
                                           const std::vector<std::string>& choices) {
  const Node* value = scalar(key);
  if (value == nullptr) return std::nullopt;
  if (std::find(choices.begin(), choices.end(), value->scalar) != choices.end()) {
    return value->scalar;
  }
  const std::string hint = value->interpolated ? "" : suggestion(value->scalar, choices);
  problem(key, "must be " + alternatives(choices) + ", not " + shown(*value) + hint);
  return std::nullopt;
}

std::string Section::required_text(std::string_view key) {
  const Node* value = node(key);
  if (value == nullptr || value->kind == Node::Kind::null) {
    require(key);
    return {};
  }
  return text(key).value_or("");
}

std::optional<std::string> Section::path(std::string_view key) {
  return parsed<std::string>(key, kAbsolutePath, absolute_path);
}

std::vector<std::string> Section::texts(std::string_view key) {
  std::vector<std::string> result;
  for (const Node* item : list(key)) result.push_back(item->scalar);
  return result;
}

std::vector<std::string> Section::paths(std::string_view key) {
  std::vector<std::string> result;
  for (const Node* item : list(key)) {
    if (auto normal = absolute_path(item->scalar)) {
      result.push_back(*std::move(normal));
    } else {
      problems_->add(item->where, what_ + ": each of " + quote(key) + " must be " +
                                      std::string(kAbsolutePath) + ", not " + shown(*item));
    }
  }
  return result;
}

std::vector<const Node*> Section::list(std::string_view key) {
  const Node* value = node(key);
  if (value == nullptr || value->kind == Node::Kind::null) return {};
  if (value->kind == Node::Kind::scalar) return {value};
  std::vector<const Node*> result;
  if (value->kind == Node::Kind::mapping) problem(key, "must be a list, not a mapping");
  for (const Node& item : value->items) {
    if (item.kind == Node::Kind::scalar) {
      result.push_back(&item);
    } else {
      problems_->add(item.where,
                     what_ + ": each of " + quote(key) + " must be text, not " + shown(item));
    }
  }
  return result;
}

std::optional<Section> Section::section(std::string_view key) {
  const Node* value = node(key);
  if (value == nullptr) return std::nullopt;
  if (value->kind == Node::Kind::scalar || value->kind == Node::Kind::sequence) {
    problem(key, "must be a mapping, not " + shown(*value));
    return std::nullopt;
  }
  return Section(*value, what_ + ": " + quote(key), *problems_);
}

void Section::require(std::string_view key) {
  const Node* value = node(key);
  if (value == nullptr || value->kind == Node::Kind::null) {
    problems_->add(where(key), what_ + " needs " + quote(key));
  }
}

void Section::finish() {
  for (const Node::Member& member : node_->members) {
    if (std::find(known_.begin(), known_.end(), member.key) != known_.end()) continue;
    problems_->add(member.where,
                   what_ + ": unknown key " + quote(member.key) + suggestion(member.key, known_));
  }
}

}  // namespace snapshotter::settings
