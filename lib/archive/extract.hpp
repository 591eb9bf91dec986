// Restoring files out of an archive.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "archive/reader.hpp"

namespace snapshotter::archive {

struct ExtractOptions {
  std::string into;                 // an absolute path; created (0700) when it does not exist
  std::vector<std::string> select;  // paths or globs below; a folder selects what is in it; empty: all
  bool overwrite = false;           // replace files that exist; folders are merged in any case
  bool owners = false;              // restore uid and gid (needs root)
};

struct ExtractSummary {
  std::uint64_t entries = 0;
  std::uint64_t content_bytes = 0;
  struct Problem {
    std::string path;
    std::string why;
  };
  // Entries that could not be restored or only in part (an attribute refused, say). The rest was
  // restored.
  std::vector<Problem> problems;
  std::vector<std::string> not_found;  // selections that matched nothing
};

// Called after each entry.
using ExtractProgress = std::function<void(const Entry&, const ExtractSummary& so_far)>;

// Writes below `into` and nowhere else: entries that are absolute or hold "..", and entries that would
// pass through or link to a place outside by a symlink or hard link are refused (a problem each). Keeps
// modes, times to the nanosecond, symlinks, hard links, devices and fifos (as root), sparse files,
// xattrs and ACLs. Without `overwrite` the whole is refused before anything is written when a selected
// non-folder exists already (SystemError naming the first and the number). Modes of folders are set
// last, so read-only folders can be filled. Hard links whose first name was not selected are
// restored as copies of it. Blocking; off the loop. Throws CorruptArchiveError, SystemError (also a full disk), CancelledError.
[[nodiscard]] ExtractSummary extract(const ByteSource& source, const ExtractOptions& options,
                                     async::WorkerPool& workers, std::stop_token stop,
                                     const ExtractProgress& progress = {});

// An archive in a file of the local file system, for restoring without a store.
[[nodiscard]] std::unique_ptr<ByteSource> open_archive_file(const std::string& path);

}  // namespace snapshotter::archive
