// POSIX ACLs: from the kernel's form (the value of the extended attributes system.posix_acl_*, see
// linux/posix_acl_xattr.h) to text as tar archives carry it in SCHILY.acl records, and back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::archive {

inline constexpr std::string_view kAccessAclXattr = "system.posix_acl_access";
inline constexpr std::string_view kDefaultAclXattr = "system.posix_acl_default";

struct AclEntry {
  // The kernel's tags.
  enum class Tag : std::uint16_t {
    owner = 0x01,
    user = 0x02,
    owning_group = 0x04,
    group = 0x08,
    mask = 0x10,
    other = 0x20,
  };
  Tag tag = Tag::owner;
  unsigned permissions = 0;  // r = 4, w = 2, x = 1
  std::uint32_t id = 0;      // of user and group
};

// nullopt: not an ACL, or one of an unknown version.
[[nodiscard]] std::optional<std::vector<AclEntry>> parse_acl(std::string_view xattr);
[[nodiscard]] std::string to_xattr(const std::vector<AclEntry>& acl);
// "user::rwx,user:1000:r-x,group::r-x,mask::r-x,other::r--". Ids as numbers: GNU tar and bsdtar
// take them where a name stands.
[[nodiscard]] std::string to_text(const std::vector<AclEntry>& acl);

}  // namespace snapshotter::archive
