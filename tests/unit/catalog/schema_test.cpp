#include "catalog/schema.hpp"

#include "base/error.hpp"
#include "catalog/catalog.hpp"
#include "catalog/sql.hpp"
#include "samples.hpp"
#include "support/catch.hpp"

#include <sys/stat.h>

#include <array>

namespace snapshotter::catalog {
namespace {

using test::ContainsText;

mode_t mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  ~Umask() { ::umask(before_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  mode_t before_;
};

std::string message_of_opening(const std::string& path, const std::string& vfs = {}) {
  try {
    const Catalog catalog(path, vfs);
  } catch (const CatalogError& error) {
    CHECK_FALSE(error.retryable());
    return error.what();
  }
  return "";
}

// What SQLite would do for a query, one step a line.
std::string plan(Connection& db, std::string_view sql) {
  Cursor row = db.query("EXPLAIN QUERY PLAN " + std::string(sql));
  std::string steps;
  while (row.next()) steps += row.text(3) + "\n";
  return steps;
}

constexpr std::array<std::string_view, 3> kSteps{
    "CREATE TABLE one (a TEXT); INSERT INTO one VALUES ('kept');",
    "CREATE TABLE two (a TEXT); INSERT INTO two SELECT a FROM one;",
    "ALTER TABLE two ADD COLUMN b INTEGER NOT NULL DEFAULT 7;",
};

}  // namespace

TEST_CASE("the catalog's files are for the owner alone, whatever the umask") {
  for (const mode_t mask : {mode_t{0}, mode_t{0777}}) {
    const Umask guard(mask);
    const test::TempDir folder;
    REQUIRE(::chmod(folder.string().c_str(), 0700) == 0);
    const std::string path = folder.string() + "/catalog.db";
    Catalog catalog(path);
    catalog.put_firing("a", kNoon);
    CHECK(mode_of(path) == 0600);
    CHECK(mode_of(path + "-wal") == 0600);
    CHECK(mode_of(path + "-shm") == 0600);
  }
}

TEST_CASE("the connection is set up for durability and a small memory") {
  const CatalogFile file;
  Connection db(file.path, "");
  open_schema(db);
  const auto setting = [&](const std::string& pragma) {
    Cursor row = db.query("PRAGMA " + pragma);
    REQUIRE(row.next());
    return row.text(0);
  };
  CHECK(setting("journal_mode") == "wal");
  CHECK(setting("foreign_keys") == "1");
  CHECK(setting("cache_size") == "-512");
  CHECK(setting("temp_store") == "2");
  CHECK(setting("journal_size_limit") == "4194304");
  CHECK(setting("busy_timeout") == "5000");
  { Transaction relaxed(db, Durability::relaxed); }
  CHECK(setting("synchronous") == "1");
  { Transaction full(db); }
  CHECK(setting("synchronous") == "2");
}

TEST_CASE("an empty file becomes a catalog") {
  const CatalogFile file;
  test::write_file(file.path, "");
  file.open().put_firing("a", kNoon);
  CHECK(file.open().last_firings().size() == 1);
}

TEST_CASE("a catalog is brought from any older version to the newest, and nothing is lost") {
  for (std::size_t version = 0; version <= kSteps.size(); ++version) {
    const CatalogFile file;
    if (version > 0) {
      Connection old(file.path, "");
      open_schema(old, std::span(kSteps).first(version));
    }
    Connection db(file.path, "");
    open_schema(db, kSteps);
    Cursor row = db.query("SELECT a, b FROM two");
    REQUIRE(row.next());
    CHECK(row.text(0) == "kept");
    CHECK(row.integer(1) == 7);
  }
}

TEST_CASE("a migration that fails leaves the catalog as it was") {
  const CatalogFile file;
  {
    Connection db(file.path, "");
    open_schema(db, std::span(kSteps).first(1));
  }
  auto broken = kSteps;
  broken[2] = "ALTER TABLE missing ADD COLUMN b";
  {
    Connection db(file.path, "");
    CHECK_THROWS_AS(open_schema(db, broken), CatalogError);
  }
  Connection db(file.path, "");
  open_schema(db, std::span(kSteps).first(1));
  CHECK_THROWS_AS(db.query("SELECT a FROM two"), CatalogError);
  CHECK(db.query("SELECT a FROM one").next());
}

TEST_CASE("a catalog of a newer version is refused and not touched") {
  const CatalogFile file;
  {
    Connection db(file.path, "");
    open_schema(db);
    db.script("PRAGMA user_version = 99");
  }
  const std::string before = test::read_file(file.path);
  const std::string message = message_of_opening(file.path);
  CHECK_THAT(message, ContainsText("newer version of snapshotterd (schema 99, this one knows 2)"));
  CHECK_THAT(message, ContainsText("upgrade snapshotterd"));
  CHECK_THAT(message, ContainsText("snapshotctl rescan"));
  CHECK(test::read_file(file.path) == before);
}

TEST_CASE("a foreign database is refused and not touched") {
  const CatalogFile file;
  {
    Connection db(file.path, "");
    db.script("CREATE TABLE somebody_elses (a)");
  }
  const std::string before = test::read_file(file.path);
  const std::string message = message_of_opening(file.path);
  CHECK_THAT(message, ContainsText("an SQLite database, but none of Snapshotter's"));
  CHECK_THAT(message, ContainsText("daemon.state_dir"));
  CHECK(test::read_file(file.path) == before);
}

TEST_CASE("a file that is no database is refused and not touched") {
  const CatalogFile file;
  const std::string text(8192, 'x');
  test::write_file(file.path, text);
  const std::string message = message_of_opening(file.path);
  CHECK_THAT(message, ContainsText("it is not an SQLite database"));
  CHECK_THAT(message, ContainsText("snapshotctl rescan"));
  CHECK(test::read_file(file.path) == text);
}

TEST_CASE("a damaged catalog is told as such with what to do") {
  const CatalogFile file;
  {
    std::vector<BackupRecord> backups;
    for (int i = 0; i < 500; ++i) {
      backups.push_back(backup_at("job", "target" + std::to_string(i), kNoon));
    }
    file.open().merge_backups(backups, {});
  }
  std::string bytes = test::read_file(file.path);
  REQUIRE(bytes.size() > 64 * 1024);
  // Every page but the first two, which hold the schema.
  for (std::size_t i = 8192; i < bytes.size(); ++i) bytes[i] = '\x5a';
  test::write_file(file.path, bytes);

  try {
    (void)file.open().backups("", "");
    FAIL("the damage went unnoticed");
  } catch (const CatalogError& error) {
    CHECK_THAT(error.what(), ContainsText("its content is damaged"));
    CHECK_THAT(error.advice(), ContainsText("move the file away"));
    CHECK_THAT(error.advice(), ContainsText("snapshotctl rescan"));
    CHECK_FALSE(error.retryable());
  }
}

TEST_CASE("a state that this build does not know is told, not guessed") {
  const CatalogFile file;
  Catalog catalog = file.open();
  catalog.put_run(run_at("r", "a", kNoon));
  {
    Connection db(file.path, "");
    db.execute("UPDATE runs SET state = 'dreaming'");
  }
  CHECK_THROWS_AS(catalog.run("r"), CatalogError);
}

TEST_CASE("a catalog in a folder that does not exist says so") {
  const CatalogFile file;
  const std::string message = message_of_opening(file.folder.string() + "/missing/catalog.db");
  CHECK_THAT(message, ContainsText("No such file or directory"));
  CHECK_THAT(message, ContainsText("missing/catalog.db"));
}

TEST_CASE("the VFS that is asked for is the one used") {
  const CatalogFile file;
  {
    Catalog catalog(file.path, "unix-excl");
    catalog.put_firing("a", kNoon);
    // This one keeps in its own memory what the default VFS puts into a file.
    CHECK_FALSE(std::filesystem::exists(file.path + "-shm"));
    CHECK(std::filesystem::exists(file.path + "-wal"));
  }
  CHECK(file.open().last_firings().size() == 1);
  CHECK_THAT(message_of_opening(file.path, "no-such-vfs"), ContainsText("no-such-vfs"));
}

TEST_CASE("every question of size finds its rows through an index") {
  const CatalogFile file;
  Connection db(file.path, "");
  open_schema(db);
  std::vector<std::string> queries{
      std::string(run_ids_sql()),    std::string(next_job_sql()),      std::string(last_run_sql()),
      std::string(nth_newest_sql()), std::string(trim_sql()),          backups_sql(true, false),
      backups_sql(true, true),       std::string(first_pending_sql()), std::string(pending_sql()),
  };
  for (const auto& filter :
       {RunFilter{.job = "a"}, RunFilter{.since = kNoon}, RunFilter{.job = "a", .failed = true},
        RunFilter{.job = "a", .since = kNoon}, RunFilter{.failed = true, .since = kNoon}}) {
    queries.push_back(runs_sql(filter));
  }
  for (const auto& sql : queries) {
    const std::string steps = plan(db, sql);
    CAPTURE(sql, steps);
    CHECK_THAT(steps, ContainsText("SEARCH"));
    CHECK(steps.find("SCAN") == std::string::npos);
    CHECK(steps.find("TEMP B-TREE") == std::string::npos);
  }
}

TEST_CASE("what waits is counted in an index, without a look at the documents") {
  const CatalogFile file;
  Connection db(file.path, "");
  open_schema(db);
  const std::string steps = plan(db, deliveries_sql());
  CAPTURE(steps);
  CHECK_THAT(steps, ContainsText("USING COVERING INDEX outbox_by_notifier"));
  CHECK(steps.find("SCAN outbox\n") == std::string::npos);
}

TEST_CASE("lists without a filter walk an index in order, so that a limit ends them early") {
  const CatalogFile file;
  Connection db(file.path, "");
  open_schema(db);
  CHECK(plan(db, runs_sql({})) == "SCAN runs USING INDEX runs_by_time\n");
  CHECK(plan(db, runs_sql({.failed = true})) == "SCAN runs USING INDEX runs_failed_by_time\n");
  CHECK(plan(db, unfinished_runs_sql()) == "SCAN runs USING INDEX runs_unfinished\n");
  CHECK(plan(db, backups_sql(false, false)) == "SCAN backups USING INDEX backups_by_time\n");
  CHECK_THAT(plan(db, runs_sql({.job = "a", .failed = true})),
             ContainsText("USING INDEX runs_failed_by_job"));
  CHECK_THAT(plan(db, last_run_sql()), ContainsText("USING INDEX runs_final_backups"));
}

}  // namespace snapshotter::catalog
