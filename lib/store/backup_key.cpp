#include "store/backup_key.hpp"

#include <algorithm>

namespace snapshotter::store {
namespace {

constexpr std::size_t kLongestName = 64;
constexpr std::size_t kLongestNumber = 6;
constexpr std::size_t kSecondLength = std::string_view("20261124T020000Z").size();

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

// Not std::isalnum: what is valid must not hang on a locale.
bool is_alphanumeric(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The "2" of "-2".
bool is_valid_number(std::string_view number) noexcept {
  return !number.empty() && number.size() <= kLongestNumber && number.front() != '0' &&
         number != "1" && std::all_of(number.begin(), number.end(), is_digit);
}

}  // namespace

bool is_valid_name(std::string_view name) noexcept {
  return !name.empty() && name.size() <= kLongestName && is_alphanumeric(name.front()) &&
         std::all_of(name.begin(), name.end(),
                     [](char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; });
}

bool is_valid_stamp(std::string_view stamp) noexcept {
  const std::string_view second = stamp.substr(0, kSecondLength);
  if (!parse_compact(second)) return false;
  const std::string_view rest = stamp.substr(second.size());
  return rest.empty() || (rest.front() == '-' && is_valid_number(rest.substr(1)));
}

std::string BackupKey::id() const { return job + "/" + target + "/" + stamp; }

std::optional<BackupKey> BackupKey::parse(std::string_view id) {
  const std::size_t first = id.find('/');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = id.find('/', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  BackupKey key{std::string(id.substr(0, first)),
                std::string(id.substr(first + 1, second - first - 1)),
                std::string(id.substr(second + 1))};
  if (!key.is_valid()) return std::nullopt;
  return key;
}

bool BackupKey::is_valid() const noexcept {
  return is_valid_name(job) && is_valid_name(target) && is_valid_stamp(stamp);
}

std::optional<Time> BackupKey::taken() const {
  if (!is_valid_stamp(stamp)) return std::nullopt;
  return parse_compact(std::string_view(stamp).substr(0, kSecondLength));
}

BackupKey BackupKey::next() const {
  const bool numbered = stamp.size() > kSecondLength;
  const unsigned long number = numbered ? std::stoul(stamp.substr(kSecondLength + 1)) : 1;
  return {job, target, stamp.substr(0, kSecondLength) + "-" + std::to_string(number + 1)};
}

}  // namespace snapshotter::store
