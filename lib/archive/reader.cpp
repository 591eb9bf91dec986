#include "archive/reader.hpp"

#include "archive/tar_reader.hpp"

#include <algorithm>
#include <cstring>

namespace snapshotter::archive {

struct ArchiveReader::Impl {
  TarReader tar;
  std::span<const std::byte> piece;
  bool content_ended = true;
};

ArchiveReader::ArchiveReader(const ByteSource& source, async::WorkerPool& workers,
                             std::stop_token stop)
    : impl_(new Impl{{source, workers, std::move(stop)}, {}}) {}

ArchiveReader::~ArchiveReader() = default;

std::optional<Entry> ArchiveReader::next() {
  archive_entry* const it = impl_->tar.next();
  impl_->piece = {};
  impl_->content_ended = it == nullptr;
  if (it == nullptr) return std::nullopt;
  return to_entry(it);
}

std::size_t ArchiveReader::read(std::span<std::byte> into) {
  if (impl_->piece.empty() && !impl_->content_ended) {
    impl_->piece = impl_->tar.read().bytes;
    impl_->content_ended = impl_->piece.empty();
  }
  const std::size_t count = std::min(into.size(), impl_->piece.size());
  if (count > 0) std::memcpy(into.data(), impl_->piece.data(), count);
  impl_->piece = impl_->piece.subspan(count);
  return count;
}

}  // namespace snapshotter::archive
