// Restoring files out of an archive.
#pragma once

#include "archive/reader.hpp"
#include "crypto/sha256.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace snapshotter::archive {

struct ExtractOptions {
  std::string into;  // an absolute path; created (0700, parents too) when it does not exist
  // Paths or globs: '*', '?', '[…]' within a component, "**" across; a first '/' does not count. A
  // selected folder brings all that is below it. Empty: everything.
  std::vector<std::string> select;
  bool overwrite = false;  // replace files that exist; folders are merged in any case
  bool owners = false;     // restore uid and gid, by number (needs root)

  // The archive's index (archive/entry_index.hpp), to find selected entries without reading the
  // rest; nullptr: there is none. With `index_digest`, no other index than that is used.
  const ByteSource* index = nullptr;
  std::optional<crypto::Digest> index_digest = {};
  // Called before the archive is read as a whole: always, but when the index leads to all that is
  // selected. Whoever wants to compare the archive's checksum first does so here; what it throws
  // comes out of extract().
  std::function<void()> before_reading_all = {};
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
  bool indexed = false;                // only the selected parts of the archive were read
  std::string index_problem;           // why the index that was given was not used
};

// Called after each entry.
using ExtractProgress = std::function<void(const Entry&, const ExtractSummary& so_far)>;

// Writes below `into` and nowhere else: entries that are absolute or hold "..", and entries that
// would pass through or link to a place outside by a symlink or hard link are refused (a problem
// each), also where the symlink was there before. Keeps modes, times to the nanosecond, symlinks,
// hard links, devices and fifos (as root), sparse files, xattrs and ACLs; setuid and setgid only
// together with the owner. Without `overwrite` the whole is refused before anything is written when
// a selected entry exists already (SystemError naming the first and the number); folders that exist
// as folders do not count. Modes of folders are set last, so read-only folders can be filled. Hard
// links whose first name was not selected are restored as copies of it. A path that is longer than
// PATH_MAX together with `into` is a problem.
//
// Blocking; off the loop. Throws CorruptArchiveError, SystemError (also a full disk),
// CancelledError: what was restored until then stays, the file that was being written is removed.
// The archive is inflated once; again when something could be overwritten but must not, or for
// links as above.
//
// With an index and a selection only the members are read that hold what is selected. The result is
// the same: every entry that is read must be of the path and kind that the index says, and passes
// all that is said above. When the index is damaged, not of this archive, or says something else
// than the archive, everything is done anew without it, as long as that can't change what the
// person asked for: where nothing may be overwritten in a folder that was not empty, and something
// was restored already, CorruptArchiveError is thrown. What the rest of the archive is like is not
// looked at: so a file can be saved from a damaged archive.
[[nodiscard]] ExtractSummary extract(const ByteSource& source, const ExtractOptions& options,
                                     async::WorkerPool& workers, std::stop_token stop,
                                     const ExtractProgress& progress = {});

// An archive in a file of the local file system, for restoring without a store.
[[nodiscard]] std::unique_ptr<ByteSource> open_archive_file(const std::string& path);

}  // namespace snapshotter::archive
