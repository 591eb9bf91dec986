// The shape of the catalog's tables, and how an older file gets it. Internal to this module.
//
// To change the shape, append a migration; never edit one that was released. New tables are a
// migration and touch nothing that exists.
#pragma once

#include "catalog/sqlite.hpp"

#include <span>
#include <string_view>

namespace snapshotter::catalog {

// "SNAP" in the file's header: what file(1) and this module know a catalog by.
inline constexpr std::int64_t kApplicationId = 0x534E4150;

// migrations()[n] brings a file from version n (PRAGMA user_version) to n + 1; 0 is an empty file.
[[nodiscard]] std::span<const std::string_view> migrations();

// Refuses what is no catalog or a newer one, without writing to it; then sets the connection up and
// applies the migrations that are missing, all in one transaction.
void open_schema(Connection& db, std::span<const std::string_view> steps = migrations());

}  // namespace snapshotter::catalog
