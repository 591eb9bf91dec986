// Keys, and the file names of a directory store.
#include "backups.hpp"
#include "base/error.hpp"
#include "store/backup_key.hpp"
#include "store/directory/layout.hpp"
#include "support/catch.hpp"

#include <optional>

namespace snapshotter::store {

using test::kStamp;

TEST_CASE("names are letters digits dots dashes and underscores") {
  for (const auto* name : {"a", "7", "app-db", "app_db.2", "A.b-C_d"}) {
    CAPTURE(name);
    CHECK(is_valid_name(name));
  }
  CHECK(is_valid_name(std::string(64, 'x')));
  CHECK_FALSE(is_valid_name(std::string(65, 'x')));
  for (const auto* name : {"", ".", "..", ".hidden", "-x", "_x", "a/b", "a b", "a\n", "caf\xc3\xa9",
                           "a:b", "lost+found"}) {
    CAPTURE(name);
    CHECK_FALSE(is_valid_name(name));
  }
  CHECK_FALSE(is_valid_name(std::string_view("a\0b", 3)));
}

TEST_CASE("stamps are existing times with or without a number") {
  for (const auto* stamp : {"20261124T020000Z", "20240229T235959Z", "20261124T020000Z-2",
                            "20261124T020000Z-10", "20261124T020000Z-999999"}) {
    CAPTURE(stamp);
    CHECK(is_valid_stamp(stamp));
  }
  for (const auto* stamp :
       {"", "20261124", "20261124T020000", "20261124T020000z", "20261324T020000Z",
        "20250229T000000Z", "20261124T240000Z", "20261124T020060Z", "20261124T020000Z-",
        "20261124T020000Z-0", "20261124T020000Z-1", "20261124T020000Z-02", "20261124T020000Z-2a",
        "20261124T020000Z-1000000", "20261124T020000Z2", " 20261124T020000Z", "../1124T020000Z"}) {
    CAPTURE(stamp);
    CHECK_FALSE(is_valid_stamp(stamp));
  }
}

TEST_CASE("an id and its key are two forms of one name") {
  const BackupKey key{"nightly", "app-db", kStamp + "-2"};
  CHECK(key.id() == "nightly/app-db/20261124T020000Z-2");
  CHECK(BackupKey::parse(key.id()) == key);
  for (const auto& id : {std::string(), std::string("nightly"), std::string("nightly/app-db"),
                         "nightly//" + kStamp, "/app-db/" + kStamp, "a/b/c/" + kStamp,
                         "../b/" + kStamp, "nightly/app-db/" + kStamp + "/", "/" + key.id()}) {
    CAPTURE(id);
    CHECK(BackupKey::parse(id) == std::nullopt);
  }
}

TEST_CASE("a key knows its time and its successor") {
  const BackupKey key{"nightly", "configs", kStamp};
  CHECK(key.taken() == parse_rfc3339("2026-11-24T02:00:00Z"));
  CHECK(key.next().stamp == kStamp + "-2");
  CHECK(key.next().next().stamp == kStamp + "-3");
  CHECK(BackupKey{"a", "b", kStamp + "-9"}.next().stamp == kStamp + "-10");
  CHECK(key.next().taken() == key.taken());
  CHECK(key.next().job == key.job);
  CHECK(key.next().target == key.target);
  CHECK(key < key.next());
  CHECK(BackupKey{"a", "b", "yesterday"}.taken() == std::nullopt);
}

TEST_CASE("file names and pieces are two forms of one thing") {
  const std::string archive = archive_name({"nightly", "app-db", kStamp}, "tar.gz");
  CHECK(archive == "app-db-20261124T020000Z.tar.gz");
  const std::map<Piece, std::string> names{
      {Piece::archive, archive},
      {Piece::checksum, archive + ".sha256"},
      {Piece::manifest, archive + ".json"},
      {Piece::index, archive + ".index"},
      {Piece::partial_archive, "." + archive + ".partial"},
      {Piece::partial_checksum, "." + archive + ".sha256.partial"},
      {Piece::partial_manifest, "." + archive + ".json.partial"},
      {Piece::partial_index, "." + archive + ".index.partial"},
  };
  for (const auto& [piece, name] : names) {
    CAPTURE(name);
    CHECK(piece_name(archive, piece) == name);
    const auto parsed = parse_piece("app-db", name);
    REQUIRE(parsed);
    CHECK(parsed->piece == piece);
    CHECK(parsed->archive == archive);
    CHECK(parsed->stamp == kStamp);
  }
}

TEST_CASE("files of other names are none of a store") {
  for (const auto& name : {
           std::string(),
           std::string("."),
           std::string(".."),
           std::string("notes.txt"),
           "db-" + kStamp + ".tar.gz",           // another target
           "app-db-2-" + kStamp + ".tar.gz",     // another target whose name begins alike
           "app-db-" + kStamp,                   // no extension
           "app-db-" + kStamp + ".",             //
           "app-db-" + kStamp + ".json",         //
           "app-db-" + kStamp + ".tar.gz.bak~",  //
           "app-db-" + kStamp + ".tar.gz.json.json",
           "app-db-" + kStamp + ".tar.gz.partial",  // visible
           ".app-db-" + kStamp + ".tar.gz",         // not partial
           ".app-db-" + kStamp + ".tar.gz.partial.partial",
           std::string("app-db-20261324T020000Z.tar.gz"),
           std::string(".app-db-.tar.gz.partial"),
           std::string(".partial"),
       }) {
    CAPTURE(name);
    CHECK_FALSE(parse_piece("app-db", name));
  }
  CHECK(parse_piece("app-db", "app-db-" + kStamp + "-2.tar.zst")->stamp == kStamp + "-2");
}

}  // namespace snapshotter::store
