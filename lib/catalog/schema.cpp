#include "catalog/schema.hpp"

#include "base/error.hpp"

#include <array>

namespace snapshotter::catalog {
namespace {

// Times are microseconds since the epoch. The partial indexes are for questions about the few runs
// among a million that are not over or went wrong; a query uses one only if it repeats its WHERE
// clause word for word (sql.hpp).
constexpr std::string_view kVersion1 = R"sql(
CREATE TABLE runs (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  job TEXT NOT NULL,
  kind TEXT NOT NULL,
  cause TEXT NOT NULL,
  state TEXT NOT NULL,
  scheduled INTEGER,
  queued INTEGER NOT NULL,
  started INTEGER,
  finished INTEGER,
  error TEXT NOT NULL
) STRICT;
CREATE INDEX runs_by_time ON runs (queued, id);
CREATE INDEX runs_by_job ON runs (job, queued, id);
CREATE INDEX runs_failed_by_time ON runs (queued, id)
  WHERE state IN ('partial', 'failed', 'interrupted');
CREATE INDEX runs_failed_by_job ON runs (job, queued, id)
  WHERE state IN ('partial', 'failed', 'interrupted');
CREATE INDEX runs_unfinished ON runs (queued, id) WHERE state IN ('queued', 'running');
CREATE INDEX runs_final_backups ON runs (job, queued, id)
  WHERE kind = 'backup' AND state NOT IN ('queued', 'running');

CREATE TABLE results (
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  position INTEGER NOT NULL,
  target TEXT NOT NULL,
  state TEXT NOT NULL,
  error TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  started INTEGER,
  finished INTEGER,
  bytes_source INTEGER NOT NULL,
  bytes_stored INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  warnings INTEGER NOT NULL,
  backup TEXT NOT NULL,
  PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE reasons (
  run INTEGER NOT NULL,
  result INTEGER NOT NULL,
  position INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (run, result, position),
  FOREIGN KEY (run, result) REFERENCES results ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE log_lines (
  run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
  position INTEGER NOT NULL,
  time INTEGER NOT NULL,
  level TEXT NOT NULL,
  target TEXT NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (run, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE firings (
  job TEXT PRIMARY KEY NOT NULL,
  time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- checked: when the last verification ended, whatever it found.
CREATE TABLE backups (
  id TEXT PRIMARY KEY NOT NULL,
  store TEXT NOT NULL,
  job TEXT NOT NULL,
  target TEXT NOT NULL,
  run TEXT NOT NULL,
  state TEXT NOT NULL,
  taken INTEGER NOT NULL,
  bytes_source INTEGER NOT NULL,
  bytes_stored INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  warnings INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  format TEXT NOT NULL,
  verified INTEGER,
  verify_error TEXT NOT NULL,
  checked INTEGER
) STRICT;
CREATE INDEX backups_by_time ON backups (taken, id);
CREATE INDEX backups_by_job ON backups (job, taken, id);
CREATE INDEX backups_by_target ON backups (job, target, taken, id);
)sql";

constexpr std::string_view kVersion2 = R"sql(
CREATE TABLE outbox (
  key INTEGER PRIMARY KEY AUTOINCREMENT,
  notifier TEXT NOT NULL,
  event_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  job TEXT NOT NULL,
  at INTEGER NOT NULL,
  document TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  last_attempt INTEGER,
  next_attempt INTEGER,
  last_answer TEXT NOT NULL
) STRICT;
CREATE INDEX outbox_by_notifier ON outbox (notifier, key);

CREATE TABLE deliveries (
  notifier TEXT PRIMARY KEY NOT NULL,
  last_answer TEXT NOT NULL,
  last_delivered INTEGER,
  given_up INTEGER NOT NULL,
  last_given_up INTEGER,
  given_up_why TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE memory (
  scope TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
)sql";

constexpr std::array kMigrations{kVersion1, kVersion2};

// The cache is small because an idle daemon's memory counts; half a MiB holds the inner pages of
// every index of a million runs. The limit keeps a -wal file that one big transaction blew up from
// staying so.
constexpr const char* kSettings = R"sql(
PRAGMA foreign_keys = ON;
PRAGMA trusted_schema = OFF;
PRAGMA temp_store = MEMORY;
PRAGMA cache_size = -512;
PRAGMA journal_size_limit = 4194304;
)sql";

std::int64_t number(Connection& db, std::string_view sql) {
  Cursor cursor = db.query(sql);
  return cursor.next() ? cursor.integer(0) : 0;
}

// The version of the catalog's schema; 0 for an empty file.
std::size_t identify(Connection& db, std::size_t newest) {
  const std::int64_t application = number(db, "PRAGMA application_id");
  const std::int64_t version = number(db, "PRAGMA user_version");
  if (application == 0 && version == 0 && number(db, "SELECT count(*) FROM sqlite_schema") == 0) {
    return 0;
  }
  if (application != kApplicationId || version < 1) {
    throw CatalogError({"open catalog", db.path(),
                        "it is an SQLite database, but none of Snapshotter's",
                        "move it away, or set daemon.state_dir to another folder"});
  }
  if (static_cast<std::size_t>(version) > newest) {
    throw CatalogError({"open catalog", db.path(),
                        "it was written by a newer version of snapshotterd (schema " +
                            std::to_string(version) + ", this one knows " + std::to_string(newest) +
                            ")",
                        "upgrade snapshotterd; or move the file away, together with its -wal and "
                        "-shm files, and run 'snapshotctl rescan', which loses the history of runs "
                        "but no backup"});
  }
  return static_cast<std::size_t>(version);
}

void use_write_ahead_log(Connection& db) {
  Cursor mode = db.query("PRAGMA journal_mode = WAL");
  if (mode.next() && mode.text(0) == "wal") return;
  throw CatalogError({"open catalog", db.path(), "its file system can't share memory between files",
                      "set daemon.state_dir to a folder on a local disk"});
}

}  // namespace

std::span<const std::string_view> migrations() { return kMigrations; }

void open_schema(Connection& db, std::span<const std::string_view> steps) {
  std::size_t version = identify(db, steps.size());
  use_write_ahead_log(db);
  db.script(kSettings);
  db.checkpoint_on_close(true);
  if (version == steps.size()) return;
  Transaction transaction(db);
  for (; version < steps.size(); ++version) db.script(std::string(steps[version]));
  db.script("PRAGMA application_id = " + std::to_string(kApplicationId) +
            "; PRAGMA user_version = " + std::to_string(version));
  transaction.commit();
}

}  // namespace snapshotter::catalog
