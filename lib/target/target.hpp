// The contract of a thing that can be backed up.
//
// To add a type: a folder below lib/target/, one line in registry.cpp, the contract test run on it,
// an example in etc/. Nothing else in the project knows types by name.
//
// For implementers:
//  * backup() is a coroutine on the loop. It never blocks: network I/O is asynchronous; everything
//    that blocks or computes – walking files, writing into the archive – goes through
//    async::offload(context.pool, …) as a plain function that takes a stop_token and looks at it
//    often enough to end within a second.
//  * It writes its entries into context.archive, from one worker at a time, and returns when all
//    were written. The engine finishes, verifies and commits the archive; a target never sees the
//    store.
//  * What fails for a part of the source (one file of a million) is a Warning. What means that the
//    backup is not worth keeping is an exception of the BackupError family; its retryable() decides
//    about another attempt, which calls backup() again with a fresh archive.
//  * On cancellation (CancelledError passes through) and on failure it leaves nothing behind at the
//    source: no snapshot, no dump still running. What a killed daemon left is removed by recover(),
//    which finds it by what backup() put into its memory before it began.
//  * The object is shared by runs one after the other, never by two at a time, and holds no state
//    of a run.
//  * Constructing it does no I/O.
#pragma once

#include "archive/writer.hpp"
#include "async/task.hpp"
#include "base/registry.hpp"
#include "target/progress.hpp"
#include "target/surroundings.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace snapshotter::target {

struct Warning {
  // changed: the copy is usable but not of one instant (changed, grew, vanished, shrank while being
  // read). missing: something that should be in the backup is not (can't be read). note: left out
  // on purpose (a socket). attention: the backup is whole, but somebody should act (a snapshot that
  // could not be deleted, a client older than its server).
  enum class Kind { note, changed, missing, attention };
  Kind kind = Kind::note;
  std::string path;  // any bytes; printed through printable()
  std::string what;  // "grew while being read: 512 bytes more were not saved"
};

struct Report {
  // At most kMaxWarnings: the first ones, but the last attention always.
  std::vector<Warning> warnings;
  // Counts of all, listed or not.
  std::uint64_t notes = 0, changed = 0, missing = 0, attentions = 0;
  std::string source = "{}";  // a JSON object for the manifest

  static constexpr std::size_t kMaxWarnings = 1000;
  void add(Warning warning);
};

// What backup() is given beyond its surroundings; outlives it too.
struct Context : Surroundings {
  archive::ArchiveWriter& archive;
  // bytes_read, entries; bytes_total once it is known better than by estimate(). bytes_written is
  // the engine's.
  Progress& progress;
};

class BackupTarget {
 public:
  virtual ~BackupTarget() = default;
  [[nodiscard]] virtual std::string type() const = 0;      // "filesystem"
  [[nodiscard]] virtual std::string describe() const = 0;  // "files of /etc, /opt": no secrets

  // Content bytes that backup() will read, roughly, and quickly (seconds); nullopt: can't tell.
  // Blocking, off the loop; ends soon after `stop`.
  [[nodiscard]] virtual std::optional<std::uint64_t> estimate(std::stop_token stop) = 0;
  [[nodiscard]] virtual Task<Report> backup(Context& context) = 0;
  // Once after start, before any run of this target: removes what a killed daemon left at the
  // source. What it throws is logged, and does not keep the target from being backed up.
  [[nodiscard]] virtual Task<> recover(Surroundings& surroundings) = 0;
};

using TargetRegistry = Registry<BackupTarget>;

// Every target type of this build: "command", "filesystem", "postgresql", "prometheus".
[[nodiscard]] TargetRegistry built_in_targets();

}  // namespace snapshotter::target
