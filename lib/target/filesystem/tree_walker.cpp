#include "target/filesystem/tree_walker.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "platform/unique_fd.hpp"
#include "target/filesystem/kernel_file_system.hpp"
#include "target/quiet_open.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>
#include <vector>

namespace snapshotter::target {
namespace {

using platform::UniqueFd;

constexpr std::size_t kListingBytes = 64 * 1024;
// Names that are sorted at a time, in bytes: some 30,000 of them.
constexpr std::size_t kBatchBytes = 1024 * 1024;

// A folder on the way from the configured path to where the walk is.
struct Level {
  UniqueFd handle;  // closed in levels far above
  FileId id;
  uid_t owner;
  std::size_t path_length;  // its path is the beginning of the walk's path
  std::string waiting;      // the names of folders in it, each ended by a NUL
  std::size_t next = 0;     // where in `waiting` the next one begins
};

// The walk of one configured path.
class Walk {
 public:
  Walk(const std::string& root, std::vector<std::string> inner_roots, const Excludes& excludes,
       const WalkOptions& options, TreeVisitor& visitor, const std::stop_token& stop)
      : root_(root),
        inner_roots_(std::move(inner_roots)),
        excludes_(excludes),
        options_(options),
        visitor_(visitor),
        stop_(stop),
        path_(root == "/" ? "" : root),
        listing_(kListingBytes) {}

  // Returns 0, or the errno for which the configured path itself can't be read.
  int run();

 private:
  int visit_root(int parent, const char* name);
  void descend();
  std::size_t list(int folder);
  void visit_batch(int folder);
  void consider(int folder, unsigned char type, const char* name);
  bool is_left_out(bool directory) const;
  void visit(int parent, const char* name);
  int enter(int parent, const char* name, const Status& seen);
  std::string why_left_out(const Status& status, int handle) const;
  void push(UniqueFd handle, const Status& status);
  int reopen_top();
  const char* go_to(const char* name);
  void check_stop() const {
    if (stop_.stop_requested()) throw CancelledError("back up files");
  }
  std::string_view path() const { return path_.empty() ? std::string_view("/") : path_; }

