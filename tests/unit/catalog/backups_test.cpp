#include "catalog/catalog.hpp"
#include "samples.hpp"
#include "support/catch.hpp"

#include <limits>

namespace snapshotter::catalog {
namespace {

using std::chrono::hours;

}  // namespace

TEST_CASE("a backup comes back as it was put, also after a restart") {
  const CatalogFile file;
  BackupRecord backup = backup_at("nightly", "app-db", kNoon);
  backup.run = kAnyBytes;
  backup.state = "partial";
  backup.bytes_source = std::numeric_limits<std::uint64_t>::max();
  backup.bytes_stored = 2;
  backup.entries = 3;
  backup.warnings = 4;
  backup.verify_error = kAnyBytes;
  const BackupRecord bare{.id = "bare"};
  {
    Catalog catalog = file.open();
    catalog.put_backup(bare);
    catalog.put_backup(backup_at("nightly", "app-db", kNoon));
    catalog.put_backup(backup);
  }
  Catalog catalog = file.open();
  CHECK(catalog.backup(backup.id) == backup);
  CHECK(catalog.backup("bare") == bare);
  CHECK_FALSE(catalog.backup("other").has_value());
}

TEST_CASE("backups are listed newest first by job and target") {
  const CatalogFile file;
  Catalog catalog = file.open();
  const auto old_db = backup_at("nightly", "app-db", kNoon);
  const auto new_db = backup_at("nightly", "app-db", kNoon + hours{2});
  const auto files = backup_at("nightly", "files", kNoon + hours{1});
  const auto weekly = backup_at("weekly", "app-db", kNoon + hours{3});
  for (const auto& backup : {old_db, weekly, files, new_db}) catalog.put_backup(backup);

  CHECK(ids(catalog.backups("", "")) == Ids{weekly.id, new_db.id, files.id, old_db.id});
  CHECK(ids(catalog.backups("nightly", "")) == Ids{new_db.id, files.id, old_db.id});
  CHECK(ids(catalog.backups("nightly", "app-db")) == Ids{new_db.id, old_db.id});
  CHECK(ids(catalog.backups("", "app-db")) == Ids{weekly.id, new_db.id, old_db.id});
  CHECK(catalog.backups("monthly", "").empty());
}

TEST_CASE("a removed backup is gone, and removing it again is fine") {
  const CatalogFile file;
  Catalog catalog = file.open();
  const auto kept = backup_at("a", "t", kNoon);
  const auto removed = backup_at("a", "t", kNoon + hours{1});
  catalog.put_backup(kept);
  catalog.put_backup(removed);
  catalog.remove_backup(removed.id);
  catalog.remove_backup(removed.id);
  CHECK(ids(catalog.backups("", "")) == Ids{kept.id});
}

TEST_CASE("a verification is remembered with what it found") {
  const CatalogFile file;
  Catalog catalog = file.open();
  auto backup = backup_at("a", "t", kNoon);
  catalog.put_backup(backup);

  catalog.mark_verified(backup.id, kNoon + hours{1}, "checksum differs: " + kAnyBytes);
  backup.verify_error = "checksum differs: " + kAnyBytes;
  CHECK(catalog.backup(backup.id) == backup);

  catalog.mark_verified(backup.id, kNoon + hours{2}, "");
  backup.verify_error.clear();
  backup.verified = kNoon + hours{2};
  CHECK(catalog.backup(backup.id) == backup);

  catalog.mark_verified("gone", kNoon, "");
  CHECK(catalog.backups("", "").size() == 1);
}

TEST_CASE("a look into the stores adds what is new and removes what is gone") {
  const CatalogFile file;
  Catalog catalog = file.open();
  const auto untold = backup_at("other", "t", kNoon);
  const auto vanished = backup_at("a", "t", kNoon);
  auto kept = backup_at("a", "t", kNoon + hours{1});
  const auto found = backup_at("a", "t", kNoon + hours{2});
  for (const auto& backup : {untold, vanished, kept}) catalog.put_backup(backup);
  kept.format = "tar.zst";

  auto changes = catalog.merge_backups({kept, found}, {vanished.id, "never there"});
  CHECK(changes.added == 1);
  CHECK(changes.removed == 1);
  CHECK(changes.kept == 1);
  CHECK(catalog.backups("", "") == std::vector<BackupRecord>{found, kept, untold});

  changes = catalog.merge_backups({}, {});
  CHECK(changes.added + changes.removed + changes.kept == 0);
  CHECK(catalog.backups("", "").size() == 3);
}

TEST_CASE("a backup that a second store holds belongs to the store told last") {
  const CatalogFile file;
  Catalog catalog = file.open();
  auto backup = backup_at("a", "t", kNoon);
  catalog.put_backup(backup);
  backup.store = "mirror";
  CHECK(catalog.merge_backups({backup}, {}).kept == 1);
  CHECK(catalog.backup(backup.id)->store == "mirror");
}

TEST_CASE("a rescan does not forget what a later verification found") {
  const CatalogFile file;
  Catalog catalog = file.open();
  const auto manifest = backup_at("a", "t", kNoon);
  catalog.put_backup(manifest);

  SECTION("that it is damaged") {
    catalog.mark_verified(manifest.id, kNoon + hours{1}, "checksum differs");
    catalog.merge_backups({manifest}, {});
    CHECK(catalog.backup(manifest.id)->verify_error == "checksum differs");
    CHECK(catalog.backup(manifest.id)->verified == kNoon);
    // … nor does the rescan after that.
    catalog.merge_backups({manifest}, {});
    CHECK_FALSE(catalog.backup(manifest.id)->good());
  }
  SECTION("that it is right") {
    catalog.mark_verified(manifest.id, kNoon + hours{1}, "");
    catalog.merge_backups({manifest}, {});
    CHECK(catalog.backup(manifest.id)->verified == kNoon + hours{1});
  }
  SECTION("but other bytes under the same name are another backup") {
    catalog.mark_verified(manifest.id, kNoon + hours{1}, "checksum differs");
    auto replaced = manifest;
    replaced.sha256 = "beef";
    catalog.merge_backups({replaced}, {});
    CHECK(catalog.backup(manifest.id) == replaced);
  }
  SECTION("and a manifest that is newer wins") {
    catalog.mark_verified(manifest.id, kNoon + hours{1}, "checksum differs");
    auto repaired = manifest;
    repaired.verified = kNoon + hours{2};
    catalog.merge_backups({repaired}, {});
    CHECK(catalog.backup(manifest.id) == repaired);
  }
  SECTION("a backup that was never verified takes the manifest's word") {
    auto unknown = manifest;
    unknown.verified.reset();
    catalog.put_backup(unknown);
    catalog.merge_backups({manifest}, {});
    CHECK(catalog.backup(manifest.id) == manifest);
  }
}

}  // namespace snapshotter::catalog
