// What names and small texts tell before a restore. Pure.
#pragma once

#include "crypto/sha256.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace snapshotter::ctl {

// "/srv/b/nightly/files/files-20261124T020000Z.tar.gz" → "restored-files-20261124T020000Z".
[[nodiscard]] std::string restored_folder(std::string_view archive_path);

// What people write for a backup that is no file: "nightly/files" (its newest good one) or
// "nightly/files/20261124T020000Z". nullopt: neither.
struct BackupName {
  std::string job, target;
  std::string stamp;  // empty: the newest good one
};
[[nodiscard]] std::optional<BackupName> parse_backup_name(std::string_view text);

// The digest in a file as sha256sum(1) writes it; nullopt where it holds none.
[[nodiscard]] std::optional<crypto::Digest> parse_checksum(std::string_view text);

}  // namespace snapshotter::ctl
