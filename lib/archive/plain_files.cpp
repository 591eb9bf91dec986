#include "archive/plain_files.hpp"

#include "base/error.hpp"

#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace snapshotter::archive {
namespace {

constexpr int kFolder = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

bool is_plain(archive_entry* it) {
  return archive_entry_filetype(it) == AE_IFREG && archive_entry_hardlink(it) == nullptr &&
         (archive_entry_perm(it) & 07000U) == 0 && archive_entry_mtime_is_set(it) != 0 &&
         archive_entry_sparse_count(it) == 0 && archive_entry_xattr_count(it) == 0 &&
         archive_entry_acl_types(it) == 0;
}

int write_at(int file, std::span<const std::byte> bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return 0;
}

}  // namespace

bool concerns_all(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EROFS:
    case EIO:
      return true;
    default:
      return false;
  }
}

PlainFiles::PlainFiles(std::string root, bool owners)
    : root_(std::move(root)),
      owners_(owners),
      root_handle_(::open(root_.empty() ? "/" : root_.c_str(), kFolder)) {}

bool PlainFiles::write(TarReader& reader, archive_entry* it, const std::string& path,
                       ExtractSummary& summary) {
  if (!is_plain(it)) return false;
  const auto slash = path.rfind('/');
  const int folder = open_folder({path.data(), slash == std::string::npos ? 0 : slash});
  if (folder < 0) return false;
  const char* const name = path.c_str() + (slash == std::string::npos ? 0 : slash + 1);
  platform::UniqueFd file(
      ::openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return false;
  ++summary.entries;
  try {
    const int lost = content(file.get(), reader, summary);
    const int refused = attributes(file.get(), it);
    // On network file systems a full disk may show only here.
    const int late = ::close(file.release()) == 0 ? 0 : errno;
    for (const int error : {lost, refused, late}) {
      if (concerns_all(error)) throw_system_error("restore", root_ + '/' + path, error);
    }
    const auto problem = [&](const char* what, int error) {
      if (error != 0) summary.problems.push_back({path, what + error_text(error)});
    };
    problem("it is not whole: ", lost != 0 ? lost : late);
    problem("its owner, mode or times can't be restored: ", refused);
  } catch (...) {
    ::unlinkat(folder, name, 0);
    throw;
  }
  return true;
}

// -1: there is none, or a symlink on the way to it.
int PlainFiles::open_folder(std::string_view path) {
  if (folder_ && *folder_ == path) return folder_handle_.get();
  folder_.reset();
  platform::UniqueFd handle(::openat(root_handle_.get(), ".", kFolder));
  for (std::string_view rest = path; handle && !rest.empty();) {
    const std::string component(rest.substr(0, rest.find('/')));
    rest.remove_prefix(std::min(rest.size(), component.size() + 1));
    handle.reset(::openat(handle.get(), component.c_str(), kFolder));
  }
  if (!handle) return -1;
  folder_handle_ = std::move(handle);
  folder_ = path;
  return folder_handle_.get();
}

int PlainFiles::content(int file, TarReader& reader, ExtractSummary& summary) const {
  for (auto piece = reader.read(); !piece.bytes.empty(); piece = reader.read()) {
    if (const int error = write_at(file, piece.bytes, piece.offset)) return error;
    summary.content_bytes += piece.bytes.size();
  }
  return 0;
}

// All that can be set. The owner before the mode, which a change of owner may take bits from.
int PlainFiles::attributes(int file, archive_entry* it) const {
  int error = 0;
  const auto note = [&](int result) {
    if (result != 0 && error == 0) error = errno;
  };
  if (owners_) {
    note(::fchown(file, static_cast<uid_t>(archive_entry_uid(it)),
                  static_cast<gid_t>(archive_entry_gid(it))));
  }
  note(::fchmod(file, archive_entry_perm(it)));
  const std::array<timespec, 2> times{
      timespec{0, UTIME_OMIT}, timespec{archive_entry_mtime(it), archive_entry_mtime_nsec(it)}};
  note(::futimens(file, times.data()));
  return error;
}

}  // namespace snapshotter::archive
