#include "base/priority.hpp"

namespace snapshotter {
namespace {

constexpr std::string_view kIdle = "idle";
constexpr std::string_view kBestEffort = "best-effort";

}  // namespace

std::optional<IoPriority> parse_io_priority(std::string_view text) {
  if (text == kIdle) return IoPriority{IoPriority::Class::idle, 0};
  if (!text.starts_with(kBestEffort)) return std::nullopt;
  text.remove_prefix(kBestEffort.size());
  if (text.empty()) return IoPriority{};
  if (text.size() != 2 || text[0] != ':' || text[1] < '0' || text[1] > '0' + IoPriority::kLowest) {
    return std::nullopt;
  }
  return IoPriority{IoPriority::Class::best_effort, text[1] - '0'};
}

std::string to_string(IoPriority priority) {
  if (priority.of == IoPriority::Class::idle) return std::string(kIdle);
  return std::string(kBestEffort) + ":" + std::to_string(priority.level);
}

}  // namespace snapshotter
