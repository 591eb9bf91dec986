#include "archive/tar_reader.hpp"

#include "archive/acl.hpp"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace snapshotter::archive {
namespace {

std::string text(const char* chars) { return chars == nullptr ? std::string() : chars; }

// libarchive reads the pax time "-4.7" as −4 s + 700,000,000 ns.
void mend_time(archive_entry* entry) {
  const auto seconds = archive_entry_mtime(entry);
  const long nanoseconds = archive_entry_mtime_nsec(entry);
  if (seconds < 0 && nanoseconds > 0) {
    archive_entry_set_mtime(entry, seconds - 1, 1'000'000'000 - nanoseconds);
  }
}

// GNU tar (and our encoder) escape these two in names of extended attributes; libarchive leaves
// them.
std::string unescape(std::string_view name) {
  std::string plain;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto escape = name.substr(i, 3);
    if (escape == "%3D" || escape == "%25") {
      plain += escape == "%3D" ? '=' : '%';
      i += 2;
    } else {
      plain += name[i];
    }
  }
  return plain;
}

std::vector<std::pair<std::string, std::string>> xattrs_of(archive_entry* entry) {
  std::vector<std::pair<std::string, std::string>> xattrs;
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  archive_entry_xattr_reset(entry);
  while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
    xattrs.emplace_back(unescape(name), std::string(static_cast<const char*>(value), size));
  }
  return xattrs;
}

void mend_xattrs(archive_entry* entry) {
  if (archive_entry_xattr_count(entry) == 0) return;
  const auto xattrs = xattrs_of(entry);
  archive_entry_xattr_clear(entry);
  for (const auto& [name, value] : xattrs) {
    archive_entry_xattr_add_entry(entry, name.c_str(), value.data(), value.size());
  }
}

std::optional<AclEntry::Tag> tag_of(int libarchive_tag) {
  switch (libarchive_tag) {
    case ARCHIVE_ENTRY_ACL_USER_OBJ:
      return AclEntry::Tag::owner;
    case ARCHIVE_ENTRY_ACL_USER:
      return AclEntry::Tag::user;
    case ARCHIVE_ENTRY_ACL_GROUP_OBJ:
      return AclEntry::Tag::owning_group;
    case ARCHIVE_ENTRY_ACL_GROUP:
      return AclEntry::Tag::group;
    case ARCHIVE_ENTRY_ACL_MASK:
      return AclEntry::Tag::mask;
    case ARCHIVE_ENTRY_ACL_OTHER:
      return AclEntry::Tag::other;
    default:
      return std::nullopt;
  }
}

void add_acl(archive_entry* from, int type, std::string_view xattr, Entry& to) {
  if ((archive_entry_acl_types(from) & type) == 0) return;
  std::vector<AclEntry> acl;
  int entry_type = 0;
  int permissions = 0;
  int tag = 0;
  int id = 0;
  const char* name = nullptr;
  archive_entry_acl_reset(from, type);
  while (archive_entry_acl_next(from, type, &entry_type, &permissions, &tag, &id, &name) ==
         ARCHIVE_OK) {
    if (const auto known = tag_of(tag)) {
      acl.push_back(
          {*known, static_cast<unsigned>(permissions) & 7U, static_cast<std::uint32_t>(id)});
    }
  }
  // The order that setxattr(2) demands; libarchive gives owner, group and other first.
  std::ranges::sort(acl, {}, [](const AclEntry& entry) { return std::pair(entry.tag, entry.id); });
  to.xattrs.emplace_back(xattr, to_xattr(acl));
}

Entry::Kind kind_of(archive_entry* it) {
  if (archive_entry_hardlink(it) != nullptr) return Entry::Kind::hardlink;
  switch (archive_entry_filetype(it)) {
    case AE_IFDIR:
      return Entry::Kind::directory;
    case AE_IFLNK:
      return Entry::Kind::symlink;
    case AE_IFIFO:
      return Entry::Kind::fifo;
    case AE_IFCHR:
      return Entry::Kind::character_device;
    case AE_IFBLK:
      return Entry::Kind::block_device;
    default:
      return Entry::Kind::file;
  }
}

std::string plain_path(std::string_view path) {
  while (path.starts_with("./")) path.remove_prefix(2);
  while (path.size() > 1 && path.ends_with('/')) path.remove_suffix(1);
  return std::string(path.empty() ? "." : path);
}

