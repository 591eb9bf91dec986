// Restoring in the operator's own process, with the operator's rights.
#pragma once

#include "archive/extract.hpp"

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
  bool verified = false;  // there was a checksum, and it was right
};

// Throws what archive::extract throws; CorruptArchiveError, before anything is written, where the
// checksum is not the archive's; CancelledError after Ctrl-C (a second one ends the process).
[[nodiscard]] Restored restore(const RestoreOptions& options);

}  // namespace snapshotter::ctl
