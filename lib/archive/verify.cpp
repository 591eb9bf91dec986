// One pass over the compressed file: as its bytes are read they are hashed, as they are inflated
// they are walked. Nothing is held but the blocks in flight.
#include "archive/entry_index.hpp"
#include "archive/inflated_stream.hpp"
#include "archive/reader.hpp"
#include "archive/tar_walker.hpp"
#include "base/error.hpp"
#include "crypto/sha256.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

namespace snapshotter::archive {
namespace {

// Compares the file, as it passes by, with what the writer remembers of it.
class Comparison {
 public:
  explicit Comparison(const WriteSummary& written) : written_(written) {}

  void see(std::uint64_t offset, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      if (next_ == written_.rewritten.size()) {
        appended_.update(bytes);
        return;
      }
      const auto& range = written_.rewritten[next_];
      const std::size_t count = std::min<std::uint64_t>(
          bytes.size(), offset < range.offset ? range.offset - offset
                                              : range.offset + range.bytes.size() - offset);
      const auto part = bytes.first(count);
      if (offset < range.offset) {
        appended_.update(part);
      } else if (std::memcmp(part.data(), range.bytes.data() + (offset - range.offset), count) !=
                 0) {
        throw_corrupt(offset, "other bytes than were written for a stream's header");
      }
      offset += count;
      bytes = bytes.subspan(count);
      if (offset >= range.offset && offset - range.offset == range.bytes.size()) ++next_;
    }
  }

  void finish(const VerifySummary& found) {
    if (appended_.finish() != written_.appended) differ("bytes", "");
    compare("entries", found.entries, written_.entries);
    compare("bytes of content", found.content_bytes, written_.content_bytes);
    compare("bytes of tar", found.tar_bytes, written_.tar_bytes);
  }

 private:
  static void compare(const std::string& what, std::uint64_t found, std::uint64_t written) {
    if (found == written) return;
    differ(what, ": " + std::to_string(found) + " instead of " + std::to_string(written));
  }

  [[noreturn]] static void differ(const std::string& what, const std::string& how) {
    throw CorruptArchiveError({"verify archive", "",
                               "it holds other " + what + " than were written" + how,
                               "check the disk and its cables, and run the backup again", true});
  }

  const WriteSummary& written_;
  std::size_t next_ = 0;
  Fingerprinter appended_;
};

// Compares an index with the archive. Digests, because entries and members may stand in it in any
// mixture, and an index is not held in memory.
class IndexCheck {
 public:
  explicit IndexCheck(const ByteSource& index) : index_(index) {}

  [[nodiscard]] TarWalker::Listener listener() {
    return [this](const IndexEntry& entry) { walked_.add(entry); };
  }
  void see(std::optional<MemberSize> member) {
    if (member) walked_.add(*member);
  }
  [[nodiscard]] VerifySummary::Index finish(std::uint64_t archive_bytes) {
    VerifySummary::Index found;
    try {
      found.bytes = index_.size();
      IndexReader reader(index_);
      IndexDigest listed;
      for (auto record = reader.next(); record != IndexReader::Record::end;
           record = reader.next()) {
        if (record == IndexReader::Record::entry) {
          listed.add(reader.entry());
        } else {
          listed.add(reader.member());
        }
      }
      found.sha256 = reader.digest();
      if (reader.end().archive_bytes != archive_bytes || listed.finish() != walked_.finish()) {
        found.problem = "it is the index of another archive";
      }
    } catch (const CancelledError&) {
      throw;
    } catch (const Error& error) {
      found.problem = error.why();
    }
    return found;
  }

 private:
  const ByteSource& index_;
  IndexDigest walked_;
};

VerifySummary verify_against(const ByteSource& source, Comparison* comparison,
                             async::WorkerPool& workers, std::stop_token stop,
                             const VerifyProgress& progress, const ByteSource* index) {
  crypto::Sha256 whole;
  StoredBytes in(source, std::move(stop),
                 [&](std::uint64_t offset, std::span<const std::byte> bytes) {
                   whole.update(bytes);
                   if (comparison != nullptr) comparison->see(offset, bytes);
                   if (progress) progress(offset + bytes.size());
                 });
  VerifySummary summary;
  summary.format = format_of(in);
  const auto stream = open_stream(in, summary.format, workers);
  std::optional<IndexCheck> check;
  if (index != nullptr) check.emplace(*index);
  TarWalker walker(check ? check->listener() : TarWalker::Listener{});
  for (auto piece = stream->next(); !piece.empty(); piece = stream->next()) {
    if (check) check->see(stream->member());
    walker.feed(piece);
  }
  walker.finish();
  summary.sha256 = whole.finish();
  summary.entries = walker.entries();
  summary.content_bytes = walker.content_bytes();
  summary.tar_bytes = walker.tar_bytes();
  summary.stored_bytes = in.offset();
  if (check) summary.index = check->finish(summary.stored_bytes);
  return summary;
}

}  // namespace

VerifySummary verify(const ByteSource& source, async::WorkerPool& workers, std::stop_token stop,
                     const VerifyProgress& progress, const ByteSource* index) {
  return verify_against(source, nullptr, workers, std::move(stop), progress, index);
}

VerifySummary verify_written(const ByteSource& source, const WriteSummary& written,
                             async::WorkerPool& workers, std::stop_token stop,
                             const VerifyProgress& progress, const ByteSource* index) {
  const std::uint64_t size = source.size();
  if (size != written.stored_bytes) {
    throw_corrupt(std::min(size, written.stored_bytes),
                  "a file of " + std::to_string(size) + " bytes instead of " +
                      std::to_string(written.stored_bytes) + ": it differs from what was written");
  }
  Comparison comparison(written);
  VerifySummary summary =
      verify_against(source, &comparison, workers, std::move(stop), progress, index);
  comparison.finish(summary);
  return summary;
}

}  // namespace snapshotter::archive
