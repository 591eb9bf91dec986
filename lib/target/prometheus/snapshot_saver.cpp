#include "target/prometheus/snapshot_saver.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "target/owner_names.hpp"
#include "target/prometheus/file_check.hpp"
#include "target/prometheus/snapshots_folder.hpp"
#include "target/quiet_open.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace snapshotter::target::prometheus {
namespace {

using archive::Entry;
using platform::UniqueFd;

constexpr std::size_t kPiece = 1024 * 1024;
constexpr std::uint64_t kDropEvery = 8 * 1024 * 1024;
constexpr std::size_t kMostMeta = 1024 * 1024;  // Prometheus writes some hundred bytes
constexpr int kMaxDepth = 8;

// What must be true of every file of a block is seen as it passes; what must be true of the block
// is seen at its end.
struct Block {
  std::string name;
  std::uint64_t bytes = 0;
  std::string meta_text;
  bool has_meta = false, has_index = false, has_chunks = false;
  bool is_damaged = false;  // its numbers are not to be trusted, and have been reported
  std::uint64_t chunks = 0, series = 0;
};

ssize_t read_at(int file, std::span<std::byte> into, std::uint64_t offset, int flags = 0) {
  const iovec piece{into.data(), into.size()};
  for (;;) {
    const ssize_t got = ::preadv2(file, &piece, 1, static_cast<off_t>(offset), flags);
    if (got >= 0 || errno != EINTR) return got;
  }
}

class Saver {
 public:
  Saver(archive::ArchiveWriter& archive, Progress& progress, Report& report,
        const std::stop_token& stop)
      : archive_(archive), progress_(progress), report_(report), stop_(stop), buffer_(kPiece) {}

  SavedSnapshot save(int snapshot, const std::string& where) {
    for (const std::string& name : names_in(snapshot, where)) {
      if (is_ulid(name)) {
        Block block;
        block.name = name;
        save_any(snapshot, name, name, &block, 0);
        judge(block);
      } else {
        warn(Warning::Kind::attention, name, "is no block of Prometheus's: saved as it is");
        save_any(snapshot, name, name, nullptr, 0);
      }
    }
    std::ranges::sort(saved_.blocks, {}, [](const SavedBlock& it) {
      return std::pair(it.meta.min_time, it.meta.ulid);
    });
    return std::move(saved_);
  }

 private:
  void save_any(int parent, const std::string& name, const std::string& path, Block* block,
                int depth);
  void save_folder(int folder, const struct stat& status, const std::string& path, Block* block,
                   int depth);
  void save_file(int file, const struct stat& status, const std::string& path, Block* block);
  // Returns the errno that ended it, or 0.
  int copy(int file, std::uint64_t size, FileCheck* check, std::string* text);
  std::unique_ptr<FileCheck> make_check(int file, std::uint64_t size, std::string_view inner);
  static void count(Block& block, std::string_view inner, const FileCheck* check);

  void begin(Entry::Kind kind, const std::string& path, const struct stat& status);
  void judge(const Block& block);
  void judge_numbers(const Block& block, const BlockMeta& meta);
  void warn(Warning::Kind kind, std::string path, std::string what) {
    report_.add({kind, std::move(path), std::move(what)});
  }
  void missing(Block* block, const std::string& path, std::string what) {
    if (block != nullptr) block->is_damaged = true;
    warn(Warning::Kind::missing, path, std::move(what));
  }
  void check_stop() const {
    if (stop_.stop_requested()) throw CancelledError("read a snapshot");
  }

