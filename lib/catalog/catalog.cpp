#include "catalog/catalog.hpp"

#include "catalog/impl.hpp"

namespace snapshotter::catalog {

namespace {

struct Place {
  std::int64_t run;
  std::int64_t position;
};

// Where the next line of a run's log goes; nullopt: there is no such run.
std::optional<Place> end_of_log(Connection& db, const std::string& run) {
  Cursor row = db.query(
      "SELECT key, (SELECT coalesce(max(position) + 1, 0) FROM log_lines WHERE run = key) "
      "FROM runs WHERE id = ?1",
      run);
  if (!row.next()) return std::nullopt;
  return Place{row.integer(0), row.integer(1)};
}

}  // namespace

Catalog::Catalog(const std::string& path, const std::string& vfs)
    : impl_(std::make_unique<Impl>(path, vfs)) {}

Catalog::~Catalog() = default;

void Catalog::append_log(const std::string& run, const std::vector<LogLine>& lines) {
  if (lines.empty()) return;
  Connection& db = impl_->db;
  // Lines that a power cut took are no loss that is worth an fsync each.
  Transaction transaction(db, Durability::relaxed);
  auto place = end_of_log(db, run);
  if (!place) return;
  for (const LogLine& line : lines) {
    db.execute("INSERT INTO log_lines VALUES (?1, ?2, ?3, ?4, ?5, ?6)", place->run,
               place->position++, line.time, line.level, line.target, line.text);
  }
  transaction.commit();
}

std::vector<LogLine> Catalog::log(const std::string& run) {
  Cursor rows = impl_->db.query(
      "SELECT time, level, target, text FROM log_lines "
      "WHERE run = (SELECT key FROM runs WHERE id = ?1) ORDER BY position",
      run);
  std::vector<LogLine> lines;
  while (rows.next()) {
    lines.push_back({rows.time(0), rows.text(1), rows.text(2), rows.text(3)});
  }
  return lines;
}

std::map<std::string, Time> Catalog::last_firings() {
  Cursor rows = impl_->db.query("SELECT job, time FROM firings");
  std::map<std::string, Time> firings;
  while (rows.next()) firings.emplace(rows.text(0), rows.time(1));
  return firings;
}

void Catalog::put_first_firings(const std::map<std::string, Time>& firings) {
  Transaction transaction(impl_->db);
  for (const auto& [job, firing] : firings) {
    impl_->db.execute("INSERT OR IGNORE INTO firings VALUES (?1, ?2)", job, firing);
  }
  transaction.commit();
}

void Catalog::put_firing(const std::string& job, Time firing,
                         const std::vector<OutboxEntry>& events) {
  Transaction transaction(impl_->db);
  impl_->put_firing(job, firing);
  impl_->put_events(events);
  transaction.commit();
}

}  // namespace snapshotter::catalog
