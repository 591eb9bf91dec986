// What notifiers can be told of.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::notify {

enum class EventKind {
  started,
  succeeded,
  partial,
  failed,
  cancelled,
  interrupted,
  missed,
  pruned
};

[[nodiscard]] std::string_view name(EventKind kind);
[[nodiscard]] std::optional<EventKind> parse_event(std::string_view name);
[[nodiscard]] std::vector<std::string> event_names();

}  // namespace snapshotter::notify
