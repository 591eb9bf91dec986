// The names of the files of a directory store, and back from them: pure functions.
//
// A target's folder holds up to eight pieces of a backup, all named after its archive:
//
//   configs-20261124T020000Z.tar.gz           .configs-20261124T020000Z.tar.gz.partial
//   configs-20261124T020000Z.tar.gz.sha256    .configs-20261124T020000Z.tar.gz.sha256.partial
//   configs-20261124T020000Z.tar.gz.json      .configs-20261124T020000Z.tar.gz.json.partial
//   configs-20261124T020000Z.tar.gz.index     .configs-20261124T020000Z.tar.gz.index.partial
//
// Files of any other name are not ours: nothing reads, counts or removes them.
#pragma once

#include "store/backup_key.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace snapshotter::store {

enum class Piece {
  archive,
  checksum,
  manifest,
  index,
  partial_archive,
  partial_checksum,
  partial_manifest,
  partial_index,
};

[[nodiscard]] std::string archive_name(const BackupKey& key, std::string_view extension);
[[nodiscard]] std::string piece_name(std::string_view archive, Piece piece);

struct PieceName {
  Piece piece = Piece::archive;
  std::string archive;  // the archive's final name
  std::string stamp;
};
// What a file in the folder of `target` is; nullopt: none of ours.
[[nodiscard]] std::optional<PieceName> parse_piece(std::string_view target, std::string_view name);

}  // namespace snapshotter::store