  archive::ArchiveWriter& archive_;
  Progress& progress_;
  Report& report_;
  const std::stop_token& stop_;
  std::vector<std::byte> buffer_;
  QuietOpen open_;
  OwnerNames owners_;
  SavedSnapshot saved_;
};

void Saver::save_any(int parent, const std::string& name, const std::string& path, Block* block,
                     int depth) {
  check_stop();
  struct stat status {};
  if (::fstatat(parent, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) {
    return missing(block, path, "can't be read: " + error_text(errno));
  }
  const bool is_folder = S_ISDIR(status.st_mode);
  if (!is_folder && !S_ISREG(status.st_mode)) {
    return missing(block, path, "is neither a file nor a folder: not saved");
  }
  if (depth > kMaxDepth) return missing(block, path, "lies too deep for a block: not saved");
  const auto handle = open_(parent, name.c_str(), is_folder ? O_DIRECTORY : 0, status.st_uid);
  if (!handle || ::fstat(handle.get(), &status) != 0) {
    return missing(block, path, "can't be read: " + error_text(errno));
  }
  if (is_folder) return save_folder(handle.get(), status, path, block, depth);
  if (S_ISREG(status.st_mode)) save_file(handle.get(), status, path, block);
}

void Saver::save_folder(int folder, const struct stat& status, const std::string& path,
                        Block* block, int depth) {
  begin(Entry::Kind::directory, path, status);
  archive_.end();
  for (const std::string& name : names_in(folder, path)) {
    save_any(folder, name, path + "/" + name, block, depth + 1);
  }
}

void Saver::save_file(int file, const struct stat& status, const std::string& path, Block* block) {
  const auto size = static_cast<std::uint64_t>(status.st_size);
  // Within its block.
  const std::string_view inner =
      block == nullptr ? "" : std::string_view(path).substr(block->name.size() + 1);
  const auto check = make_check(file, size, inner);
  begin(Entry::Kind::file, path, status);
  std::string* const text = inner == "meta.json" && size <= kMostMeta ? &block->meta_text : nullptr;
  const int error = copy(file, size, check.get(), text);
  const std::uint64_t lost = archive_.end();
  if (block != nullptr) {
    block->bytes += size;
    count(*block, inner, check.get());
  }
  if (lost > 0) {
    missing(block, path,
            "can't be read" + (error != 0 ? ": " + error_text(error) : std::string()) + ": " +
                std::to_string(lost) + " bytes at its end are zeros");
  } else if (check && check->damage()) {
    missing(block, path, to_string(*check->damage()));
  }
}

std::unique_ptr<FileCheck> Saver::make_check(int file, std::uint64_t size, std::string_view inner) {
  if (inner.starts_with("chunks/")) return std::make_unique<ChunksCheck>(size);
  if (inner == "tombstones") return std::make_unique<TombstonesCheck>(size);
  if (inner != "index") return nullptr;
  std::array<std::byte, IndexCheck::kContents> contents{};
  const std::uint64_t at = size < contents.size() ? 0 : size - contents.size();
  const ssize_t got = read_at(file, contents, at);
  return std::make_unique<IndexCheck>(
      size, std::span(contents).first(got < 0 ? 0 : static_cast<std::size_t>(got)));
}

int Saver::copy(int file, std::uint64_t size, FileCheck* check, std::string* text) {
  // What of the file is in the page cache is what its server uses: that stays.
  const bool is_cold =
      size > 0 && read_at(file, std::span(buffer_).first(1), 0, RWF_NOWAIT) < 0 && errno == EAGAIN;
  std::uint64_t offset = 0, dropped = 0;
  int error = 0;
  while (offset < size) {
    check_stop();
    const auto left = static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, size - offset));
    const ssize_t got = read_at(file, std::span(buffer_).first(left), offset);
    if (got < 0) error = errno;
    if (got <= 0) break;
    const auto piece = std::span<const std::byte>(buffer_).first(static_cast<std::size_t>(got));
    if (check != nullptr) check->feed(piece);
    if (text != nullptr) text->append(reinterpret_cast<const char*>(piece.data()), piece.size());
    archive_.write(piece);
    progress_.bytes_read.fetch_add(piece.size(), std::memory_order_relaxed);
    offset += piece.size();
    if (is_cold && (offset - dropped >= kDropEvery || offset == size)) {
      ::posix_fadvise(file, static_cast<off_t>(dropped), static_cast<off_t>(offset - dropped),
                      POSIX_FADV_DONTNEED);
      dropped = offset;
    }
  }
  if (check != nullptr) check->finish();
  return error;
}

void Saver::count(Block& block, std::string_view inner, const FileCheck* check) {
  if (inner == "meta.json") block.has_meta = true;
  if (const auto* const chunks = dynamic_cast<const ChunksCheck*>(check)) {
    block.has_chunks = true;
    block.chunks += chunks->chunks();
  }
  if (const auto* const index = dynamic_cast<const IndexCheck*>(check)) {
    block.has_index = true;
    block.series = index->series();
  }
}

void Saver::begin(Entry::Kind kind, const std::string& path, const struct stat& status) {
  Entry entry;
  entry.kind = kind;
  entry.path = path;
  entry.size = kind == Entry::Kind::file ? static_cast<std::uint64_t>(status.st_size) : 0;
  entry.mode = status.st_mode & 07777U;
  entry.uid = status.st_uid;
  entry.gid = status.st_gid;
  entry.user = owners_.user(status.st_uid);
  entry.group = owners_.group(status.st_gid);
  entry.modified = status.st_mtim;
  archive_.begin(entry);
  progress_.entries.fetch_add(1, std::memory_order_relaxed);
}

void Saver::judge(const Block& block) {
  std::vector<std::string> absent;
  if (!block.has_meta) absent.emplace_back("meta.json");
  if (!block.has_index) absent.emplace_back("index");
  if (!block.has_chunks) absent.emplace_back("chunks/000001");
  if (!absent.empty() && !block.is_damaged) {
    warn(Warning::Kind::missing, block.name, "has no " + join(absent, ", no "));
  }
  if (!block.has_meta) return;
  const std::string path = block.name + "/meta.json";
  std::string why;
  const auto meta = parse_block_meta(block.meta_text, why);
  if (!meta) return warn(Warning::Kind::missing, path, why);
  if (meta->ulid != block.name) {
    return warn(Warning::Kind::missing, path, "is that of block " + printable(meta->ulid));
  }
  if (absent.empty() && !block.is_damaged) judge_numbers(block, *meta);
  saved_.blocks.push_back({*meta, block.bytes});
}

void Saver::judge_numbers(const Block& block, const BlockMeta& meta) {
  if (block.chunks != meta.chunks) {
    warn(Warning::Kind::missing, block.name + "/chunks",
         "holds " + std::to_string(block.chunks) + " chunks where meta.json says " +
             std::to_string(meta.chunks));
  }
  if (block.series != meta.series) {
    warn(Warning::Kind::missing, block.name + "/index",
         "holds " + std::to_string(block.series) + " series where meta.json says " +
             std::to_string(meta.series));
  }
}

}  // namespace

SavedSnapshot save_snapshot(int snapshot, const std::string& path, archive::ArchiveWriter& archive,
                            Progress& progress, Report& report, const std::stop_token& stop) {
  return Saver(archive, progress, report, stop).save(snapshot, path);
}

}  // namespace snapshotter::target::prometheus
