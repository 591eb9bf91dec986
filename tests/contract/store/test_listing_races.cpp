// A listing while backups come and go: between any two of its calls any step of a commit or a
// removal may happen, and none of them is a problem.
#include "backups.hpp"
#include "store/directory/directory_store.hpp"
#include "store/directory/layout.hpp"
#include "support/catch.hpp"
#include "support/fake/memory_files.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <iterator>

namespace snapshotter::test {
namespace {

using store::BackupKey;
using store::Piece;

const std::string kFolder = "/srv/backups/nightly/configs/";
const BackupKey kOld{"nightly", "configs", "20261123T020000Z"};
const BackupKey kNew{"nightly", "configs", kStamp};
const std::string kArchive = store::archive_name(kNew, "tar.gz");

// Does the next step of somebody else before each of the chosen calls that read, and in the middle
// of a list(): of what changes while readdir(3) goes on it may show nothing or both.
class BusyFiles final : public MemoryFiles {
 public:
  explicit BusyFiles(bool show_both) : show_both_(show_both) {}

  std::deque<std::pair<int, std::function<void()>>> steps;  // (before which call, what)
  int reads = 0;

  std::unique_ptr<platform::File> open_read(const std::string& path) override {
    step();
    return MemoryFiles::open_read(path);
  }
  std::optional<std::vector<platform::FileInfo>> list(const std::string& path) override {
    step();
    auto before = MemoryFiles::list(path);
    step();
    auto after = MemoryFiles::list(path);
    if (!before || !after) return after;
    std::vector<platform::FileInfo> shown;
    const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
    const auto add = std::back_inserter(shown);
    if (show_both_) {
      std::ranges::set_union(*before, *after, add, by_name);
    } else {
      std::ranges::set_intersection(*before, *after, add, by_name);
    }
    return shown;
  }
  std::optional<platform::FileInfo> info(const std::string& path) override {
    step();
    return MemoryFiles::info(path);
  }

 private:
  void step() {
    ++reads;
    while (!steps.empty() && steps.front().first <= reads) {
      const auto work = std::move(steps.front().second);
      steps.pop_front();
      work();
    }
  }

  const bool show_both_;
};

std::string path(Piece piece) { return kFolder + store::piece_name(kArchive, piece); }

// The steps of a removal from where the backup is there; backwards those of a commit.
enum class Step { hide, remove_manifest, remove_checksum, remove_archive };
const std::vector<Step> kRemoval{Step::hide, Step::remove_manifest, Step::remove_checksum,
                                 Step::remove_archive};

void do_step(MemoryFiles& files, Step step) {
  switch (step) {
    case Step::hide:
      return files.rename(path(Piece::archive), path(Piece::partial_archive));
    case Step::remove_manifest:
      return files.remove(path(Piece::manifest));
    case Step::remove_checksum:
      return files.remove(path(Piece::checksum));
    case Step::remove_archive:
      return files.remove(path(Piece::partial_archive));
  }
}

void undo_step(MemoryFiles& files, Step step) {
  switch (step) {
    case Step::hide:
      return files.rename(path(Piece::partial_archive), path(Piece::archive));
    case Step::remove_manifest:
      return files.rename(path(Piece::partial_manifest), path(Piece::manifest));
    case Step::remove_checksum:
      return files.rename(path(Piece::partial_checksum), path(Piece::checksum));
    case Step::remove_archive:
      return;  // begin() is long past
  }
}

constexpr int kCalls = 14;  // at least as many as the listing makes

// Calls `check` with each way to put four steps before calls 1 to kCalls, in their order.
void for_each_interleaving(
    const std::function<void(BusyFiles&, const std::array<int, 4>&)>& check) {
  const bool show_both = GENERATE(false, true);
  for (int a = 1; a <= kCalls; ++a) {
    for (int b = a; b <= kCalls; ++b) {
      for (int c = b; c <= kCalls; ++c) {
        for (int d = c; d <= kCalls; ++d) {
          BusyFiles files(show_both);
          check(files, {a, b, c, d});
        }
      }
    }
  }
}

std::string shown(const std::array<int, 4>& when) {
  std::string text;
  for (const int call : when) text += std::to_string(call) + " ";
  return text;
}

void check_listing(BusyFiles& files, store::Store& store, const std::array<int, 4>& when) {
  files.reads = 0;
  const auto listing = store.list({});
  const int reads = files.reads;
  files.steps.clear();
  // Checked without a macro of Catch: there are thousands of them.
  const auto listed = ids(listing);
  const bool good =
      listing.problems.empty() && !listed.empty() && listed.front() == kOld.id() && reads <= kCalls;
  if (good) return;
  CAPTURE(shown(when), problems(listing), listed, reads);
  CHECK(good);
}

}  // namespace

TEST_CASE("a removal between any calls of a listing is no problem") {
  for_each_interleaving([](BusyFiles& files, const std::array<int, 4>& when) {
    const auto store = store::make_directory_store(files, {"/srv/backups", {}});
    write_backup(*store, kOld, content(10));
    write_backup(*store, kNew, content(10));
    for (std::size_t i = 0; i < when.size(); ++i) {
      files.steps.emplace_back(when[i], [&files, i] { do_step(files, kRemoval[i]); });
    }
    check_listing(files, *store, when);
  });
}

TEST_CASE("a commit between any calls of a listing is no problem") {
  for_each_interleaving([](BusyFiles& files, const std::array<int, 4>& when) {
    const auto store = store::make_directory_store(files, {"/srv/backups", {}});
    write_backup(*store, kOld, content(10));
    write_backup(*store, kNew, content(10));
    files.rename(path(Piece::archive), path(Piece::partial_archive));
    files.rename(path(Piece::manifest), path(Piece::partial_manifest));
    files.rename(path(Piece::checksum), path(Piece::partial_checksum));
    for (std::size_t i = 0; i < when.size(); ++i) {
      const Step step = kRemoval[kRemoval.size() - 1 - i];
      files.steps.emplace_back(when[i], [&files, step] { undo_step(files, step); });
    }
    check_listing(files, *store, when);
  });
}

TEST_CASE("a backup that is there all the time is in every listing") {
  BusyFiles files(false);
  const auto store = store::make_directory_store(files, {"/srv/backups", {}});
  write_backup(*store, kOld, content(10));
  write_backup(*store, kNew, content(10));
  files.reads = 0;
  CHECK(ids(store->list({})) == std::vector{kOld.id(), kNew.id()});
  CHECK(files.reads <= kCalls);
}

}  // namespace snapshotter::test
