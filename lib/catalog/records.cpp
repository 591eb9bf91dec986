#include "catalog/records.hpp"

#include <array>

namespace snapshotter::catalog {
namespace {

// Names in the order of their enumeration; they are stored, so they never change.
constexpr std::array<std::string_view, 7> kStates{"queued", "running",   "succeeded",  "partial",
                                                  "failed", "cancelled", "interrupted"};
constexpr std::array<std::string_view, 2> kKinds{"backup", "verify"};
constexpr std::array<std::string_view, 3> kTriggers{"schedule", "catch_up", "manual"};

template <class Enumeration, std::size_t Size>
std::optional<Enumeration> parse(const std::array<std::string_view, Size>& names,
                                 std::string_view name) {
  for (std::size_t i = 0; i < Size; ++i) {
    if (names[i] == name) return static_cast<Enumeration>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view name(RunState state) { return kStates.at(static_cast<std::size_t>(state)); }

std::optional<RunState> parse_run_state(std::string_view name) {
  return parse<RunState>(kStates, name);
}

bool is_final(RunState state) noexcept {
  return state != RunState::queued && state != RunState::running;
}

std::string_view name(RunKind kind) { return kKinds.at(static_cast<std::size_t>(kind)); }

std::optional<RunKind> parse_run_kind(std::string_view name) {
  return parse<RunKind>(kKinds, name);
}

std::string_view name(Trigger trigger) { return kTriggers.at(static_cast<std::size_t>(trigger)); }

std::optional<Trigger> parse_trigger(std::string_view name) {
  return parse<Trigger>(kTriggers, name);
}

}  // namespace snapshotter::catalog