void read_extents(archive_entry* from, Entry& to) {
  la_int64_t offset = 0;
  la_int64_t length = 0;
  to.sparse = archive_entry_sparse_reset(from) > 0;
  while (to.sparse && archive_entry_sparse_next(from, &offset, &length) == ARCHIVE_OK) {
    if (length == 0) continue;  // marks a hole at the end
    to.extents.push_back({static_cast<std::uint64_t>(offset), static_cast<std::uint64_t>(length)});
  }
}

}  // namespace

void FreeReader::operator()(::archive* it) const { archive_read_free(it); }

TarReader::TarReader(const ByteSource& source, async::WorkerPool& workers, std::stop_token stop)
    : in_(std::make_unique<StoredBytes>(source, std::move(stop))),
      stream_(open_stream(*in_, format_of(*in_), workers)),
      archive_(archive_read_new()) {
  open();
}

TarReader::TarReader(std::unique_ptr<InflatedStream> stream)
    : stream_(std::move(stream)), archive_(archive_read_new()) {
  open();
}

void TarReader::open() {
  if (!archive_) throw std::bad_alloc();
  archive_read_support_format_tar(archive_.get());
  check(archive_read_open(archive_.get(), this, nullptr, read_stream, nullptr));
}

archive_entry* TarReader::next() {
  archive_entry* entry = nullptr;
  if (check(archive_read_next_header(archive_.get(), &entry)) == ARCHIVE_EOF) {
    while (!walked_piece().empty()) {
    }
    return nullptr;
  }
  mend_time(entry);
  mend_xattrs(entry);
  return entry;
}

TarReader::Piece TarReader::read() {
  const void* bytes = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  do {
    if (check(archive_read_data_block(archive_.get(), &bytes, &size, &offset)) == ARCHIVE_EOF) {
      return {};
    }
  } while (size == 0);
  return {{static_cast<const std::byte*>(bytes), size}, static_cast<std::uint64_t>(offset)};
}

std::span<const std::byte> TarReader::walked_piece() {
  const auto piece = stream_->next();
  walker_.feed(piece);
  if (piece.empty()) walker_.finish();
  return piece;
}

long TarReader::read_stream(::archive* /*unused*/, void* self, const void** bytes) {
  auto& reader = *static_cast<TarReader*>(self);
  try {
    const auto piece = reader.walked_piece();
    *bytes = piece.data();
    return static_cast<long>(piece.size());
  } catch (...) {
    reader.error_ = std::current_exception();  // not through C
    return ARCHIVE_FATAL;
  }
}

// Warnings are about names that the locale can't show, which we don't ask it to.
int TarReader::check(int result) {
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
  if (result == ARCHIVE_OK || result == ARCHIVE_EOF || result == ARCHIVE_WARN) return result;
  const auto position = archive_filter_bytes(archive_.get(), 0);
  throw_corrupt(static_cast<std::uint64_t>(position),
                "in the tar stream: " + text(archive_error_string(archive_.get())));
}

Entry to_entry(archive_entry* it) {
  Entry entry;
  entry.kind = kind_of(it);
  entry.path = plain_path(text(archive_entry_pathname(it)));
  entry.mode = archive_entry_perm(it);
  entry.uid = static_cast<uid_t>(archive_entry_uid(it));
  entry.gid = static_cast<gid_t>(archive_entry_gid(it));
  entry.user = text(archive_entry_uname(it));
  entry.group = text(archive_entry_gname(it));
  entry.modified = {static_cast<time_t>(archive_entry_mtime(it)), archive_entry_mtime_nsec(it)};
  if (entry.kind == Entry::Kind::file) {
    entry.size = static_cast<std::uint64_t>(archive_entry_size(it));
    read_extents(it, entry);
  } else if (entry.kind == Entry::Kind::hardlink) {
    entry.link_target = plain_path(archive_entry_hardlink(it));
  } else if (entry.kind == Entry::Kind::symlink) {
    entry.link_target = text(archive_entry_symlink(it));
  } else {
    entry.device_major = static_cast<unsigned>(archive_entry_rdevmajor(it));
    entry.device_minor = static_cast<unsigned>(archive_entry_rdevminor(it));
  }
  entry.xattrs = xattrs_of(it);
  add_acl(it, ARCHIVE_ENTRY_ACL_TYPE_ACCESS, kAccessAclXattr, entry);
  add_acl(it, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT, kDefaultAclXattr, entry);
  return entry;
}

}  // namespace snapshotter::archive
