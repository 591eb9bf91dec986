// Entries onto a disk: plain files by PlainFiles, all else through libarchive, which knows in which
// order to set what, and that folders get their modes and times last.
#pragma once

#include "archive/extract.hpp"
#include "archive/plain_files.hpp"
#include "archive/tar_reader.hpp"

#include <memory>
#include <string>

namespace snapshotter::archive {

// One thread. Paths are relative to `root` (an absolute path without symlinks, no final '/') and
// hold no ".."; that no symlink is passed below the root is checked for each. Whatever goes wrong
// with an entry becomes a problem of the summary; a full or broken disk is a SystemError.
//
// Absolute paths rather than a working directory of a thread's own: unshare(2) is refused in many
// containers. The price is that root and path together must stay below PATH_MAX.
class DiskWriter {
 public:
  DiskWriter(std::string root, bool owners);

  // A file that is not written to its end, because reading it threw, is removed; the writer can be
  // used on.
  void write(TarReader& reader, ::archive_entry* it, const std::string& path,
             ExtractSummary& summary);
  // `it` may be the entry that write() was given before.
  void link(::archive_entry* it, const std::string& path, const std::string& target,
            ExtractSummary& summary);
  // Sets what folders must get last: modes that forbid writing, times.
  void finish(ExtractSummary& summary);

 private:
  struct FreeWriter {
    void operator()(::archive* it) const;
  };

  bool begin(::archive_entry* it, const std::string& path, ExtractSummary& summary);
  void content(TarReader& reader, const std::string& path, ExtractSummary& summary);
  bool check(int result, const std::string& path, ExtractSummary& summary);

  std::string root_;
  PlainFiles plain_files_;
  std::unique_ptr<::archive, FreeWriter> disk_;
};

}  // namespace snapshotter::archive
