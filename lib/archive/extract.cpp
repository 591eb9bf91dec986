#include "archive/extract.hpp"

#include "archive/disk_writer.hpp"
#include "archive/partial_stream.hpp"
#include "archive/selection.hpp"
#include "archive/tar_reader.hpp"
#include "base/error.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace snapshotter::archive {
namespace {

// Without "." and doubled slashes; nullopt for paths that lead out of where they begin.
std::optional<std::string> safe_path(std::string_view path) {
  if (path.starts_with('/')) return std::nullopt;
  std::string safe;
  while (!path.empty()) {
    const auto component = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), component.size() + 1));
    if (component == "..") return std::nullopt;
    if (component.empty() || component == ".") continue;
    if (!safe.empty()) safe += '/';
    safe += component;
  }
  return safe;
}

void make_folders(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return;
  const auto slash = path.find_last_not_of('/') == std::string::npos ? 0 : path.rfind('/');
  if (errno != ENOENT || slash == 0 || slash == std::string::npos) {
    throw_system_error("create folder", path, errno);
  }
  make_folders(path.substr(0, slash));
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    throw_system_error("create folder", path, errno);
  }
}

// A path without symlinks in it, so that every symlink that is met below is one too many.
std::string prepare_folder(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  make_folders(path);
  char* const resolved = ::realpath(path.c_str(), nullptr);
  if (resolved == nullptr) throw_system_error("restore into", path, errno);
  std::string real(resolved);
  ::free(resolved);  // NOLINT: realpath's memory
  struct stat status {};
  if (::stat(real.c_str(), &status) != 0) throw_system_error("restore into", path, errno);
  if (!S_ISDIR(status.st_mode)) throw_system_error("restore into", path, ENOTDIR);
  return real == "/" ? "" : real;
}

class Extraction {
 public:
  Extraction(const ByteSource& source, const ExtractOptions& options, async::WorkerPool& workers,
             std::stop_token stop, const ExtractProgress& progress)
      : source_(source),
        options_(options),
        workers_(workers),
        stop_(std::move(stop)),
        progress_(progress),
        selection_(options.select),
        root_(prepare_folder(options.into)),
        must_not_replace_(!options.overwrite && !std::filesystem::is_empty(root_ + '/')),
        disk_(root_, options.owners) {}

  ExtractSummary run() {
    if (options_.index == nullptr || options_.select.empty() || !restore_by_index()) restore_all();
    for (const auto& [target, paths] : orphans_) {
      for (const auto& path : paths) problem(path, "the file it links to is not in the archive");
    }
    disk_.finish(summary_);
    summary_.not_found = selection_.unmatched();
    return std::move(summary_);
  }

 private:
  // False: it must be done without the index.
  bool restore_by_index() {
    try {
      const auto plan = plan_by_index();
      if (!plan) return false;
      refuse_existing();
      read_picked(*plan, [this](TarReader& reader, archive_entry* it, const Entry& entry) {
        restore(reader, it, entry);
      });
      if (!orphans_.empty()) restore_orphans_by_index();
      summary_.indexed = true;
      return true;
    } catch (const CorruptArchiveError& error) {
      if (must_not_replace_ && summary_.entries > 0) throw;
      start_over(error.why());
      return false;
    }
  }

  void start_over(std::string index_problem) {
    selection_ = Selection(options_.select);
    summary_ = {};
    summary_.index_problem = std::move(index_problem);
    orphans_.clear();
    existing_ = {};
  }

  std::optional<ReadingPlan> plan_by_index() {
    try {
      return plan_reading(*options_.index, options_.index_digest, source_,
                          [this](const IndexEntry& entry) { return pick(entry); });
    } catch (const CancelledError&) {
      throw;
    } catch (const Error& error) {
      start_over(error.why());  // also when the index can't be read at all
      return std::nullopt;
    }
  }

  bool pick(const IndexEntry& entry) {
    const auto path = safe_path(entry.path);
    if (!selection_.includes(path ? *path : entry.path)) return false;
    if (must_not_replace_ && path && !path->empty()) note_existing(*path, entry.kind);
    return true;
  }

  template <class Visit>
  void read_picked(const ReadingPlan& plan, Visit visit) {
    if (plan.entries == 0) return;
    PickedEntries expected(*options_.index, plan);
    TarReader reader(partial_stream(source_, plan, workers_, stop_));
    while (archive_entry* const it = reader.next()) {
      const Entry entry = to_entry(it);
      const IndexEntry* const listed = expected.next();
      if (listed == nullptr || listed->kind != entry.kind || listed->path != entry.path) {
        index_is_wrong();
      }
      visit(reader, it, entry);
    }
    if (expected.next() != nullptr) index_is_wrong();
  }

  [[noreturn]] static void index_is_wrong() {
    throw CorruptArchiveError({"use index", "", "it has other entries than the archive",
                               "move the index away and restore into a new folder"});
  }

