// The name of a backup.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.hpp"

namespace snapshotter::store {

struct BackupKey {
  std::string job;
  std::string target;
  // "20261124T020000Z"; a second backup of the same target in the same second gets "-2" behind it, …
  std::string stamp;

  // "nightly/app-db/20261124T020000Z": what people type, unique in a store.
  [[nodiscard]] std::string id() const;
  [[nodiscard]] static std::optional<BackupKey> parse(std::string_view id);
  auto operator<=>(const BackupKey&) const = default;
};

// Names of jobs, targets, stores and notifiers: letters, digits, '.', '_', '-'; first a letter or
// digit; at most 64. They become names of folders and parts of D-Bus paths.
[[nodiscard]] bool is_valid_name(std::string_view name) noexcept;
// The same, for what follows the last "/" of an id.
[[nodiscard]] bool is_valid_stamp(std::string_view stamp) noexcept;

}  // namespace snapshotter::store
