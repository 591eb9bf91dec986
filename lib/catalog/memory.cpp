#include "catalog/catalog.hpp"
#include "catalog/impl.hpp"

namespace snapshotter::catalog {
namespace {

void put(Connection& db, const std::string& scope, const std::string& key,
         const std::string& value) {
  db.execute("INSERT OR REPLACE INTO memory VALUES (?1, ?2, ?3)", scope, key, value);
}

void remove(Connection& db, const std::string& scope, const std::string& key) {
  db.execute("DELETE FROM memory WHERE scope = ?1 AND key = ?2", scope, key);
}

}  // namespace

std::map<std::string, std::string> Catalog::memory(const std::string& scope) {
  Cursor rows = impl_->db.query("SELECT key, value FROM memory WHERE scope = ?1", scope);
  std::map<std::string, std::string> values;
  while (rows.next()) values.emplace(rows.text(0), rows.text(1));
  return values;
}

void Catalog::remember(const std::string& scope, const std::string& key, const std::string& value,
                       const std::vector<OutboxEntry>& events) {
  Transaction transaction(impl_->db);
  put(impl_->db, scope, key, value);
  impl_->put_events(events);
  transaction.commit();
}

void Catalog::forget(const std::string& scope, const std::string& key) {
  Transaction transaction(impl_->db);
  remove(impl_->db, scope, key);
  transaction.commit();
}

void Catalog::change_memory(const std::vector<MemoryChange>& changes) {
  Transaction transaction(impl_->db);
  for (const auto& [scope, key, value] : changes) {
    if (value) {
      put(impl_->db, scope, key, *value);
    } else {
      remove(impl_->db, scope, key);
    }
  }
  transaction.commit();
}

}  // namespace snapshotter::catalog
