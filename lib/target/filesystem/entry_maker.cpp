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

Entry& EntryMaker::make(std::string_view path, const Status& status) {
  entry_.kind = entry_kind(status).value();
  entry_.path = path.substr(1);
  entry_.size = 0;
  entry_.mode = status.stx_mode & 07777U;
  entry_.uid = status.stx_uid;
  entry_.gid = status.stx_gid;
  entry_.user = names_.user(status.stx_uid);
  entry_.group = names_.group(status.stx_gid);
  entry_.modified = {status.stx_mtime.tv_sec, status.stx_mtime.tv_nsec};
  entry_.link_target.clear();
  entry_.device_major = status.stx_rdev_major;
  entry_.device_minor = status.stx_rdev_minor;
  entry_.xattrs.clear();
  entry_.sparse = false;
  entry_.extents.clear();
  return entry_;
}

}  // namespace snapshotter::target
