// The tar stream inside a compressed archive.
#pragma once

#include "archive/codec.hpp"
#include "archive/format.hpp"
#include "archive/stored_bytes.hpp"
#include "async/worker_pool.hpp"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

namespace snapshotter::archive {

// One thread. Throws CorruptArchiveError with the offset in the archive, CancelledError.
class InflatedStream {
 public:
  virtual ~InflatedStream() = default;
  // The next piece, valid until the next call; empty at the end, when every byte of the archive has
  // been read and every checksum matched.
  virtual std::span<const std::byte> next() = 0;
  // The member that next() gave last; nullopt where pieces are not members.
  [[nodiscard]] virtual std::optional<MemberSize> member() const { return std::nullopt; }
};

// An archive of ours: members are inflated in parallel. Any other: in the calling thread. `in` and
// `workers` must outlive the stream.
[[nodiscard]] std::unique_ptr<InflatedStream> open_stream(StoredBytes& in, Format format,
                                                          async::WorkerPool& workers);

// By the first bytes; CorruptArchiveError when it is neither.
[[nodiscard]] Format format_of(const StoredBytes& in);

[[nodiscard]] std::unique_ptr<InflatedStream> parallel_stream(StoredBytes& in, const Codec& codec,
                                                              std::unique_ptr<MemberIndex> index,
                                                              async::WorkerPool& workers);
[[nodiscard]] std::unique_ptr<InflatedStream> sequential_stream(StoredBytes& in, Format format);

}  // namespace snapshotter::archive
