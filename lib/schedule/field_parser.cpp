#include "schedule/field_parser.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace snapshotter::schedule {
namespace {

std::string quoted(std::string_view text) { return "'" + printable(text) + "'"; }

bool is_number(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Of digits only; nullopt when it is too large for an int.
std::optional<int> to_int(std::string_view digits) {
  int number = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (result.ec != std::errc{}) return std::nullopt;
  return number;
}

std::string range_text(int min, int max) { return std::to_string(min) + "-" + std::to_string(max); }

}  // namespace

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

FieldParser::FieldParser(const FieldKind& kind, std::string_view text, std::string_view schedule,
                         std::string_view order)
    : kind_(kind), text_(text), schedule_(schedule), order_(order), items_(split(text, ',')) {
  if (text.find('?') != std::string_view::npos && (text != "?" || !kind.is_day)) {
    fail("'?' stands alone, and only in the two day fields", "write '*' for every value");
  }
  if (std::find(items_.begin(), items_.end(), "") != items_.end()) {
    fail("a list has an empty place", "write values with one comma between them");
  }
}

bool FieldParser::begins_with_star() const noexcept { return text_.front() == '*' || text_ == "?"; }

void FieldParser::fail(std::string why, std::string advice) const {
  throw ScheduleError(
      {.doing = "parse schedule",
       .subject = printable(schedule_),
       .why = std::string(kind_.name) + " field " + quoted(text_) + ": " + std::move(why),
       .advice = std::move(advice)});
}

std::uint64_t FieldParser::mask() const {
  std::uint64_t result = 0;
  for (const std::string& item : items_) result |= mask(item);
  return result;
}

std::uint64_t FieldParser::mask(std::string_view item) const {
  const std::size_t slash = item.find('/');
  const bool stepped = slash != std::string_view::npos;
  const int by = stepped ? step(item.substr(slash + 1)) : 1;
  const std::string_view range = item.substr(0, slash);
  const std::size_t dash = range.find('-');
  int first = kind_.min;
  int last = kind_.min + kind_.cycle - 1;
  if (dash != std::string_view::npos) {
    first = raw_value(range.substr(0, dash), item);
    last = raw_value(range.substr(dash + 1), item);
    if (last < first) last += kind_.cycle;
  } else if (range != "*") {
    first = value(range);
    if (!stepped) last = first;
  }
  std::uint64_t result = 0;
  for (int n = first; n <= last; n += by) {
    result |= std::uint64_t{1} << (kind_.min + (n - kind_.min) % kind_.cycle);
  }
  return result;
}

int FieldParser::value(std::string_view text) const {
  return kind_.min + (raw_value(text, text_) - kind_.min) % kind_.cycle;
}

int FieldParser::raw_value(std::string_view text, std::string_view item) const {
  if (text.empty()) fail("a value is missing in " + quoted(item));
  const auto name = std::find(kind_.names.begin(), kind_.names.end(), lower(text));
  if (name != kind_.names.end()) return kind_.min + static_cast<int>(name - kind_.names.begin());
  if (!is_number(text)) fail(not_a_value(text));
  return number(text, kind_.min, kind_.max,
                std::string(kind_.advice) + "; the fields are " + std::string(order_));
}

int FieldParser::number(std::string_view text, int min, int max, std::string advice) const {
  if (!is_number(text)) fail(quoted(text) + " is not a number", std::move(advice));
  const auto result = to_int(text);
  if (!result || *result < min || *result > max) {
    fail(std::string(text) + " is not in " + range_text(min, max), std::move(advice));
  }
  return *result;
}

std::string FieldParser::not_a_value(std::string_view text) const {
  if (kind_.names.empty()) return quoted(text) + " is not a number";
  std::string why = quoted(text) + " is neither a number nor a name like '" + kind_.names[0] + "'";
  // Whole names are the usual slip: MONDAY, sept.
  const std::string start = lower(text.substr(0, 3));
  const bool longer = std::find(kind_.names.begin(), kind_.names.end(), start) != kind_.names.end();
  return why + (longer ? ", did you mean '" + start + "'?" : suggestion(text, kind_.names));
}

int FieldParser::step(std::string_view text) const {
  if (!is_number(text)) fail("the step " + quoted(text) + " is not a number");
  const auto result = to_int(text);
  if (result && *result >= 1 && *result <= kind_.cycle) return *result;
  std::string advice;
  if (result && *result > 0 && !kind_.every_unit.empty()) {
    advice = "for a regular interval write '@every " + std::to_string(*result) +
             std::string(kind_.every_unit) + "'";
  }
  fail("the step " + std::string(text) + " is not in " + range_text(1, kind_.cycle),
       std::move(advice));
}

}  // namespace snapshotter::schedule
