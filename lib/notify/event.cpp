#include "notify/event.hpp"

#include <algorithm>
#include <array>

namespace snapshotter::notify {
namespace {

// In the order of the enumeration.
constexpr std::array<std::string_view, 11> kNames{"started",   "succeeded",   "partial",   "failed",
                                                  "cancelled", "interrupted", "recovered", "missed",
                                                  "overdue",   "pruned",      "test"};
static_assert(kNames.size() == static_cast<std::size_t>(EventKind::test) + 1);

}  // namespace

std::string_view name(EventKind kind) { return kNames.at(static_cast<std::size_t>(kind)); }

std::optional<EventKind> parse_event(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<EventKind>(found - kNames.begin());
}

std::vector<std::string> event_names() {
  return {kNames.begin(), kNames.begin() + static_cast<int>(EventKind::test)};
}

}  // namespace snapshotter::notify