  const std::string& root_;
  const std::vector<std::string> inner_roots_;  // each has a walk of its own
  const Excludes& excludes_;
  const WalkOptions& options_;
  TreeVisitor& visitor_;
  const std::stop_token& stop_;
  QuietOpen open_;
  std::vector<Level> levels_;
  std::string path_;  // of what is looked at; "" for "/"
  std::vector<char> listing_;
  std::string batch_;                       // of each thing its type, its name and a NUL
  std::vector<std::uint32_t> batch_order_;  // where each begins in `batch_`
};

int Walk::run() {
  // Folders above may be reached through symlinks: somebody named the path so on purpose.
  const std::size_t slash = root_.rfind('/');
  const std::string parent = slash == 0 ? "/" : root_.substr(0, slash);
  const UniqueFd handle(::open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!handle) return errno;
  const int error = visit_root(handle.get(), root_ == "/" ? "." : root_.c_str() + slash + 1);
  descend();
  return error;
}

int Walk::visit_root(int parent, const char* name) {
  check_stop();
  Status status{};
  if (const int error = read_status(parent, name, status)) return error;
  if (S_ISDIR(status.stx_mode)) return enter(parent, name, status);
  visitor_.other({path(), parent, name, status});
  if (S_ISLNK(status.stx_mode)) {
    visitor_.warn({Warning::Kind::missing, root_,
                   "is a symlink: the link was saved, not what it points to; add that to 'paths'"});
  }
  return 0;
}

void Walk::descend() {
  while (!levels_.empty()) {
    Level& top = levels_.back();
    if (top.next == top.waiting.size()) {
      levels_.pop_back();
      continue;
    }
    if (!top.handle) {
      if (const int error = reopen_top()) {
        path_.resize(top.path_length);
        visitor_.warn(
            {Warning::Kind::missing, std::string(path()),
             "was moved while being read, folders in it are missing: " + error_text(error)});
        levels_.pop_back();
        continue;
      }
    }
    const char* const waiting = top.waiting.data() + top.next;
    top.next += std::strlen(waiting) + 1;
    // The name is read from path_ from here on: entering the folder moves the levels.
    const int folder = top.handle.get();
    visit(folder, go_to(waiting));
  }
}

// Makes path_ that of `name` in the innermost folder; returns where the name is in it.
const char* Walk::go_to(const char* name) {
  const std::size_t folder_length = levels_.back().path_length;
  path_.resize(folder_length);
  path_ += '/';
  path_ += name;
  return path_.c_str() + folder_length + 1;
}

// A folder that waited. It may be something else by now.
void Walk::visit(int parent, const char* name) {
  check_stop();
  Status status{};
  int error = read_status(parent, name, status);
  if (error == 0 && S_ISDIR(status.stx_mode)) {
    error = enter(parent, name, status);
  } else if (error == 0) {
    visitor_.other({path_, parent, name, status});
  }
  if (error != 0) visitor_.warn(unreadable(path_, error));
}

int Walk::enter(int parent, const char* name, const Status& seen) {
  std::string left_out = why_left_out(seen, -1);
  UniqueFd handle;
  Status status = seen;
  if (left_out.empty()) {
    handle = open_(parent, name, O_DIRECTORY, seen.stx_uid);
    if (!handle) {
      const int error = errno;
      if (error == EACCES || error == EPERM) visitor_.directory({path(), parent, name, seen});
      return error;
    }
    // What was opened counts: it may have been replaced, or an automount point.
    if (const int error = read_status(handle.get(), status)) return error;
    left_out = why_left_out(status, handle.get());
  }
  visitor_.directory({path(), parent, name, status, handle.get()});
  if (left_out.empty()) {
    push(std::move(handle), status);
  } else {
    visitor_.warn({Warning::Kind::note, std::string(path()), std::move(left_out)});
  }
  return 0;
}

std::string Walk::why_left_out(const Status& status, int handle) const {
  if (levels_.empty() || id_of(status).device == levels_.back().id.device) return {};
  if (options_.one_file_system) {
    return "is another file system: left out because of 'one_file_system'";
  }
  const auto kernel = handle >= 0 ? kernel_file_system(handle) : std::nullopt;
  if (!kernel) return {};
  return "is a kernel file system (" + std::string(*kernel) + "): left out, it stores nothing";
}

void Walk::push(UniqueFd handle, const Status& status) {
  const int folder = handle.get();
  levels_.push_back({std::move(handle), id_of(status), status.stx_uid, path_.size(), {}});
  // The outermost one stays open: it is what everything else can be reopened from.
  if (levels_.size() > options_.open_folders) {
    const std::size_t far = levels_.size() - options_.open_folders;
    levels_[far].handle.reset();
  }
  const std::size_t listed = list(folder);
  path_.resize(levels_.back().path_length);
  if (levels_.size() == 1 && listed == 0) {
    visitor_.warn({Warning::Kind::missing, std::string(path()),
                   "is empty: make sure that what belongs there is mounted"});
  }
}

// Visits what is no folder and keeps the names of folders. Returns how many things there are.
std::size_t Walk::list(int folder) {
  std::size_t listed = 0;
  for (;;) {
    const ssize_t length = ::getdents64(folder, listing_.data(), listing_.size());
    if (length < 0 && errno == EINTR) continue;
    const int error = length < 0 ? errno : 0;
    for (ssize_t at = 0; at < length;) {
      const auto* item = reinterpret_cast<const dirent64*>(listing_.data() + at);
      at += item->d_reclen;
      const std::string_view name = item->d_name;
      if (name == "." || name == "..") continue;
      ++listed;
      batch_order_.push_back(static_cast<std::uint32_t>(batch_.size()));
      batch_ += static_cast<char>(item->d_type);
      batch_.append(name.data(), name.size() + 1);
    }
    if (length <= 0 || batch_.size() >= kBatchBytes) visit_batch(folder);
    if (error != 0) {
      path_.resize(levels_.back().path_length);
      visitor_.warn({Warning::Kind::missing, std::string(path()),
                     "cannot be listed to its end: " + error_text(error)});
    }
    if (length <= 0) return listed;
  }
}

void Walk::visit_batch(int folder) {
  const char* const names = batch_.data();
  std::sort(batch_order_.begin(), batch_order_.end(), [&](std::uint32_t a, std::uint32_t b) {
    return std::strcmp(names + a + 1, names + b + 1) < 0;
  });
  for (const std::uint32_t at : batch_order_) {
    consider(folder, static_cast<unsigned char>(names[at]), names + at + 1);
  }
  batch_.clear();
  batch_order_.clear();
}

void Walk::consider(int folder, unsigned char type, const char* item) {
  check_stop();
  const char* const name = go_to(item);
  // Most file systems say what a thing is: then nothing else is asked for what is left out.
  if (type != DT_UNKNOWN && is_left_out(type == DT_DIR)) return;
  Status status{};
  bool directory = type == DT_DIR;
  if (!directory) {
    if (const int error = read_status(folder, name, status)) {
      visitor_.warn(unreadable(path_, error));
      return;
    }
    directory = S_ISDIR(status.stx_mode);
    if (type == DT_UNKNOWN && is_left_out(directory)) return;
  }
  if (directory) {
    levels_.back().waiting.append(name, std::strlen(name) + 1);
  } else {
    visitor_.other({path_, folder, name, status});
  }
}

bool Walk::is_left_out(bool directory) const {
  return excludes_.excludes(path_, directory) ||
         std::binary_search(inner_roots_.begin(), inner_roots_.end(), path_);
}

// Opens the innermost folder again by the names that lead to it from the nearest one that is open,
// and keeps what it opens on the way: going up n levels costs n steps, not n².
int Walk::reopen_top() {
  std::size_t open = levels_.size() - 1;
  while (!levels_[open].handle) --open;
  for (std::size_t i = open + 1; i < levels_.size(); ++i) {
    const std::size_t begin = levels_[i - 1].path_length + 1;
    const std::string name = path_.substr(begin, levels_[i].path_length - begin);
    UniqueFd handle =
        open_(levels_[i - 1].handle.get(), name.c_str(), O_DIRECTORY, levels_[i].owner);
    Status status{};
    if (!handle) return errno;
    if (const int error = read_status(handle.get(), status)) return error;
    if (id_of(status) != levels_[i].id) return ENOENT;
    levels_[i].handle = std::move(handle);
    if (i - open >= options_.open_folders) levels_[i - options_.open_folders + 1].handle.reset();
  }
  return 0;
}

bool is_inside(std::string_view path, std::string_view folder) {
  if (folder == "/") return path.size() > 1;
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

FilesystemBackupError cannot_save(std::string subject, std::string why, std::string advice,
                                  bool retryable = false) {
  return FilesystemBackupError(
      {"back up", std::move(subject), std::move(why), std::move(advice), retryable});
}

// Before anything is read: a run of hours must not fail at its end for a path that was never there.
void require(const std::vector<std::string>& roots) {
  std::vector<std::string> missing;
  for (const std::string& root : roots) {
    const UniqueFd handle(::open(root.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
    if (!handle && (errno == ENOENT || errno == ENOTDIR)) missing.push_back(printable(root));
    if (const auto kernel = kernel_file_system(handle.get())) {
      throw cannot_save(printable(root), "kernel file system (" + std::string(*kernel) + ")",
                        "take it out of 'paths': it stores nothing");
    }
  }
  if (missing.empty()) return;
  throw cannot_save(join(missing, ", "), error_text(ENOENT),
                    "create or mount it, or take it out of 'paths'");
}

}  // namespace

void walk_trees(std::span<const std::string> paths, const Excludes& excludes, WalkOptions options,
                TreeVisitor& visitor, std::stop_token stop) {
  std::vector<std::string> roots(paths.begin(), paths.end());
  std::sort(roots.begin(), roots.end());
  roots.erase(std::unique(roots.begin(), roots.end()), roots.end());
  require(roots);

  std::size_t failed = 0;
  int error = 0;
  for (const std::string& root : roots) {
    std::vector<std::string> inner;
    std::copy_if(roots.begin(), roots.end(), std::back_inserter(inner),
                 [&](const std::string& other) { return is_inside(other, root); });
    const int result = Walk(root, std::move(inner), excludes, options, visitor, stop).run();
    if (result == 0) continue;
    visitor.warn(unreadable(root, result));
    error = result;
    ++failed;
  }
  if (failed == 0 || failed < roots.size()) return;
  const bool forbidden = error == EACCES || error == EPERM;
  throw cannot_save(printable(join(roots, ", ")), error_text(error),
                    forbidden ? "give the service the capability CAP_DAC_READ_SEARCH" : "",
                    is_retryable_errno(error));
}

Warning unreadable(std::string_view path, int error) {
  switch (error) {
    case ENOENT:
      return {Warning::Kind::changed, std::string(path), "vanished before it was read"};
    case ELOOP:
    case ENOTDIR:
      return {Warning::Kind::missing, std::string(path), "was replaced while being read"};
    default:
      return {Warning::Kind::missing, std::string(path), "cannot be read: " + error_text(error)};
  }
}

}  // namespace snapshotter::target
