#include "snapshotctl/parts/json.hpp"

#include "base/text.hpp"
#include "base/units.hpp"

#include <algorithm>
#include <chrono>

namespace snapshotter::ctl {

std::string fit(std::string_view text) {
  // The daemon's messages are escaped already; doing it again would double their backslashes.
  auto safe = printable(text);
  const auto backslashes = static_cast<std::size_t>(std::ranges::count(text, '\\'));
  return safe.size() == text.size() + backslashes ? std::string(text) : safe;
}

std::string text(const json::object& object, std::string_view key) {
  return fit(raw_text(object, key));
}

std::string raw_text(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return {};
  return std::string(std::string_view(value->get_string()));
}

std::uint64_t number(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr) return 0;
  if (value->is_uint64()) return value->get_uint64();
  if (!value->is_int64()) return 0;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, value->get_int64()));
}

std::optional<double> real(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  return value->to_number<double>();
}

std::optional<Time> time(const json::object& object, std::string_view key) {
  return parse_rfc3339(raw_text(object, key));
}

bool flag(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

const json::array& list(const json::object& object, std::string_view key) {
  static const json::array kNone;
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_array() ? value->get_array() : kNone;
}

const json::object* part(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value != nullptr && value->is_object() ? &value->get_object() : nullptr;
}

std::string joined(const json::object& object, std::string_view key) {
  std::string all;
  for (const auto& value : list(object, key)) {
    if (!value.is_string()) continue;
    if (!all.empty()) all += ", ";
    all += fit(std::string_view(value.get_string()));
  }
  return all;
}

std::string size(const json::object& object, std::string_view key) {
  const auto bytes = number(object, key);
  return bytes == 0 ? "" : to_string(ByteSize{bytes});
}

std::string duration(const json::object& object, std::string_view key) {
  const auto seconds = real(object, key);
  if (!seconds || *seconds < 0) return {};
  return to_string(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(*seconds)));
}

}  // namespace snapshotter::ctl
