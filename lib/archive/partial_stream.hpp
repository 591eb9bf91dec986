// Some entries of an archive, found by its index: which parts of the tar stream they are, and these
// parts as a tar stream of their own.
//
// That works because every entry's headers and content are whole blocks that say nothing of their
// neighbours (ArchiveWriter writes no global headers): parts put one behind the other, with the
// end-of-archive mark behind the last, are a tar archive.
#pragma once

#include "archive/codec.hpp"
#include "archive/entry_index.hpp"
#include "archive/inflated_stream.hpp"
#include "async/worker_pool.hpp"
#include "base/byte_stream.hpp"
#include "crypto/sha256.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

namespace snapshotter::archive {

// What to read. Memory: 8 bytes for each member of the archive while it is made; then 16 bytes for
// each run of picked entries, 24 for each member they touch, one bit for each entry.
struct ReadingPlan {
  struct Range {
    std::uint64_t begin = 0, end = 0;  // in the tar stream
  };
  struct Member {
    std::uint64_t offset = 0;  // in the archive
    std::uint64_t begin = 0;   // in the tar stream
    MemberSize size;
  };
  std::vector<Range> ranges;    // ascending, apart
  std::vector<Member> members;  // those that the ranges touch
  std::vector<bool> picked;     // by the number of the entry
  std::uint64_t entries = 0;    // that were picked
};

// Asked once for each entry, in their order.
using Pick = std::function<bool(const IndexEntry&)>;

// Reads the whole index, and of the archive the last bytes. Throws CorruptArchiveError when the
// index is damaged, or not that of this archive: by its length and last bytes, and, where one is
// expected, by its own digest (the manifest has it). What `pick` was asked before counts for
// nothing then.
[[nodiscard]] ReadingPlan plan_reading(const ByteSource& index,
                                       const std::optional<crypto::Digest>& expected,
                                       const ByteSource& archive, const Pick& pick);

// The picked entries as a tar stream. Reads the members of the plan and nothing else, one a read,
// ahead of the consumer, and inflates them in parallel; each member's checksum is compared. All
// must outlive the stream. Throws as every InflatedStream.
[[nodiscard]] std::unique_ptr<InflatedStream> partial_stream(const ByteSource& archive,
                                                             const ReadingPlan& plan,
                                                             async::WorkerPool& workers,
                                                             std::stop_token stop);

// Goes through the index again, for the picked entries in turn: what a reader of the stream above
// must find. Throws as IndexReader, which it is.
class PickedEntries {
 public:
  PickedEntries(const ByteSource& index, const ReadingPlan& plan) : reader_(index), plan_(plan) {}

  // nullptr: there are no more. Valid until the next call.
  [[nodiscard]] const IndexEntry* next();

 private:
  IndexReader reader_;
  const ReadingPlan& plan_;
  std::uint64_t entry_ = 0;  // the number of the next one
  std::uint64_t found_ = 0;
};

}  // namespace snapshotter::archive
