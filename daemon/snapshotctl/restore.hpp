// Restoring in the operator's own process, with the operator's rights.
#pragma once

#include "archive/extract.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace snapshotter::ctl {

struct RestoreOptions {
  std::string archive;  // path of the file
  std::string into;     // absolute
  std::vector<std::string> paths;
  bool force = false;
  bool verify = true;     // compare with the checksum beside the archive, where there is one
  bool progress = false;  // show how far it is
};

struct Restored {
  archive::ExtractSummary summary;
  bool verified = false;         // there was a checksum, and it was right
  std::uint64_t bytes_read = 0;  // of the archive
};

// With `paths`, where an index stands beside the archive (and is the one that the manifest beside
// the archive describes, where there is a manifest), only what is asked for is read, and the
// checksums of these parts are compared instead of the whole archive's.
//
// Throws what archive::extract throws; CorruptArchiveError, before anything is written, where the
// checksum is not the archive's; CancelledError after Ctrl-C (a second one ends the process).
[[nodiscard]] Restored restore(const RestoreOptions& options);

}  // namespace snapshotter::ctl
