#include "snapshotctl/parts/restore_names.hpp"

#include "examples.hpp"

using namespace snapshotter::ctl;
namespace crypto = snapshotter::crypto;

TEST_CASE("The folder of a restore is named after the archive") {
  CHECK(restored_folder("/srv/nightly/files/files-20261124T020000Z.tar.gz") ==
        "restored-files-20261124T020000Z");
  CHECK(restored_folder("files-20261124T020000Z-2.tar.zst") == "restored-files-20261124T020000Z-2");
  CHECK(restored_folder("odd") == "restored-odd");
}

TEST_CASE("A backup is named by its id, or by job and target") {
  const auto id = parse_backup_name("nightly/app-db/20261124T020000Z");
  REQUIRE(id);
  CHECK(id->job == "nightly");
  CHECK(id->target == "app-db");
  CHECK(id->stamp == "20261124T020000Z");
  const auto newest = parse_backup_name("nightly/app-db");
  REQUIRE(newest);
  CHECK(newest->stamp.empty());
  CHECK_FALSE(parse_backup_name("nightly"));
  CHECK_FALSE(parse_backup_name("/nightly/app-db"));
  CHECK_FALSE(parse_backup_name("a/b/c/d"));
  CHECK_FALSE(parse_backup_name("nightly/"));
  CHECK_FALSE(parse_backup_name(""));
}

TEST_CASE("A checksum is read as sha256sum writes it") {
  const auto digest = crypto::sha256({});
  const auto hex = crypto::to_hex(digest);
  CHECK(parse_checksum(hex + "  files.tar.gz\n") == digest);
  CHECK(parse_checksum('\\' + hex + "  fi\\nles.tar.gz\n") == digest);
  CHECK(parse_checksum(hex) == digest);
  CHECK_FALSE(parse_checksum(hex + "0  files"));
  CHECK_FALSE(parse_checksum(hex.substr(1)));
  CHECK_FALSE(parse_checksum(""));
}
