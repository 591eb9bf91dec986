#include "unit/target/tree.hpp"

#include "support/catch.hpp"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace snapshotter::test {
namespace {

class Meddler : public target::TreeVisitor {
 public:
  Meddler(target::TreeVisitor& next, const SaveOptions& options) : next_(next), options_(options) {}
  void directory(const target::Found& found) override {
    meddle(found);
    next_.directory(found);
  }
  void other(const target::Found& found) override {
    meddle(found);
    next_.other(found);
  }
  void warn(target::Warning warning) override { next_.warn(std::move(warning)); }

 private:
  void meddle(const target::Found& found) {
    if (options_.before) options_.before(found.path);
  }

  target::TreeVisitor& next_;
  const SaveOptions& options_;
};

// The system calls themselves: the C library would change the rights of all threads.
void become(uid_t user, gid_t group) {
  if (::syscall(SYS_setresgid, -1, group, -1) != 0 || ::syscall(SYS_setresuid, -1, user, -1) != 0) {
    throw std::runtime_error(std::string("cannot change the user: ") + std::strerror(errno));
  }
}

}  // namespace

Tree::Tree() {
  if (::chmod(path().c_str(), 0755) != 0) throw std::runtime_error("chmod");
}

std::string Tree::file(const std::string& path, std::string_view content) const {
  const std::string full = at(path);
  std::filesystem::create_directories(std::filesystem::path(full).parent_path());
  write_file(full, content);
  return full;
}

std::string Tree::folder(const std::string& path) const {
  std::filesystem::create_directories(at(path));
  return at(path);
}

AsNobody::AsNobody() { become(kUid, kUid); }
AsNobody::~AsNobody() {
  static_cast<void>(::syscall(SYS_setresuid, -1, 0, -1));
  static_cast<void>(::syscall(SYS_setresgid, -1, 0, -1));
}

Mount::Mount(std::string folder, const char* type) : folder_(std::move(folder)) {
  if (::mount("snapshotter-test", folder_.c_str(), type, 0, nullptr) != 0) {
    FAIL("this test must be able to mount a " << type << ": " << std::strerror(errno));
  }
}
Mount::~Mount() { ::umount2(folder_.c_str(), MNT_DETACH); }

const Member& Saved::member(const std::string& path) const {
  INFO(path);
  REQUIRE(has(path));
  return members.at(path);
}

std::vector<std::string> Saved::warnings() const {
  std::vector<std::string> lines;
  for (const target::Warning& warning : report.warnings) {
    const char* const kind = warning.kind == target::Warning::Kind::note      ? "note "
                             : warning.kind == target::Warning::Kind::changed ? "changed "
                                                                              : "missing ";
    lines.push_back(kind + warning.path + " " + warning.what);
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

Saved save(const std::vector<std::string>& paths, const SaveOptions& options) {
  Saved saved;
  MemoryArchive archive;
  archive.sink().on_append = options.on_append;
  target::Progress progress;
  const target::Excludes excludes(options.exclude, paths);
  target::TreeSaver saver(archive.writer(), progress, saved.report, {});
  Meddler meddler(saver, options);
  target::walk_trees(paths, excludes, options.walk, meddler, {});
  saver.finish();
  saved.archive = archive.finish();
  for (Member& member : read_members(saved.archive)) {
    const std::string path = "/" + member.entry.path;
    INFO("twice in the archive: " << path);
    REQUIRE(saved.members.emplace(path, std::move(member)).second);
  }
  saved.counts = saver.counts();
  saved.bytes_read = progress.bytes_read;
  return saved;
}

}  // namespace snapshotter::test
