// What is known of a backup, kept beside it: enough to use the backup without the catalog.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"
#include "store/backup_key.hpp"

namespace snapshotter::store {

// JSON, UTF-8, keys in snake_case, times RFC 3339, sizes in bytes. Readers skip keys they do not know;
// `format_version` grows only when an old reader would be wrong.
struct Manifest {
  static constexpr int kFormatVersion = 1;
  // Warnings beyond this many are counted in warning_count but not listed.
  static constexpr std::size_t kMaxWarnings = 1000;

  int format_version = kFormatVersion;
  std::string snapshotter_version;
  BackupKey key;
  std::string target_type;  // "filesystem"
  std::string run;          // id of the run that made it
  std::string host;
  Time started, finished;   // of this target in that run; `started` is when the backup was taken
  std::string archive;      // file name: "configs-20261124T020000Z.tar.gz"
  std::string format;       // "tar.gz"
  std::string level;        // "balanced"
  std::uint64_t bytes_source = 0;  // content read from the source
  std::uint64_t bytes_tar = 0;     // uncompressed archive
  std::uint64_t bytes_stored = 0;  // the archive file
  std::uint64_t entries = 0;
  std::string sha256;       // of the archive file, hex
  Time verified;            // when it was read back and found right
  // "succeeded", or "partial": written and verified, but something of the source is missing or the
  // anomaly gate objects; such a backup never counts as the last good one.
  std::string state = "succeeded";
  std::vector<std::string> reasons;  // why partial
  struct Warning {
    std::string path;  // printable()
    std::string what;
  };
  std::vector<Warning> warnings;
  std::uint64_t warning_count = 0;
  std::string source = "{}";  // a JSON object: what the source said of itself; by target type

  [[nodiscard]] std::string to_json() const;
  // Throws StoreError (corrupt, or of a newer format version).
  [[nodiscard]] static Manifest from_json(std::string_view json, const std::string& where);
};

}  // namespace snapshotter::store
