#include "snapshotctl/parts/restore_names.hpp"

#include "base/text.hpp"

#include <array>

namespace snapshotter::ctl {

std::string restored_folder(std::string_view archive_path) {
  auto name = archive_path.substr(archive_path.find_last_of('/') + 1);
  for (const std::string_view ending : {".tar.gz", ".tar.zst", ".tgz"}) {
    if (name.ends_with(ending)) name.remove_suffix(ending.size());
  }
  return "restored-" + std::string(name);
}

std::optional<BackupName> parse_backup_name(std::string_view text) {
  const auto pieces = split(text, '/');
  for (const auto& piece : pieces) {
    if (piece.empty()) return std::nullopt;
  }
  if (pieces.size() == 2) return BackupName{pieces[0], pieces[1], {}};
  if (pieces.size() == 3) return BackupName{pieces[0], pieces[1], pieces[2]};
  return std::nullopt;
}

std::optional<crypto::Digest> parse_checksum(std::string_view text) {
  constexpr std::size_t kDigits = 64;
  // sha256sum puts a backslash in front where it had to escape the file's name.
  if (text.starts_with('\\')) text.remove_prefix(1);
  if (text.size() > kDigits && text[kDigits] != ' ' && text[kDigits] != '\n') return std::nullopt;
  return crypto::parse_hex(text.substr(0, kDigits));
}

}  // namespace snapshotter::ctl
