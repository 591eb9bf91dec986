#include "target/filesystem/entry_maker.hpp"

namespace snapshotter::target {

using archive::Entry;

std::optional<Entry::Kind> entry_kind(const Status& status) noexcept {
  switch (status.stx_mode & S_IFMT) {
    case S_IFREG:
      return Entry::Kind::file;
    case S_IFDIR:
      return Entry::Kind::directory;
    case S_IFLNK:
      return Entry::Kind::symlink;
    case S_IFIFO:
      return Entry::Kind::fifo;
    case S_IFCHR:
      return Entry::Kind::character_device;
    case S_IFBLK:
      return Entry::Kind::block_device;
    default:
      return std::nullopt;
  }
}

void EntryMaker::make(std::string_view path, const Status& status, Entry& entry) {
  entry.kind = entry_kind(status).value();
  entry.path = path.substr(1);
  entry.size = 0;
  entry.mode = status.stx_mode & 07777U;
  entry.uid = status.stx_uid;
  entry.gid = status.stx_gid;
  entry.user = names_.user(status.stx_uid);
  entry.group = names_.group(status.stx_gid);
  entry.modified = {status.stx_mtime.tv_sec, status.stx_mtime.tv_nsec};
  entry.link_target.clear();
  entry.device_major = status.stx_rdev_major;
  entry.device_minor = status.stx_rdev_minor;
  entry.xattrs.clear();
  entry.sparse = false;
  entry.extents.clear();
}

}  // namespace snapshotter::target
