// Catalog's inside, shared by the .cpp files that implement its members.
#pragma once

#include "catalog/catalog.hpp"
#include "catalog/schema.hpp"
#include "catalog/sqlite.hpp"

#include <string>

namespace snapshotter::catalog {

struct Catalog::Impl {
  Impl(const std::string& path, const std::string& vfs) : db(path, vfs) { open_schema(db); }

  void put_firing(const std::string& job, Time firing) {
    db.execute("INSERT OR REPLACE INTO firings VALUES (?1, ?2)", job, firing);
  }

  // Inside a transaction.
  void put_events(const std::vector<OutboxEntry>& events);

  Connection db;
};

}  // namespace snapshotter::catalog
