// The name of a backup.
#pragma once

#include "base/time.hpp"

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace snapshotter::store {

// Keys are made from settings, from what people type and from names found on a medium, so they are
// not valid by construction: every call of a Store checks the key it is given (is_valid()).
//
// Order is that of the plain texts: oldest first within a target, except that the tenth backup of
// one second ("…Z-10") stands before the second one ("…Z-2").
struct BackupKey {
  std::string job;
  std::string target;
  // "20261124T020000Z"; a second backup of the same target in the same second gets "-2" behind it,
  // …
  std::string stamp;

  // "nightly/app-db/20261124T020000Z": what people type, unique in a store.
  [[nodiscard]] std::string id() const;
  // Takes what id() gives; nullopt for anything that is not the id of a valid key.
  [[nodiscard]] static std::optional<BackupKey> parse(std::string_view id);
  // Two valid names and a valid stamp: such a key can't lead out of a store's folder.
  [[nodiscard]] bool is_valid() const noexcept;
  // When the backup was taken, to the second; nullopt for an invalid stamp.
  [[nodiscard]] std::optional<Time> taken() const;
  // The same key with the next stamp of the same second: "…Z" → "…Z-2" → "…Z-3".
  [[nodiscard]] BackupKey next() const;

  auto operator<=>(const BackupKey&) const = default;
};

// Names of jobs, targets, stores and notifiers: letters, digits, '.', '_', '-'; first a letter or
// digit; at most 64. They become names of folders and parts of D-Bus paths.
[[nodiscard]] bool is_valid_name(std::string_view name) noexcept;
// The same, for what follows the last "/" of an id: an existing date and time of the form above,
// alone or with "-2" to "-999999" behind it.
[[nodiscard]] bool is_valid_stamp(std::string_view stamp) noexcept;

}  // namespace snapshotter::store