  void restore_orphans_by_index() {
    const auto plan = plan_reading(
        *options_.index, options_.index_digest, source_, [this](const IndexEntry& entry) {
          return entry.kind == Entry::Kind::file && is_orphans_target(entry.path);
        });
    read_picked(plan, [this](TarReader& reader, archive_entry* it, const Entry& entry) {
      restore_orphans_of(reader, it, entry);
    });
  }

  void restore_all() {
    if (options_.before_reading_all) options_.before_reading_all();
    if (must_not_replace_) {
      TarReader reader(source_, workers_, stop_);
      while (archive_entry* const it = reader.next()) {
        const Entry entry = to_entry(it);
        if (const auto path = wanted(entry, false)) note_existing(*path, entry.kind);
      }
      refuse_existing();
    }
    {
      TarReader reader(source_, workers_, stop_);
      while (archive_entry* const it = reader.next()) restore(reader, it, to_entry(it));
    }
    if (!orphans_.empty()) restore_orphans();
  }

  // The entry's path when it is to be restored. A bad one becomes a problem.
  std::optional<std::string> wanted(const Entry& entry, bool report) {
    auto path = safe_path(entry.path);
    if (!selection_.includes(path ? *path : entry.path)) return std::nullopt;
    if (!path && report) problem(entry.path, "its path leads out of the folder: refused");
    if (path && path->empty()) return std::nullopt;  // the folder itself
    return path;
  }

  void note_existing(const std::string& path, Entry::Kind kind) {
    struct stat status {};
    const std::string full = root_ + '/' + path;
    if (::lstat(full.c_str(), &status) != 0) return;
    if (kind == Entry::Kind::directory && S_ISDIR(status.st_mode)) return;
    if (existing_.count++ == 0) existing_.first = full;
  }

  void refuse_existing() const {
    if (existing_.count == 0) return;
    const std::string others =
        existing_.count == 1 ? "" : " and so do " + std::to_string(existing_.count - 1) + " others";
    throw SystemError({"restore", existing_.first, "it exists already" + others,
                       "restore into another folder, or allow overwriting"});
  }

  void restore(TarReader& reader, archive_entry* it, const Entry& entry) {
    const auto path = wanted(entry, true);
    if (!path) return;
    if (entry.kind == Entry::Kind::hardlink) {
      const auto target = safe_path(entry.link_target);
      if (!target) {
        problem(entry.path, "it is a hard link to a path out of the folder: refused");
      } else if (selection_.includes(*target)) {
        disk_.link(it, *path, *target, summary_);
      } else {
        orphans_[*target].push_back(*path);
        return;
      }
    } else {
      disk_.write(reader, it, *path, summary_);
    }
    if (progress_) progress_(entry, summary_);
  }

  // Hard links to files that were not selected get those files' content, out of a second pass over
  // the archive.
  void restore_orphans() {
    TarReader reader(source_, workers_, stop_);
    while (archive_entry* const it = orphans_.empty() ? nullptr : reader.next()) {
      restore_orphans_of(reader, it, to_entry(it));
    }
  }

  [[nodiscard]] bool is_orphans_target(const std::string& path) const {
    return orphans_.contains(safe_path(path).value_or(""));
  }

  void restore_orphans_of(TarReader& reader, archive_entry* it, Entry entry) {
    const auto found = orphans_.find(safe_path(entry.path).value_or(""));
    if (found == orphans_.end() || entry.kind != Entry::Kind::file) return;
    const auto paths = std::move(found->second);
    orphans_.erase(found);
    for (const std::string& path : paths) {
      if (path == paths.front()) {
        disk_.write(reader, it, path, summary_);
      } else {
        disk_.link(it, path, paths.front(), summary_);
      }
      entry.path = path;
      if (progress_) progress_(entry, summary_);
    }
  }

  void problem(const std::string& path, std::string why) {
    summary_.problems.push_back({path, std::move(why)});
  }

  const ByteSource& source_;
  const ExtractOptions& options_;
  async::WorkerPool& workers_;
  std::stop_token stop_;
  const ExtractProgress& progress_;
  Selection selection_;
  std::string root_;       // "" is "/"
  bool must_not_replace_;  // and there may be something
  struct {
    std::uint64_t count = 0;
    std::string first;
  } existing_;  // what is selected and must not be replaced
  DiskWriter disk_;
  ExtractSummary summary_;
  std::map<std::string, std::vector<std::string>> orphans_;  // by the file that they link to
};

}  // namespace

ExtractSummary extract(const ByteSource& source, const ExtractOptions& options,
                       async::WorkerPool& workers, std::stop_token stop,
                       const ExtractProgress& progress) {
  return Extraction(source, options, workers, std::move(stop), progress).run();
}

}  // namespace snapshotter::archive
