#include "catalog/catalog.hpp"
#include "catalog/impl.hpp"

namespace snapshotter::catalog {

std::map<std::string, std::string> Catalog::memory(const std::string& scope) {
  Cursor rows = impl_->db.query("SELECT key, value FROM memory WHERE scope = ?1", scope);
  std::map<std::string, std::string> values;
  while (rows.next()) values.emplace(rows.text(0), rows.text(1));
  return values;
}

void Catalog::remember(const std::string& scope, const std::string& key, const std::string& value,
                       const std::vector<OutboxEntry>& events) {
  Transaction transaction(impl_->db);
  impl_->db.execute("INSERT OR REPLACE INTO memory VALUES (?1, ?2, ?3)", scope, key, value);
  impl_->put_events(events);
  transaction.commit();
}

void Catalog::forget(const std::string& scope, const std::string& key) {
  Transaction transaction(impl_->db);
  impl_->db.execute("DELETE FROM memory WHERE scope = ?1 AND key = ?2", scope, key);
  transaction.commit();
}

}  // namespace snapshotter::catalog
