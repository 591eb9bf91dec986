// Inside of lib/schedule: reading one field of an expression into a set of values.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::schedule {

// What a field may hold and how messages speak of it.
struct FieldKind {
  std::string_view name;
  int min;
  int max;
  int cycle;                           // values before they repeat: 7 for the 0–7 of day of week
  std::span<const std::string> names;  // of min, min + 1, …; matched without regard to case
  std::string_view every_unit;         // to suggest `@every 90m`; empty: no such unit
  std::string_view advice;             // for a number out of range
  bool is_day = false;                 // takes `?`
};

// Every function throws ScheduleError that names the schedule, the field, the offending text and
// what would be right.
class FieldParser {
 public:
  // `schedule` is the whole expression, `order` the fields it has; both for messages. All views
  // must outlive the parser.
  FieldParser(const FieldKind& kind, std::string_view text, std::string_view schedule,
              std::string_view order);

  [[nodiscard]] bool begins_with_star() const noexcept;
  [[nodiscard]] const std::vector<std::string>& items() const noexcept { return items_; }

  // `*`, `a`, `a-b`, each with an optional `/n`, as a mask of values.
  [[nodiscard]] std::uint64_t mask(std::string_view item) const;
  // All items together, for fields that have no other forms.
  [[nodiscard]] std::uint64_t mask() const;
  // A number or name of this field, folded into its cycle: 7 is 0 as a day of week.
  [[nodiscard]] int value(std::string_view text) const;
  // A number that is not one of the field's values.
  [[nodiscard]] int number(std::string_view text, int min, int max, std::string advice) const;

  [[noreturn]] void fail(std::string why, std::string advice = {}) const;

 private:
  [[nodiscard]] int raw_value(std::string_view text, std::string_view item) const;
  [[nodiscard]] int step(std::string_view text) const;
  [[nodiscard]] std::string not_a_value(std::string_view text) const;

  const FieldKind& kind_;
  std::string_view text_;
  std::string_view schedule_;
  std::string_view order_;
  std::vector<std::string> items_;
};

[[nodiscard]] std::string lower(std::string_view text);

}  // namespace snapshotter::schedule
