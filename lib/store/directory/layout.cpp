#include "store/directory/layout.hpp"

#include "store/store.hpp"

namespace snapshotter::store {
namespace {

constexpr std::string_view kChecksum = ".sha256";
constexpr std::string_view kManifest = ".json";
constexpr std::string_view kIndex = ".index";
constexpr std::string_view kPartial = ".partial";

bool take_suffix(std::string_view& name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return false;
  name.remove_suffix(suffix.size());
  return true;
}

// "configs-20261124T020000Z-2.tar.gz" → "20261124T020000Z-2"
std::optional<std::string> parse_stamp(std::string_view target, std::string_view archive) {
  if (!archive.starts_with(target)) return std::nullopt;
  archive.remove_prefix(target.size());
  if (!archive.starts_with('-')) return std::nullopt;
  archive.remove_prefix(1);
  const std::size_t dot = archive.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view stamp = archive.substr(0, dot);
  if (!is_valid_stamp(stamp) || !is_valid_extension(archive.substr(dot + 1))) return std::nullopt;
  return std::string(stamp);
}

}  // namespace

std::string archive_name(const BackupKey& key, std::string_view extension) {
  return key.target + "-" + key.stamp + "." + std::string(extension);
}

std::string piece_name(std::string_view archive, Piece piece) {
  const std::string name(archive);
  switch (piece) {
    case Piece::archive:
      return name;
    case Piece::checksum:
      return name + std::string(kChecksum);
    case Piece::manifest:
      return name + std::string(kManifest);
    case Piece::index:
      return name + std::string(kIndex);
    case Piece::partial_archive:
      return "." + name + std::string(kPartial);
    case Piece::partial_checksum:
      return "." + name + std::string(kChecksum) + std::string(kPartial);
    case Piece::partial_manifest:
      return "." + name + std::string(kManifest) + std::string(kPartial);
    case Piece::partial_index:
      return "." + name + std::string(kIndex) + std::string(kPartial);
  }
  return name;
}

std::optional<PieceName> parse_piece(std::string_view target, std::string_view name) {
  const bool partial = name.starts_with('.') && take_suffix(name, kPartial);
  if (partial) name.remove_prefix(1);
  PieceName result;
  if (take_suffix(name, kChecksum)) {
    result.piece = partial ? Piece::partial_checksum : Piece::checksum;
  } else if (take_suffix(name, kManifest)) {
    result.piece = partial ? Piece::partial_manifest : Piece::manifest;
  } else if (take_suffix(name, kIndex)) {
    result.piece = partial ? Piece::partial_index : Piece::index;
  } else {
    result.piece = partial ? Piece::partial_archive : Piece::archive;
  }
  auto stamp = parse_stamp(target, name);
  if (!stamp) return std::nullopt;
  result.archive = std::string(name);
  result.stamp = *std::move(stamp);
  return result;
}

}  // namespace snapshotter::store
