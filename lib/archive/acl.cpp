#include "archive/acl.hpp"

#include <endian.h>

#include <cstring>

namespace snapshotter::archive {
namespace {

constexpr std::uint32_t kVersion = 2;
constexpr std::uint32_t kNoId = 0xffffffff;

// Both little-endian.
struct RawHeader {
  std::uint32_t version;
};
struct RawEntry {
  std::uint16_t tag;
  std::uint16_t permissions;
  std::uint32_t id;
};

std::string_view word(AclEntry::Tag tag) {
  switch (tag) {
    case AclEntry::Tag::owner:
    case AclEntry::Tag::user:
      return "user";
    case AclEntry::Tag::owning_group:
    case AclEntry::Tag::group:
      return "group";
    case AclEntry::Tag::mask:
      return "mask";
    case AclEntry::Tag::other:
      return "other";
  }
  return {};
}

bool has_id(AclEntry::Tag tag) { return tag == AclEntry::Tag::user || tag == AclEntry::Tag::group; }

}  // namespace

std::optional<std::vector<AclEntry>> parse_acl(std::string_view xattr) {
  RawHeader header{};
  if (xattr.size() < sizeof(header) || (xattr.size() - sizeof(header)) % sizeof(RawEntry) != 0) {
    return std::nullopt;
  }
  std::memcpy(&header, xattr.data(), sizeof(header));
  if (le32toh(header.version) != kVersion) return std::nullopt;
  std::vector<AclEntry> acl;
  for (std::size_t at = sizeof(header); at < xattr.size(); at += sizeof(RawEntry)) {
    RawEntry raw{};
    std::memcpy(&raw, xattr.data() + at, sizeof(raw));
    const AclEntry entry{AclEntry::Tag{le16toh(raw.tag)}, le16toh(raw.permissions),
                         le32toh(raw.id)};
    if (word(entry.tag).empty() || entry.permissions > 7) return std::nullopt;
    acl.push_back(entry);
  }
  return acl;
}

std::string to_xattr(const std::vector<AclEntry>& acl) {
  const RawHeader header{htole32(kVersion)};
  std::string xattr(reinterpret_cast<const char*>(&header), sizeof(header));
  for (const AclEntry& entry : acl) {
    const RawEntry raw{htole16(static_cast<std::uint16_t>(entry.tag)),
                       htole16(static_cast<std::uint16_t>(entry.permissions)),
                       htole32(has_id(entry.tag) ? entry.id : kNoId)};
    xattr.append(reinterpret_cast<const char*>(&raw), sizeof(raw));
  }
  return xattr;
}

std::string to_text(const std::vector<AclEntry>& acl) {
  std::string text;
  for (const AclEntry& entry : acl) {
    if (!text.empty()) text += ',';
    text += word(entry.tag);
    text += ':';
    if (has_id(entry.tag)) text += std::to_string(entry.id);
    text += ':';
    text += (entry.permissions & 4U) != 0 ? 'r' : '-';
    text += (entry.permissions & 2U) != 0 ? 'w' : '-';
    text += (entry.permissions & 1U) != 0 ? 'x' : '-';
  }
  return text;
}

}  // namespace snapshotter::archive
