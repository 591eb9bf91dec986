#include "archive/disk_writer.hpp"

#include "base/error.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <new>
#include <utility>

namespace snapshotter::archive {

void DiskWriter::FreeWriter::operator()(::archive* it) const { archive_write_free(it); }

DiskWriter::DiskWriter(std::string root, bool owners)
    : root_(std::move(root)), plain_files_(root_, owners), disk_(archive_write_disk_new()) {
  if (!disk_) throw std::bad_alloc();
  archive_write_disk_set_options(
      disk_.get(), ARCHIVE_EXTRACT_SECURE_NODOTDOT | ARCHIVE_EXTRACT_SECURE_SYMLINKS |
                       ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_ACL |
                       ARCHIVE_EXTRACT_XATTR | (owners ? ARCHIVE_EXTRACT_OWNER : 0));
}

void DiskWriter::write(TarReader& reader, ::archive_entry* it, const std::string& path,
                       ExtractSummary& summary) {
  if (plain_files_.write(reader, it, path, summary) || !begin(it, path, summary)) return;
  if (archive_entry_filetype(it) == AE_IFREG) {
    try {
      content(reader, path, summary);
    } catch (...) {
      archive_write_finish_entry(disk_.get());
      ::unlink((root_ + '/' + path).c_str());
      throw;
    }
  }
  check(archive_write_finish_entry(disk_.get()), path, summary);
}

void DiskWriter::link(::archive_entry* it, const std::string& path, const std::string& target,
                      ExtractSummary& summary) {
  archive_entry_copy_hardlink(it, (root_ + '/' + target).c_str());
  // A link shares all it has with its target; content would be written through it.
  archive_entry_set_size(it, 0);
  if (begin(it, path, summary)) {
    check(archive_write_finish_entry(disk_.get()), path, summary);
  }
}

void DiskWriter::finish(ExtractSummary& summary) {
  check(archive_write_close(disk_.get()), root_, summary);
}

bool DiskWriter::begin(::archive_entry* it, const std::string& path, ExtractSummary& summary) {
  const std::string full = root_ + '/' + path;
  if (full.size() >= PATH_MAX) {
    summary.problems.push_back({path, error_text(ENAMETOOLONG)});
    return false;
  }
  archive_entry_copy_pathname(it, full.c_str());
  if (!check(archive_write_header(disk_.get(), it), path, summary)) return false;
  ++summary.entries;
  return true;
}

void DiskWriter::content(TarReader& reader, const std::string& path, ExtractSummary& summary) {
  for (auto piece = reader.read(); !piece.bytes.empty(); piece = reader.read()) {
    const auto result = archive_write_data_block(
        disk_.get(), piece.bytes.data(), piece.bytes.size(), static_cast<la_int64_t>(piece.offset));
    if (!check(static_cast<int>(result), path, summary)) return;
    summary.content_bytes += piece.bytes.size();
  }
}

// False: the entry is lost. A warning is a problem too, but the entry is there.
bool DiskWriter::check(int result, const std::string& path, ExtractSummary& summary) {
  if (result >= ARCHIVE_OK) return true;
  const int error = archive_errno(disk_.get());
  const char* const text = archive_error_string(disk_.get());
  if (concerns_all(error)) throw_system_error("restore", root_ + '/' + path, error);
  summary.problems.push_back({path, text == nullptr ? "it can't be restored" : text});
  return result == ARCHIVE_WARN;
}

}  // namespace snapshotter::archive
