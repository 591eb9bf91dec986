#include "target/prometheus/block_meta.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <chrono>
#include <limits>

namespace snapshotter::target::prometheus {
namespace {

namespace json = boost::json;

constexpr std::string_view kDigits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

// Absent: what Prometheus leaves out is zero.
template <class Number>
bool read(const json::object& object, std::string_view key, Number& number) {
  const json::value* const value = object.if_contains(key);
  if (value == nullptr) return true;
  boost::system::error_code error;
  number = value->to_number<Number>(error);
  return !error;
}

const json::object* find_object(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

// Milliseconds since the epoch; far from what microseconds can't hold.
bool read_time(const json::object& object, std::string_view key, Time& time) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 1000;
  std::int64_t millis = 0;
  if (object.if_contains(key) == nullptr || !read(object, key, millis)) return false;
  time = Time{std::chrono::milliseconds{std::clamp(millis, -kMost, kMost)}};
  return true;
}

bool read_all(const json::object& root, BlockMeta& meta) {
  const json::value* const ulid = root.if_contains("ulid");
  if (ulid == nullptr || !ulid->is_string()) return false;
  meta.ulid = std::string_view(ulid->get_string());
  if (!read_time(root, "minTime", meta.min_time)) return false;
  if (!read_time(root, "maxTime", meta.max_time)) return false;
  const json::object* const stats = find_object(root, "stats");
  if (stats == nullptr || !read(*stats, "numSeries", meta.series) ||
      !read(*stats, "numSamples", meta.samples) || !read(*stats, "numChunks", meta.chunks)) {
    return false;
  }
  const json::object* const compaction = find_object(root, "compaction");
  return compaction == nullptr || read(*compaction, "level", meta.level);
}

}  // namespace

bool is_ulid(std::string_view name) noexcept {
  return name.size() == 26 && name.front() <= '7' &&
         name.find_first_not_of(kDigits) == std::string_view::npos;
}

std::optional<BlockMeta> parse_block_meta(std::string_view text, std::string& why) {
  boost::system::error_code error;
  const json::value document = json::parse(text, error);
  const json::object* const root = error ? nullptr : document.if_object();
  if (root == nullptr) {
    why = "is no JSON object";
    return std::nullopt;
  }
  std::int64_t version = 0;
  if (!read(*root, "version", version) || version != 1) {
    why = "is not of version 1";
    return std::nullopt;
  }
  BlockMeta meta;
  if (!read_all(*root, meta)) {
    why = "lacks its ulid, its times or its numbers";
    return std::nullopt;
  }
  if (meta.min_time >= meta.max_time) {
    why = "ends before it begins";
    return std::nullopt;
  }
  return meta;
}

}  // namespace snapshotter::target::prometheus
