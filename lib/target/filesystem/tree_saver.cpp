#include "target/filesystem/tree_saver.hpp"

#include "base/error.hpp"
#include "base/units.hpp"

#include <unistd.h>

#include <cerrno>
#include <utility>

namespace snapshotter::target {
namespace {

using archive::Entry;

// Returns 0 or an errno. The size that statx gives may be wrong (0 in some file systems).
int read_link(int parent, const char* name, std::string& target) {
  for (std::size_t size = 256;; size *= 4) {
    target.resize(size);
    const ssize_t length = ::readlinkat(parent, name, target.data(), size);
    if (length < 0) return errno;
    if (static_cast<std::size_t>(length) == size) continue;
    target.resize(static_cast<std::size_t>(length));
    return 0;
  }
}

std::string bytes(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " byte" : " bytes");
}

}  // namespace

// An entry that is complete, or a file that was opened.
struct TreeSaver::Waiting {
  explicit Waiting(std::stop_token stop) : reader(std::move(stop)) {}

  std::string path;  // absolute
  Entry entry;
  bool is_file = false;
  FileReader reader;
};

TreeSaver::TreeSaver(archive::ArchiveWriter& archive, Progress& progress, Report& report,
                     std::stop_token stop)
    : archive_(archive), progress_(progress), report_(report) {
  for (std::size_t i = 0; i < kAhead; ++i) ring_.push_back(std::make_unique<Waiting>(stop));
}

TreeSaver::~TreeSaver() = default;

void TreeSaver::warn(Warning warning) { report_.add(std::move(warning)); }

void TreeSaver::directory(const Found& found) {
  if (found.path == "/") return;  // a tar has no name for it
  Entry& entry = vacant(found).entry;
  entries_.make(found.path, found.status, entry);
  read_attributes(found, entry);
  ++waiting_;
}

void TreeSaver::other(const Found& found) {
  const auto kind = entry_kind(found.status);
  if (kind == Entry::Kind::file) {
    file(found);
  } else if (kind == Entry::Kind::symlink) {
    symlink(found);
  } else if (kind) {
    special(found);
  } else {
    const bool socket = S_ISSOCK(found.status.stx_mode);
    warn({Warning::Kind::note, std::string(found.path),
          socket ? "is a socket: left out, its program makes it anew"
                 : "is of a kind that archives do not have: left out"});
  }
}

void TreeSaver::file(const Found& found) {
  if (found.status.stx_nlink > 1) {
    finish();  // its first name may be waiting
    if (auto first = links_.find(found.status)) return hard_link(found, *std::move(first));
  }
  Waiting& it = vacant(found);
  if (const int error = it.reader.open(found.parent, found.name, found.status)) {
    return warn(unreadable(found.path, error));
  }
  it.is_file = true;
  ++waiting_;
}

void TreeSaver::hard_link(const Found& found, std::string first) {
  Entry& entry = vacant(found).entry;
  entries_.make(found.path, found.status, entry);
  entry.kind = Entry::Kind::hardlink;
  entry.link_target = std::move(first);
  ++waiting_;
}

void TreeSaver::symlink(const Found& found) {
  Entry& entry = vacant(found).entry;
  entries_.make(found.path, found.status, entry);
  if (const int error = read_link(found.parent, found.name, entry.link_target)) {
    return warn(unreadable(found.path, error));
  }
  read_attributes(found, entry);
  ++waiting_;
}

void TreeSaver::special(const Found& found) {
  Entry& entry = vacant(found).entry;
  entries_.make(found.path, found.status, entry);
  read_attributes(found, entry);
  ++waiting_;
}

// The place behind the last that waits. It is taken by counting it.
TreeSaver::Waiting& TreeSaver::vacant(const Found& found) {
  if (waiting_ == ring_.size()) write_first();
  Waiting& it = *ring_[(first_ + waiting_) % ring_.size()];
  it.path = found.path;
  it.is_file = false;
  return it;
}

void TreeSaver::finish() {
  while (waiting_ > 0) write_first();
}

void TreeSaver::write_first() {
  Waiting& it = *ring_[first_];
  first_ = (first_ + 1) % ring_.size();
  --waiting_;
  if (it.is_file) return write_file(it);
  begin(it.entry);
  archive_.end();
}

void TreeSaver::write_file(Waiting& it) {
  FileReader& reader = it.reader;
  if (const int error = reader.load()) return warn(unreadable(it.path, error));
  const Status& status = reader.status();
  entries_.make(it.path, status, it.entry);
  it.entry.size = status.stx_size;
  it.entry.sparse = reader.sparse();
  if (it.entry.sparse) it.entry.extents = reader.extents();
  attributes_failed(it.path, attributes_.read(reader.handle(), status, it.entry.xattrs));
  begin(it.entry);
  links_.saved(status, it.entry.path);
  for (auto block = reader.next(); !block.empty(); block = reader.next()) {
    archive_.write(block);
    progress_.bytes_read.fetch_add(block.size(), std::memory_order_relaxed);
  }
  archive_.end();  // fills up with zeros what could not be read
  if (auto warning = judge(it.path, reader.close())) warn(*std::move(warning));
}

void TreeSaver::begin(const Entry& entry) {
  archive_.begin(entry);
  progress_.entries.fetch_add(1, std::memory_order_relaxed);
  switch (entry.kind) {
    case Entry::Kind::file:
      ++counts_.files;
      break;
    case Entry::Kind::directory:
      ++counts_.directories;
      break;
    case Entry::Kind::symlink:
      ++counts_.symlinks;
      break;
    case Entry::Kind::hardlink:
      ++counts_.hard_links;
      break;
    default:
      ++counts_.other;
  }
}

void TreeSaver::read_attributes(const Found& found, Entry& entry) {
  const int error = found.handle >= 0
                        ? attributes_.read(found.handle, found.status, entry.xattrs)
                        : attributes_.read(found.parent, found.name, found.status, entry.xattrs);
  attributes_failed(found.path, error);
}

void TreeSaver::attributes_failed(std::string_view path, int error) {
  if (error == 0) return;
  warn({Warning::Kind::missing, std::string(path),
        "some of its extended attributes cannot be read: " + error_text(error)});
}

std::optional<Warning> judge(std::string_view path, const FileReader::Outcome& outcome) {
  using Kind = Warning::Kind;
  const auto warning = [&](Kind kind, std::string what) {
    return Warning{kind, std::string(path), std::move(what)};
  };
  if (outcome.error != 0) {
    return warning(Kind::missing, "could be read only in part: " + error_text(outcome.error) +
                                      "; after " + bytes(outcome.read) + " of content the other " +
                                      bytes(outcome.unread) + " are zeros in the backup");
  }
  if (outcome.unread > 0) {
    return warning(Kind::changed, "shrank while being read: its last " + bytes(outcome.unread) +
                                      " are zeros in the backup");
  }
  if (outcome.deleted) return warning(Kind::changed, "was deleted while being read");
  if (outcome.grown > 0) {
    return warning(Kind::changed,
                   "grew while being read: " + bytes(outcome.grown) + " more were not saved");
  }
  if (outcome.changed) return warning(Kind::changed, "changed while being read");
  return std::nullopt;
}

}  // namespace snapshotter::target
