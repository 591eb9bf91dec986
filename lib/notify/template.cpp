#include "notify/template.hpp"

#include "base/text.hpp"
#include "http/url.hpp"
#include "notify/event_document.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <charconv>
#include <optional>

namespace snapshotter::notify {
namespace {

namespace json = boost::json;

// More elements than any list of a document has.
constexpr std::size_t kLargestIndex = 9999;

std::optional<std::size_t> parse_index(std::string_view text) {
  std::size_t index = 0;
  const auto [after, error] = std::from_chars(text.data(), text.data() + text.size(), index);
  if (error != std::errc{} || after != text.data() + text.size()) return std::nullopt;
  if (index > kLargestIndex) return std::nullopt;
  return index;
}

// A document in which every key that there is has a value.
const json::value& full_document() {
  static const json::value document = [] {
    EventFacts facts = sample_event(EventKind::failed);
    const EventFacts partial = sample_event(EventKind::partial);
    facts.warnings = partial.warnings;
    facts.run->results = partial.run->results;
    facts.missed = sample_event(EventKind::missed).missed;
    facts.overdue = sample_event(EventKind::overdue).overdue;
    facts.pruned = sample_event(EventKind::pruned).pruned;
    return json::parse(make_event(facts).document);
  }();
  return document;
}

std::vector<std::string> keys_of(const json::object& object) {
  std::vector<std::string> keys;
  for (const auto& member : object) keys.emplace_back(member.key());
  return keys;
}

std::string in_quotes(const std::string& prefix, const std::string& key) {
  return "'" + (prefix.empty() ? key : prefix + "." + key) + "'";
}

// Why an event never has a value of this path; empty: some may. Names only what is known of it.
std::string why_unknown(const std::vector<std::string>& path) {
  const json::value* value = &full_document();
  std::string known;
  for (const std::string& part : path) {
    const std::string subject = known.empty() ? "an event" : "'" + known + "'";
    if (const json::object* object = value->if_object()) {
      value = object->if_contains(part);
      if (value == nullptr) {
        const std::vector<std::string> keys = keys_of(*object);
        if (const auto meant = nearest(part, keys)) {
          return "is no value of an event, did you mean " + in_quotes(known, *meant) + "?";
        }
        return "is no value of an event; " + subject + " has " + join(keys, ", ");
      }
    } else if (const json::array* list = value->if_array()) {
      if (!parse_index(part)) {
        return "is no value of an event: " + subject + " is a list, whose elements are " +
               in_quotes(known, "0") + ", " + in_quotes(known, "1") + " and so on";
      }
      value = &list->front();
    } else {
      return "is no value of an event: " + subject + " has no parts";
    }
    known += (known.empty() ? "" : ".") + part;
  }
  return {};
}

const json::value* find(const json::value& document, const std::vector<std::string>& path) {
  const json::value* value = &document;
  for (const std::string& part : path) {
    if (const json::object* object = value->if_object()) {
      value = object->if_contains(part);
      if (value == nullptr) return nullptr;
    } else if (const json::array* list = value->if_array()) {
      const auto index = parse_index(part);
      if (!index || *index >= list->size()) return nullptr;
      value = &(*list)[*index];
    } else {
      return nullptr;
    }
  }
  return value;
}

// Boost.JSON would write 120.5 as 1.205E2.
std::string number_text(double number) {
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  return {buffer.data(), error == std::errc{} ? end : buffer.data()};
}

std::string text_of(const json::value* value) {
  if (value == nullptr || value->is_null()) return {};
  if (const json::string* text = value->if_string()) return std::string(*text);
  if (const double* number = value->if_double()) return number_text(*number);
  return json::serialize(*value);
}

std::string escaped(const std::string& text, Escaping escaping) {
  switch (escaping) {
    case Escaping::json: {
      const std::string quoted = json::serialize(json::string(text));
      return quoted.substr(1, quoted.size() - 2);
    }
    case Escaping::form:
      return http::percent_encode(text);
    case Escaping::plain:
      break;
  }
  std::string plain = text;
  std::erase_if(plain, [](unsigned char c) { return c < 0x20 || c == 0x7F; });
  return plain;
}

std::string json_of(const json::value* value, Escaping escaping) {
  const std::string text = value == nullptr ? "null" : json::serialize(*value);
  return escaping == Escaping::form ? http::percent_encode(text) : text;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") + 1 - first);
}

}  // namespace

Template::Template(std::string_view text, Escaping escaping, std::vector<Problem>& problems)
    : escaping_(escaping) {
  for (std::size_t number = 1;; ++number) {
    const std::size_t begin = text.find("{{");
    if (begin == std::string_view::npos) break;
    // Of "{{{{" the last three are the place's: the others are the text's own.
    std::size_t inside = text.find_first_not_of('{', begin);
    if (inside == std::string_view::npos) inside = text.size();
    const bool raw = inside - begin >= 3;
    const std::string_view braces = raw ? "}}}" : "}}";
    const std::size_t start = inside - braces.size();
    const std::size_t end = text.find_first_of("{}", inside);
    if (end == std::string_view::npos || !text.substr(end).starts_with(braces)) {
      const std::string_view place = text.substr(start, std::min(end, text.size()) - start);
      problems.push_back({number, std::string(place.substr(0, 40)),
                          "is not closed: " + std::string(braces) + " is missing"});
      text.remove_prefix(inside);
      continue;
    }
    const std::vector<std::string> path = split(trimmed(text.substr(inside, end - inside)), '.');
    if (const std::string why = why_unknown(path); !why.empty()) {
      problems.push_back(
          {number, std::string(text.substr(start, end + braces.size() - start)), why});
    }
    pieces_.push_back({std::string(text.substr(0, start)), path, raw});
    text.remove_prefix(end + braces.size());
  }
  pieces_.push_back({std::string(text), {}, false});
}

std::string Template::render(std::string_view document) const {
  std::error_code error;
  const json::value values = json::parse(document, error);
  std::string result;
  for (const Piece& piece : pieces_) {
    result += piece.text;
    if (piece.path.empty()) break;
    const json::value* const value = error ? nullptr : find(values, piece.path);
    result += piece.raw ? json_of(value, escaping_) : escaped(text_of(value), escaping_);
  }
  return result;
}

}  // namespace snapshotter::notify
