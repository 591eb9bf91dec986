// The contract of a place where backups are kept. A directory implements it; so can an object store:
// nothing here knows paths or renames.
//
// For implementers:
//  * A backup exists – list() shows it, open() finds it – only after commit() has returned, and then
//    durably. Before that nothing of it is visible, and a crash at any instant leaves nothing but
//    rubbish that sweep() removes.
//  * commit() publishes archive, checksum and manifest together: a reader never sees one without the
//    others; where the medium can't do that, the archive's final name comes last.
//  * remove() hides the backup first and durably, then frees the space. Called twice it is fine.
//  * No call touches any other backup. A full medium throws StoreFullError and harms nothing older.
//  * All calls block and are made off the loop. A Store may be used by several threads at once, also
//    with several writers open; one BackupWriter by one thread at a time.
//  * Constructing a Store does no I/O: a store that is away makes calls fail, not the start.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/byte_stream.hpp"
#include "base/registry.hpp"
#include "platform/files.hpp"
#include "store/backup_key.hpp"
#include "store/manifest.hpp"

namespace snapshotter::store {

// One backup being written. Destroying it without commit() removes what was written.
class BackupWriter : public ByteSink {
 public:
  // The key given to begin(), its stamp made unique where another backup had it.
  [[nodiscard]] virtual const BackupKey& key() const = 0;
  // The archive's file name, for the manifest.
  [[nodiscard]] virtual std::string archive_name() const = 0;

  // Ends the writing: makes the bytes durable and opens them for the read-back, from the medium
  // itself where a cache can be bypassed. Once; no append() after it.
  [[nodiscard]] virtual std::unique_ptr<ByteSource> seal() = 0;
  // Publishes. Once, after seal().
  virtual void commit(const Manifest& manifest) = 0;
};

struct Listing {
  std::vector<Manifest> backups;  // sorted by key
  struct Problem {
    std::string subject;  // "nightly/configs/configs-….tar.gz.json"
    std::string why;
  };
  // What looks like a backup but is none: an unreadable manifest, an archive without one, a manifest
  // without its archive or with another length. Reported, never deleted.
  std::vector<Problem> problems;
};

struct Space {
  std::uint64_t total = 0;
  std::uint64_t available = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  // "directory /srv/backups": for messages. No secrets.
  [[nodiscard]] virtual std::string describe() const = 0;

  // `extension`: "tar.gz". Throws StoreFullError when less than min_free is left; append() does so
  // too, as soon as the space falls below it.
  [[nodiscard]] virtual std::unique_ptr<BackupWriter> begin(const BackupKey& key,
                                                            const std::string& extension) = 0;
  [[nodiscard]] virtual Listing list(std::stop_token stop) = 0;
  // Throw RequestError{no_such_backup}.
  [[nodiscard]] virtual Manifest manifest(const BackupKey& key) = 0;
  [[nodiscard]] virtual std::unique_ptr<ByteSource> open(const BackupKey& key) = 0;
  virtual void remove(const BackupKey& key) = 0;

  // Removes what writers that are gone left behind. Called when no writer of this process is open in
  // the store; returns the names of what it removed.
  virtual std::vector<std::string> sweep() = 0;
  // nullopt: a medium without a limit.
  [[nodiscard]] virtual std::optional<Space> space() = 0;
  // Where a person finds the archive: "/srv/backups/nightly/configs/configs-….tar.gz", or a URL.
  [[nodiscard]] virtual std::string locate(const BackupKey& key) = 0;
};

using StoreRegistry = Registry<Store>;

// Every store type of this build: "directory".
[[nodiscard]] StoreRegistry built_in_stores(platform::Files& files);

}  // namespace snapshotter::store
