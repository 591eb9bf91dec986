#include "platform/system_file.hpp"

#include "base/error.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace snapshotter::platform {
namespace {

// Without this, a long write leaves all its pages to the final sync, which then takes as long as
// the write did. Eight megabytes keep a disk busy and the number of calls small.
constexpr std::uint64_t kWritebackStep = std::uint64_t{8} << 20U;

std::string advice_for(int error_number) {
  switch (error_number) {
    case EACCES:
    case EPERM:
      return "give the user that this runs as access to it";
    case ENOSPC:
      return "free some space there";
    case EDQUOT:
      return "raise the quota or free some space there";
    case EROFS:
      return "mount the file system for writing";
    case EIO:
      return "look at the kernel's log: the medium may be failing";
    case EMFILE:
    case ENFILE:
      return "raise LimitNOFILE of the service";
    default:
      return {};
  }
}

}  // namespace

void fail(const char* doing, const std::string& path, int error_number) {
  throw_system_error(doing, path, error_number, advice_for(error_number));
}

void SystemFile::write(std::span<const std::byte> bytes) {
  write_at(end_, bytes);
  start_writeback();
}

void SystemFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto written = retry([&] {
      return ::pwrite(descriptor_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    });
    if (written < 0) fail("write", path_, errno);
    offset += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
    end_ = std::max(end_, offset);
  }
}

void SystemFile::start_writeback() {
  if (end_ - handed_over_ < kWritebackStep) return;
  // A hint: file systems that can't are none the worse for it.
  ::sync_file_range(descriptor_.get(), static_cast<off_t>(handed_over_),
                    static_cast<off_t>(end_ - handed_over_), SYNC_FILE_RANGE_WRITE);
  handed_over_ = end_;
}

std::size_t SystemFile::read_at(std::uint64_t offset, std::span<std::byte> into) const {
  std::size_t filled = 0;
  while (filled < into.size()) {
    const auto rest = into.subspan(filled);
    const auto got = retry([&] {
      return ::pread(descriptor_.get(), rest.data(), rest.size(),
                     static_cast<off_t>(offset + filled));
    });
    if (got < 0) fail("read", path_, errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  return filled;
}

std::uint64_t SystemFile::size() const {
  struct stat status {};
  if (::fstat(descriptor_.get(), &status) != 0) fail("read the size of", path_, errno);
  return static_cast<std::uint64_t>(status.st_size);
}

// fdatasync(2) also writes the metadata that a later read needs, the size above all; what it leaves
// out are times.
void SystemFile::sync() {
  if (retry([&] { return ::fdatasync(descriptor_.get()); }) != 0) fail("sync", path_, errno);
}

void SystemFile::drop_cache() { ::posix_fadvise(descriptor_.get(), 0, 0, POSIX_FADV_DONTNEED); }

}  // namespace snapshotter::platform
