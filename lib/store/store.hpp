// The contract of a place where backups are kept. A directory implements it; so can an object
// store: nothing here knows paths or renames.
//
// For implementers:
//  * A backup exists – list() shows it, open() finds it – only after commit() has returned, and
//    then durably. Before that nothing of it is visible, and a crash at any instant leaves nothing
//    but rubbish that sweep() removes.
//  * commit() publishes archive, checksum, manifest and index together: a reader never sees one
//    without the others; where the medium can't do that, the archive's final name comes last.
//  * A backup without its index is whole: what goes wrong with the index before commit() costs the
//    index only.
//  * remove() hides the backup first and durably, then frees the space. Called twice it is fine.
//    When it throws, the backup is as before or hidden; a power cut may bring a hidden one back,
//    whole.
//  * No call touches any other backup. A full medium throws StoreFullError and harms nothing older.
//  * All calls block and are made off the loop. A Store may be used by several threads at once,
//    also with several writers open; one BackupWriter by one thread at a time.
//  * Constructing a Store does no I/O: a store that is away makes calls fail, not the start. One
//    that was never written to is empty, not an error.
//  * Every call refuses a key that is not valid (RequestError{invalid_argument}) before it touches
//    the medium; the functions at the end of this file say the same for all stores.
//  * Failures of the medium are StoreError, a full one StoreFullError; both name the place.
#pragma once

#include "base/byte_stream.hpp"
#include "base/registry.hpp"
#include "base/units.hpp"
#include "platform/files.hpp"
#include "store/backup_key.hpp"
#include "store/manifest.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::store {

// One backup being written. Destroying it without a commit() that returned removes what was
// written; where the medium refuses even that, sweep() does it later. A writer may outlive its
// Store. After a call has thrown, nothing can be done with the writer but to destroy it.
class BackupWriter : public ByteSink {
 public:
  // The key given to begin(), its stamp made unique where another backup had it.
  [[nodiscard]] virtual const BackupKey& key() const = 0;
  // The archive's file name, for the manifest.
  [[nodiscard]] virtual std::string archive_name() const = 0;

  // Where the archive's index goes (by which single files are found in the archive; to the store it
  // is bytes, few against the archive's). Only to be appended to, from begin() to seal(), by the
  // thread that writes the archive. An append() that throws has given the index up, and nothing but
  // the index. Lives as long as the writer.
  [[nodiscard]] virtual ByteSink& index() = 0;

  // Ends the writing: makes the bytes durable and opens them for the read-back, from the medium
  // itself where a cache can be bypassed. Once; no append() after it.
  [[nodiscard]] virtual std::unique_ptr<ByteSource> seal() = 0;
  // The index, to be read back; after seal(), before commit(). nullptr: nothing was appended, or it
  // was given up.
  [[nodiscard]] virtual std::unique_ptr<ByteSource> sealed_index() = 0;
  // Publishes. Once, after seal(). The manifest must be of this backup (check_manifest below), and
  // a manifest that could not be read back is not published. An index that the manifest does not
  // describe is thrown away.
  virtual void commit(const Manifest& manifest) = 0;
};

struct Listing {
  std::vector<Manifest> backups;  // sorted by key
  struct Problem {
    std::string subject;  // "nightly/configs/configs-….tar.gz.json"
    std::string why;
  };
  // What looks like a backup but is none: an unreadable manifest, an archive without one, a
  // manifest without its archive, of another backup or with another length; and folders that can't
  // be read. Reported, never deleted. Nothing here is about backups that are being written.
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
  // Throws CancelledError when `stop` is requested, and StoreError when nothing can be listed at
  // all; one backup or folder that can't be read is a problem in the listing.
  [[nodiscard]] virtual Listing list(std::stop_token stop) = 0;
  // Throw RequestError{no_such_backup}. manifest() throws StoreError for what list() calls a
  // problem; open() does not ask the manifest, so that a damaged backup can still be examined. A
  // source stays readable while its backup is removed.
  [[nodiscard]] virtual Manifest manifest(const BackupKey& key) = 0;
  [[nodiscard]] virtual std::unique_ptr<ByteSource> open(const BackupKey& key) = 0;
  // As open(), of the index; nullptr where the backup has none. Whether it is what the manifest
  // describes is for the caller to see.
  [[nodiscard]] virtual std::unique_ptr<ByteSource> open_index(const BackupKey& key) = 0;
  virtual void remove(const BackupKey& key) = 0;

  // Removes what writers that are gone left behind. Called when no writer of this process is open
  // in the store; returns the names of what it removed. What can't be removed is left, the rest is
  // done, and the first error thrown at the end.
  virtual std::vector<std::string> sweep() = 0;
  // nullopt: a medium without a limit.
  [[nodiscard]] virtual std::optional<Space> space() = 0;
  // Where a person finds the archive: "/srv/backups/nightly/configs/configs-….tar.gz", or a URL.
  // Throws RequestError{no_such_backup}.
  [[nodiscard]] virtual std::string locate(const BackupKey& key) = 0;
};

using StoreRegistry = Registry<Store>;

// Every store type of this build: "directory".
[[nodiscard]] StoreRegistry built_in_stores(platform::Files& files);

// For implementers: what every store refuses, in the same words.
//
// RequestError{invalid_argument} unless the key is valid.
void check_key(const BackupKey& key);
// RequestError{invalid_argument} unless `extension` is one to three groups of lower-case letters
// and digits with dots between ("tar.gz"), at most 16 long, and does not end like a file that a
// store puts beside an archive ("json", "sha256", "index", "partial").
void check_extension(std::string_view extension);
[[nodiscard]] bool is_valid_extension(std::string_view extension) noexcept;
// Error{internal} unless `manifest` names `key` and `archive`, has `bytes` for bytes_stored, no
// index or one of `index_bytes` (nullopt: there is none), and can be read back from its JSON.
void check_manifest(const Manifest& manifest, const BackupKey& key, const std::string& archive,
                    std::uint64_t bytes, std::optional<std::uint64_t> index_bytes);
[[noreturn]] void throw_no_such_backup(const BackupKey& key, const std::string& store);
// StoreFullError for less than min_free bytes left at `place`.
void check_free(std::uint64_t available, ByteSize min_free, const std::string& place);

}  // namespace snapshotter::store
