// What is known of a backup, kept beside it: enough to use the backup without the catalog.
#pragma once

#include "base/time.hpp"
#include "store/backup_key.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::store {

// As a file it is JSON for people and programs: UTF-8, one key a line, keys in snake_case under the
// names below (`key` is three: job, target, stamp; times end in _at: started_at, finished_at,
// verified_at), times RFC 3339 in UTC, sizes in bytes, `source` an object.
//
// Readers skip keys they do not know and take the defaults below for optional ones that are absent.
// `format_version` grows only when an old reader would be wrong.
struct Manifest {
  static constexpr int kFormatVersion = 1;
  // Warnings beyond this many are counted in warning_count but not listed.
  static constexpr std::size_t kMaxWarnings = 1000;

  // Without one of these (R) a file is no manifest.
  int format_version = kFormatVersion;  // R
  std::string snapshotter_version;
  BackupKey key;            // R
  std::string target_type;  // "filesystem"
  std::string run;          // id of the run that made it
  std::string host;
  Time started, finished;          // R; of this target in that run; `started` is when it was taken
  std::string archive;             // R; file name: "configs-20261124T020000Z.tar.gz"
  std::string format;              // R; "tar.gz"
  std::string level;               // "balanced"
  std::uint64_t bytes_source = 0;  // content read from the source
  std::uint64_t bytes_tar = 0;     // uncompressed archive
  std::uint64_t bytes_stored = 0;  // R; the archive file
  std::uint64_t entries = 0;
  std::string sha256;  // R; of the archive file: 64 lower-case hex digits
  // Of the archive's index, where there is one: its presence is what makes a file beside the
  // archive the index of it. In JSON an object under "index".
  struct Index {
    std::uint64_t bytes = 0;
    std::string sha256;  // 64 lower-case hex digits
    bool operator==(const Index&) const = default;
  };
  std::optional<Index> index;
  Time verified;  // R; when it was read back and found right
  // R; "succeeded", or "partial": written and verified, but something of the source is missing or
  // the anomaly gate objects; such a backup never counts as the last good one.
  std::string state = "succeeded";
  std::vector<std::string> reasons;  // why partial
  struct Warning {
    std::string path;  // printable()
    std::string what;
    bool operator==(const Warning&) const = default;
  };
  std::vector<Warning> warnings;
  std::uint64_t warning_count = 0;  // at least warnings.size()
  std::string source = "{}";        // a JSON object: what the source said of itself; by target type

  // Where the required members are valid, this always gives what from_json() takes: text that is
  // not UTF-8 is written printable(), and a `source` that is not a JSON object (or is nested deeper
  // than 16) as {"text": "…"}, because no oddity of a description may cost the backup it describes.
  [[nodiscard]] std::string to_json() const;
  // `where` names the file in errors. Throws StoreError: not JSON, a required key missing or of the
  // wrong type (the error names the key), or a newer format version.
  [[nodiscard]] static Manifest from_json(std::string_view json, const std::string& where);

  bool operator==(const Manifest&) const = default;
};

}  // namespace snapshotter::store
