#include "catalog/catalog.hpp"
#include "catalog/impl.hpp"
#include "catalog/sql.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::catalog {
namespace {

constexpr std::string_view kColumns =
    "SELECT id, store, job, target, run, state, taken, bytes_source, bytes_stored, entries, "
    "warnings, sha256, format, verified, verify_error, checked FROM backups ";

struct Row {
  BackupRecord backup;
  // When the last verification ended, whatever it found; `verified` tells only of good ones.
  std::optional<Time> checked;
  friend bool operator==(const Row&, const Row&) = default;
};

Row read(const Cursor& row) {
  BackupRecord backup;
  backup.id = row.text(0);
  backup.store = row.text(1);
  backup.job = row.text(2);
  backup.target = row.text(3);
  backup.run = row.text(4);
  backup.state = row.text(5);
  backup.taken = row.time(6);
  backup.bytes_source = row.count(7);
  backup.bytes_stored = row.count(8);
  backup.entries = row.count(9);
  backup.warnings = row.count(10);
  backup.sha256 = row.text(11);
  backup.format = row.text(12);
  backup.verified = row.optional_time(13);
  backup.verify_error = row.text(14);
  return {std::move(backup), row.optional_time(15)};
}

std::optional<Row> find(Connection& db, const std::string& id) {
  Cursor row = db.query(std::string(kColumns) + "WHERE id = ?1", id);
  if (!row.next()) return std::nullopt;
  return read(row);
}

void write(Connection& db, const Row& row) {
  const BackupRecord& backup = row.backup;
  db.execute(
      "INSERT OR REPLACE INTO backups (id, store, job, target, run, state, taken, bytes_source, "
      "bytes_stored, entries, warnings, sha256, format, verified, verify_error, checked) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
      backup.id, backup.store, backup.job, backup.target, backup.run, backup.state, backup.taken,
      backup.bytes_source, backup.bytes_stored, backup.entries, backup.warnings, backup.sha256,
      backup.format, backup.verified, backup.verify_error, row.checked);
}

// A manifest tells of the verification when the backup was made. What a later one found about the
// same bytes outlives a rescan, or a backup known to be damaged would pass for good again.
Row with_later_check(BackupRecord found, const std::optional<Row>& known) {
  Row row{std::move(found), std::nullopt};
  row.checked = row.backup.verified;
  // An empty time is before every other.
  if (known && known->backup.sha256 == row.backup.sha256 && known->checked > row.checked) {
    row.backup.verified = known->backup.verified;
    row.backup.verify_error = known->backup.verify_error;
    row.checked = known->checked;
  }
  return row;
}

std::uint64_t remove(Connection& db, const std::string& id) {
  return db.execute("DELETE FROM backups WHERE id = ?1", id);
}

}  // namespace

std::string backups_sql(bool of_job, bool of_target) {
  std::string sql(kColumns);
  sql += of_job ? "WHERE job = ?1" : "WHERE true";
  if (of_target) sql += " AND target = ?2";
  return sql + " ORDER BY taken DESC, id DESC LIMIT ?3";
}

void Catalog::put_backup(const BackupRecord& backup) {
  Transaction transaction(impl_->db);
  write(impl_->db, {backup, backup.verified});
  transaction.commit();
}

void Catalog::remove_backup(const std::string& id) {
  Transaction transaction(impl_->db);
  remove(impl_->db, id);
  transaction.commit();
}

std::optional<BackupRecord> Catalog::backup(const std::string& id) {
  auto row = find(impl_->db, id);
  if (!row) return std::nullopt;
  return std::move(row->backup);
}

std::vector<BackupRecord> Catalog::backups(const std::string& job, const std::string& target) {
  Cursor row =
      impl_->db.query(backups_sql(!job.empty(), !target.empty()), job, target, std::int64_t{-1});
  std::vector<BackupRecord> backups;
  while (row.next()) backups.push_back(read(row).backup);
  return backups;
}

void Catalog::mark_verified(const std::string& id, Time when, const std::string& error) {
  Transaction transaction(impl_->db);
  impl_->db.execute(
      "UPDATE backups SET checked = ?2, verify_error = ?3, "
      "verified = CASE WHEN ?3 = '' THEN ?2 ELSE verified END WHERE id = ?1",
      id, when, error);
  transaction.commit();
}

Catalog::Changes Catalog::merge_backups(const std::vector<BackupRecord>& found,
                                        const std::vector<std::string>& gone) {
  Connection& db = impl_->db;
  Changes changes;
  Transaction transaction(db);
  for (const BackupRecord& backup : found) {
    const auto known = find(db, backup.id);
    ++(known ? changes.kept : changes.added);
    // A start tells everything again that the stores hold; most of it is nothing new.
    const Row row = with_later_check(backup, known);
    if (row != known) write(db, row);
  }
  for (const std::string& id : gone) changes.removed += remove(db, id);
  transaction.commit();
  return changes;
}

}  // namespace snapshotter::catalog
