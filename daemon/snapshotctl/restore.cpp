#include "snapshotctl/restore.hpp"

#include "async/worker_pool.hpp"
#include "base/error.hpp"
#include "crypto/sha256.hpp"
#include "platform/files.hpp"
#include "snapshotctl/parts/interrupts.hpp"
#include "snapshotctl/parts/restore_names.hpp"
#include "snapshotctl/terminal.hpp"
#include "store/manifest.hpp"

#include <unistd.h>

#include <atomic>
#include <optional>
#include <stop_token>
#include <thread>

namespace snapshotter::ctl {
namespace {

// Tells how far the reading of an archive is, which is the one measure that is always known.
class WatchedSource final : public ByteSource {
 public:
  explicit WatchedSource(const ByteSource& source) : source_(source) {}
  [[nodiscard]] std::uint64_t size() const override { return source_.size(); }
  std::size_t read_at(std::uint64_t offset, std::span<std::byte> into) const override {
    const auto read = source_.read_at(offset, into);
    bytes_read_.fetch_add(read, std::memory_order_relaxed);
    position_.store(offset + read, std::memory_order_relaxed);
    return read;
  }
  [[nodiscard]] std::uint64_t position() const noexcept {
    return position_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t bytes_read() const noexcept { return bytes_read_; }

 private:
  const ByteSource& source_;
  mutable std::atomic<std::uint64_t> position_ = 0;
  mutable std::atomic<std::uint64_t> bytes_read_ = 0;
};

// A thread that turns Ctrl-C into a request to stop, and draws meanwhile.
class Attendant {
 public:
  Attendant(const Interrupts& interrupts, const WatchedSource& source, bool draw)
      : thread_([this, &interrupts, &source, draw](const std::stop_token& over) {
          attend(interrupts, source, draw, over);
        }) {}

  [[nodiscard]] std::stop_token token() const { return asked_.get_token(); }
  void phase(const char* what) noexcept { what_.store(what); }

 private:
  void attend(const Interrupts& interrupts, const WatchedSource& source, bool draw,
              const std::stop_token& over) {
    constexpr Duration kLook = std::chrono::milliseconds(100);
    // Else each restore would take as long as a look.
    const std::stop_callback wake(over, [me = ::pthread_self()] { Interrupts::wake(me); });
    ProgressDisplay display(false);
    while (!over.stop_requested()) {
      if (interrupts.wait(kLook)) {
        if (asked_.stop_requested()) ::_exit(Interrupts::kExitCode);
        asked_.request_stop();
      }
      if (!draw) continue;
      try {
        display.update({what_.load(), source.position(), source.size()});
      } catch (const Error&) {
        draw = false;  // nobody looks any more; the restore is what matters
      }
    }
  }

  std::atomic<const char*> what_ = "reading";
  std::stop_source asked_;
  std::jthread thread_;  // the last, so that it ends before what it uses
};

// Nothing but a checksum that is there and right is true; a wrong one throws.
bool verified(const WatchedSource& source, const std::string& archive,
              const std::stop_token& stop) {
  const auto files = platform::system_files();
  const auto beside = archive + ".sha256";
  if (!files->info(beside)) return false;
  const std::string doing = "restore from";
  const auto expected = parse_checksum(platform::read_text(*files, beside));
  if (!expected) {
    throw CorruptArchiveError({"read the checksum", beside, "it holds no SHA-256",
                               "to restore all the same, give --no-verify"});
  }
  crypto::Sha256 hash;
  std::vector<std::byte> buffer(1U << 20U);
  for (std::uint64_t offset = 0; offset < source.size();) {
    if (stop.stop_requested()) throw CancelledError("restore");
    const auto read = source.read_at(offset, buffer);
    if (read == 0) break;
    hash.update(std::span(buffer).first(read));
    offset += read;
  }
  if (hash.finish() != *expected) {
    throw CorruptArchiveError({doing, archive, "it is not the file that its checksum was made of",
                               "take another backup; to save what can be read, give --no-verify"});
  }
  return true;
}

struct Index {
  std::unique_ptr<ByteSource> source;  // nullptr: there is none to be used
  std::optional<crypto::Digest> digest;
};

// What can't be opened or read here is no reason not to restore.
Index index_beside(const std::string& archive) {
  const auto files = platform::system_files();
  Index index;
  try {
    if (!files->info(archive + ".index")) return {};
    index.source = archive::open_archive_file(archive + ".index");
  } catch (const Error&) {
    return {};
  }
  try {
    const auto path = archive + ".json";
    if (!files->info(path)) return index;
    const auto manifest = store::Manifest::from_json(platform::read_text(*files, path), path);
    if (!manifest.index) return {};
    index.digest = crypto::parse_hex(manifest.index->sha256);
  } catch (const Error&) {
    // An index has checksums of its own.
  }
  return index;
}

}  // namespace

Restored restore(const RestoreOptions& options) {
  const Interrupts interrupts;  // before all threads
  const auto file = archive::open_archive_file(options.archive);
  const WatchedSource source(*file);
  async::WorkerPool workers("inflate", std::max(1U, std::thread::hardware_concurrency()));
  Attendant attendant(interrupts, source, options.progress);
  Restored restored;
  const Index index = options.paths.empty() ? Index{} : index_beside(options.archive);
  const auto compare = [&] {
    if (!options.verify) return;
    attendant.phase("comparing the checksum");
    restored.verified = verified(source, options.archive, attendant.token());
    attendant.phase("restoring");
  };
  if (!index.source) compare();
  attendant.phase("restoring");
  archive::ExtractOptions extract;
  if (index.source) {
    extract.index = index.source.get();
    extract.index_digest = index.digest;
    extract.before_reading_all = compare;
  }
  extract.into = options.into;
  extract.select = options.paths;
  extract.overwrite = options.force;
  extract.owners = ::geteuid() == 0;
  restored.summary = archive::extract(source, extract, workers, attendant.token());
  restored.bytes_read = source.bytes_read();
  return restored;
}

}  // namespace snapshotter::ctl
