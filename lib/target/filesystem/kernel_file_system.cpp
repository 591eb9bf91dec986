#include "target/filesystem/kernel_file_system.hpp"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <array>
#include <cstdint>
#include <utility>

namespace snapshotter::target {
namespace {

// statfs(2) and linux/magic.h; those without a name there are from the file systems' sources.
constexpr std::array<std::pair<std::uint32_t, std::string_view>, 21> kTypes{{
    {PROC_SUPER_MAGIC, "proc"},     {SYSFS_MAGIC, "sysfs"},
    {CGROUP_SUPER_MAGIC, "cgroup"}, {CGROUP2_SUPER_MAGIC, "cgroup2"},
    {DEVPTS_SUPER_MAGIC, "devpts"}, {DEBUGFS_MAGIC, "debugfs"},
    {TRACEFS_MAGIC, "tracefs"},     {SECURITYFS_MAGIC, "securityfs"},
    {SELINUX_MAGIC, "selinuxfs"},   {SMACK_MAGIC, "smackfs"},
    {BPF_FS_MAGIC, "bpf"},          {EFIVARFS_MAGIC, "efivarfs"},
    {PSTOREFS_MAGIC, "pstore"},     {BINFMTFS_MAGIC, "binfmt_misc"},
    {HUGETLBFS_MAGIC, "hugetlbfs"}, {NSFS_MAGIC, "nsfs"},
    {0x62656570, "configfs"},       {0x65735543, "fusectl"},
    {0x19800202, "mqueue"},         {0x67596969, "rpc_pipefs"},
    {0x07655821, "resctrl"},
}};

}  // namespace

std::optional<std::string_view> kernel_file_system(int handle) noexcept {
  struct statfs info {};
  if (::fstatfs(handle, &info) != 0) return std::nullopt;
  for (const auto& [type, name] : kTypes) {
    if (static_cast<std::uint32_t>(info.f_type) == type) return name;
  }
  return std::nullopt;
}

}  // namespace snapshotter::target
