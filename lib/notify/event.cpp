#include "notify/event.hpp"

#include <algorithm>
#include <array>

namespace snapshotter::notify {
namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, 8> kNames{"started",   "succeeded",   "partial", "failed",
                                                 "cancelled", "interrupted", "missed",  "pruned"};
static_assert(kNames.size() == static_cast<std::size_t>(EventKind::pruned) + 1);

}  // namespace

std::string_view name(EventKind kind) { return kNames.at(static_cast<std::size_t>(kind)); }

std::optional<EventKind> parse_event(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<EventKind>(found - kNames.begin());
}

std::vector<std::string> event_names() { return {kNames.begin(), kNames.end()}; }

}  // namespace snapshotter::notify
