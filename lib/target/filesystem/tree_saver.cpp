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

TreeSaver::TreeSaver(archive::ArchiveWriter& archive, Progress& progress, Report& report,
                     std::stop_token stop)
    : archive_(archive), progress_(progress), report_(report), reader_(std::move(stop)) {}

void TreeSaver::warn(Warning warning) { report_.add(std::move(warning)); }

void TreeSaver::add(const Entry& entry, std::uint64_t& count) {
  archive_.begin(entry);
  ++count;
  progress_.entries.fetch_add(1, std::memory_order_relaxed);
}

void TreeSaver::directory(const Found& found) {
  if (found.path == "/") return;  // a tar has no name for it
  Entry& entry = entries_.make(found.path, found.status);
  const int error = found.handle >= 0
                        ? attributes_.read(found.handle, found.status, entry.xattrs)
                        : attributes_.read(found.parent, found.name, found.status, entry.xattrs);
  attributes_failed(found, error);
  add(entry, counts_.directories);
  archive_.end();
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
  if (auto first = links_.find(found.status)) return hard_link(found, *std::move(first));
  if (const int error = reader_.open(found.parent, found.name, found.status)) {
    return warn(unreadable(found.path, error));
  }
  Entry& entry = entries_.make(found.path, reader_.status());
  entry.size = reader_.status().stx_size;
  entry.sparse = reader_.sparse();
  if (entry.sparse) entry.extents = reader_.extents();
  attributes_failed(found, attributes_.read(reader_.handle(), reader_.status(), entry.xattrs));
  add(entry, counts_.files);
  links_.saved(reader_.status(), entry.path);
  content(found);
}

void TreeSaver::content(const Found& found) {
  for (auto block = reader_.next(); !block.empty(); block = reader_.next()) {
    archive_.write(block);
    progress_.bytes_read.fetch_add(block.size(), std::memory_order_relaxed);
  }
  archive_.end();  // fills up with zeros what could not be read
  if (auto warning = judge(found.path, reader_.close())) warn(*std::move(warning));
}

void TreeSaver::hard_link(const Found& found, std::string first) {
  Entry& entry = entries_.make(found.path, found.status);
  entry.kind = Entry::Kind::hardlink;
  entry.link_target = std::move(first);
  add(entry, counts_.hard_links);
  archive_.end();
}

void TreeSaver::symlink(const Found& found) {
  Entry& entry = entries_.make(found.path, found.status);
  if (const int error = read_link(found.parent, found.name, entry.link_target)) {
    return warn(unreadable(found.path, error));
  }
  attributes_failed(found, attributes_.read(found.parent, found.name, found.status, entry.xattrs));
  add(entry, counts_.symlinks);
  archive_.end();
}

void TreeSaver::special(const Found& found) {
  Entry& entry = entries_.make(found.path, found.status);
  attributes_failed(found, attributes_.read(found.parent, found.name, found.status, entry.xattrs));
  add(entry, counts_.other);
  archive_.end();
}

void TreeSaver::attributes_failed(const Found& found, int error) {
  if (error == 0) return;
  warn({Warning::Kind::missing, std::string(found.path),
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
