// Disks that fail: the error says so in plain words, and the catalog goes on once they work again.
#include "base/error.hpp"
#include "catalog/catalog.hpp"
#include "catalog/sqlite.hpp"
#include "failing_vfs.hpp"
#include "samples.hpp"
#include "support/catch.hpp"

#include <sqlite3.h>

#include <cerrno>
#include <optional>

namespace snapshotter::catalog {
namespace {

using test::ContainsText;

std::optional<CatalogError> error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const CatalogError& error) {
    return error;
  }
  return std::nullopt;
}

RunRecord big_run() {
  RunRecord run = run_at("big", "a", kNoon);
  for (int i = 0; i < 40; ++i) {
    run.results.push_back({.target = std::to_string(i), .error = std::string(500, 'e')});
  }
  return run;
}

}  // namespace

TEST_CASE("a full disk is told, is retryable, and costs nothing that was there") {
  FailingVfs disk;
  const CatalogFile file;
  {
    Catalog catalog(file.path, FailingVfs::name());
    catalog.put_run(run_at("before", "a", kNoon), kNoon);
    disk.fail_writes(SQLITE_FULL);
    const auto error = error_of([&] { catalog.put_run(big_run(), kNoon + Duration{1}); });
    REQUIRE(error.has_value());
    CHECK_THAT(error->what(), ContainsText("cannot write to catalog '" + file.path +
                                           "': No space left on device (free some space"));
    CHECK(error->retryable());
    CHECK(error->error_number() == ENOSPC);
    CHECK(ids(catalog.runs({})) == Ids{"before"});
    CHECK(catalog.last_firings().at("a") == kNoon);

    disk.heal();
    catalog.put_run(big_run(), kNoon + Duration{1});
  }
  Catalog catalog = file.open();
  CHECK(catalog.run("big") == big_run());
  CHECK(catalog.last_firings().at("a") == kNoon + Duration{1});
}

TEST_CASE("whichever write fails, a transaction is done whole or not at all") {
  FailingVfs disk;
  for (const int code : {SQLITE_FULL, SQLITE_IOERR_WRITE}) {
    bool finished = false;
    for (int good_writes = 0; !finished; ++good_writes) {
      const CatalogFile file;
      Catalog catalog(file.path, FailingVfs::name());
      catalog.put_run(run_at("before", "a", kNoon), kNoon);
      disk.fail_writes(code, good_writes);
      const auto error = error_of([&] { catalog.put_run(big_run(), kNoon + Duration{1}); });
      finished = disk.writes() <= good_writes;
      disk.heal();
      CAPTURE(code, good_writes);
      // A checkpoint that fails after the commit is no failure of the commit.
      if (!error) {
        CHECK(catalog.run("big") == big_run());
        CHECK(catalog.last_firings().at("a") == kNoon + Duration{1});
        continue;
      }
      CHECK_FALSE(catalog.run("big").has_value());
      CHECK(catalog.last_firings().at("a") == kNoon);
      catalog.put_run(big_run());
      CHECK(catalog.run("big") == big_run());
    }
  }
}

TEST_CASE("first firings are written whole or not at all, and not one by one") {
  FailingVfs disk;
  const CatalogFile file;
  Catalog catalog(file.path, FailingVfs::name());
  std::map<std::string, Time> firings;
  for (int job = 0; job < 1000; ++job) firings.emplace("job-" + std::to_string(job), kNoon);
  disk.fail_writes(SQLITE_FULL, 3);
  CHECK(error_of([&] { catalog.put_first_firings(firings); }).has_value());
  disk.heal();
  CHECK(catalog.last_firings().empty());
  catalog.put_first_firings(firings);
  CHECK(catalog.last_firings() == firings);
  CHECK(disk.writes() < 200);  // pages, not firings
  disk.heal();
  catalog.put_first_firings(firings);
  CHECK(disk.writes() == 0);
}

TEST_CASE("an input or output error is told and retryable") {
  FailingVfs disk;
  const CatalogFile file;
  Catalog catalog(file.path, FailingVfs::name());
  disk.fail_writes(SQLITE_IOERR_WRITE);
  const auto error = error_of([&] { catalog.put_firing("a", kNoon); });
  REQUIRE(error.has_value());
  CHECK_THAT(error->why(), ContainsText("Input/output error"));
  CHECK_THAT(error->advice(), ContainsText("check the disk"));
  CHECK(error->retryable());
}

TEST_CASE("a catalog that can't be written is told, and no retry would help") {
  FailingVfs disk;
  const CatalogFile file;
  Catalog catalog(file.path, FailingVfs::name());
  disk.fail_writes(SQLITE_READONLY);
  const auto error = error_of([&] { catalog.put_firing("a", kNoon); });
  REQUIRE(error.has_value());
  CHECK(error->why() == "it can't be written");
  CHECK_THAT(error->advice(), ContainsText("writable for the daemon"));
  CHECK_FALSE(error->retryable());
}

TEST_CASE("a full disk at the very start is told") {
  FailingVfs disk;
  const CatalogFile file;
  disk.fail_writes(SQLITE_FULL);
  const auto error = error_of([&] { Catalog(file.path, FailingVfs::name()); });
  REQUIRE(error.has_value());
  CHECK(error->retryable());
  disk.heal();
  Catalog(file.path, FailingVfs::name()).put_firing("a", kNoon);
}

TEST_CASE("a rescan that fails in the middle leaves the old knowledge") {
  FailingVfs disk;
  const CatalogFile file;
  Catalog catalog(file.path, FailingVfs::name());
  const auto known = backup_at("a", "known", kNoon);
  catalog.put_backup(known);
  std::vector<BackupRecord> found;
  for (int i = 0; i < 3000; ++i) found.push_back(backup_at("a", "t" + std::to_string(i), kNoon));
  // The cache is smaller than this transaction, so its first pages are written long before its end.
  disk.fail_writes(SQLITE_FULL, 100);
  CHECK_THROWS_AS(catalog.merge_backups(found, {}), CatalogError);
  disk.heal();
  CHECK(ids(catalog.backups("", "")) == Ids{known.id});
  CHECK(catalog.merge_backups(found, {}).added == 3000);
}

TEST_CASE("a transaction that is not committed is rolled back") {
  const CatalogFile file;
  Connection db(file.path, "");
  db.script("CREATE TABLE t (a TEXT) STRICT");
  {
    Transaction transaction(db);
    db.execute("INSERT INTO t VALUES (?1)", std::string_view("x"));
  }
  CHECK_FALSE(db.in_transaction());
  CHECK_FALSE(db.query("SELECT a FROM t").next());
  CHECK_THROWS_AS(db.execute("INSERT INTO t VALUES (?1, ?2)", std::string_view("x")), CatalogError);
}

}  // namespace snapshotter::catalog
