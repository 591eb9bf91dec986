// Crashes, power cuts and failing calls at every instant of every change of a directory store.
#include "backups.hpp"
#include "base/error.hpp"
#include "reordering_files.hpp"
#include "store/directory/directory_store.hpp"
#include "support/catch.hpp"

#include <cerrno>
#include <functional>
#include <set>

namespace snapshotter::test {
namespace {

using store::BackupKey;
using Texts = std::vector<std::string>;

const std::string kRoot = "/srv/backups";
const BackupKey kOld{"nightly", "configs", "20261123T020000Z"};
const BackupKey kNew{"nightly", "configs", kStamp};
const BackupKey kAlone{"weekly", "configs", kStamp};  // the only one in its folder
const Bytes kOldBytes = content(3000, 1);
const Bytes kNewBytes = content(5000, 2);
const Bytes kNewIndex = content(600, 3);
constexpr std::uint64_t kMany = 200;  // more calls than any of these operations makes

// A store with an old backup that nothing may harm.
struct World {
  MemoryFiles disk;
  ReorderingFiles files{disk};
  std::shared_ptr<store::Store> store;

  World() {
    reopen();
    write_backup(*store, kOld, kOldBytes);
  }
  void reopen() { store = store::make_directory_store(files, {kRoot, 1_KiB}); }

  // What a process that starts after the crash sees.
  void crash_at(std::uint64_t call, const std::function<void()>& work, bool& returned) {
    const std::uint64_t first = disk.calls() + call;
    for (std::uint64_t i = 0; i < kMany; ++i) disk.fail_call(first + i, EIO);
    returned = true;
    try {
      work();
    } catch (const StoreError&) {
      returned = false;
    }
    calls_made = disk.calls() + call - first;
    for (std::uint64_t i = 0; i < kMany; ++i) disk.fail_call(first + i, 0);
  }
  std::uint64_t calls_made = 0;

  [[nodiscard]] std::set<std::string> files_below(const std::string& path) {
    std::set<std::string> names;
    for (const auto& info : disk.list(path).value_or(std::vector<platform::FileInfo>{})) {
      const auto below = path + "/" + info.name;
      if (info.kind == platform::FileInfo::Kind::directory) {
        names.merge(files_below(below));
      } else {
        names.insert(below);
      }
    }
    return names;
  }
};

// The old backup is intact; `key` is either a complete backup or nothing, and the store is clean.
// Returns whether it is there.
bool check_whole_or_nothing(World& world, const BackupKey& key, bool swept) {
  const auto listing = world.store->list({});
  CHECK(problems(listing).empty());
  const auto listed = ids(listing);
  const bool there = std::count(listed.begin(), listed.end(), key.id()) == 1;
  CHECK(listed.size() == (there ? 2U : 1U));
  CHECK(read_backup(*world.store, kOld) == kOldBytes);
  std::size_t indexes = 0;
  if (there) {
    CHECK(read_backup(*world.store, key) == kNewBytes);
    const auto manifest = world.store->manifest(key);
    auto expected = manifest_for(key, manifest.archive, kNewBytes);
    if (manifest.index) {
      expected.index = index_for(kNewIndex);
      CHECK(read_all(*world.store->open_index(key)) == kNewIndex);
      ++indexes;
    }
    CHECK(manifest == expected);
  } else {
    CHECK_THROWS_AS(world.store->open(key), RequestError);
  }
  if (swept) CHECK(world.files_below("/").size() == 3 * listed.size() + indexes);
  return there;
}

// After a crash: the same before and after the sweep; the sweep is complete; life goes on.
bool check_after_crash(World& world, const BackupKey& key) {
  world.reopen();
  const bool there = check_whole_or_nothing(world, key, false);
  (void)world.store->sweep();
  CHECK(check_whole_or_nothing(world, key, true) == there);
  CHECK(world.store->sweep().empty());
  const auto next = write_backup(*world.store, key, content(10));
  CHECK(read_backup(*world.store, next) == content(10));
  return there;
}

// A change of the store that is made at a world in which `prepare` was done.
struct Change {
  std::string name;
  BackupKey key;
  std::function<void(World&)> prepare;
  std::function<void(World&)> work;
  bool there_before;
  bool there_after;
};

void half_removed(World& world) {
  write_indexed_backup(*world.store, kNew, kNewBytes, kNewIndex);
  const std::string folder = kRoot + "/nightly/configs/";
  const std::string archive = "configs-" + kStamp + ".tar.gz";
  world.files.rename(folder + archive, folder + "." + archive + ".partial");
  world.files.sync_directory(kRoot + "/nightly/configs");
}

std::vector<Change> changes() {
  const auto nothing = [](World&) {};
  const auto write = [](const BackupKey& key) {
    return [key](World& world) { write_indexed_backup(*world.store, key, kNewBytes, kNewIndex); };
  };
  const auto write_plain = [](const BackupKey& key) {
    return [key](World& world) { write_backup(*world.store, key, kNewBytes); };
  };
  const auto remove = [](const BackupKey& key) {
    return [key](World& world) { world.store->remove(key); };
  };
  const auto abandon = [](World& world) {
    const auto writer = world.store->begin(kNew, "tar.gz");
    writer->append(kNewBytes);
    writer->index().append(kNewIndex);
    (void)writer->seal();
  };
  const auto sweep = [](World& world) { (void)world.store->sweep(); };
  return {
      {"write", kNew, nothing, write(kNew), false, true},
      {"write without an index", kNew, nothing, write_plain(kNew), false, true},
      {"write alone", kAlone, nothing, write(kAlone), false, true},
      {"remove", kNew, write(kNew), remove(kNew), true, false},
      {"remove alone", kAlone, write(kAlone), remove(kAlone), true, false},
      {"abandon", kNew, nothing, abandon, false, false},
      {"sweep", kNew, half_removed, sweep, false, false},
  };
}

}  // namespace

TEST_CASE("a crash at any call leaves a whole backup or nothing") {
  const bool power_cut = GENERATE(false, true);
  for (const Change& change : changes()) {
    for (std::uint64_t call = 1;; ++call) {
      CAPTURE(change.name, power_cut, call);
      World world;
      change.prepare(world);
      bool returned = false;
      world.crash_at(
          call, [&] { change.work(world); }, returned);
      const bool complete = returned && world.calls_made < call;
      if (power_cut) world.disk.power_cut();
      if (complete) {
        world.reopen();
        check_whole_or_nothing(world, change.key, true);  // nothing is left for a sweep
      }
      const bool there = check_after_crash(world, change.key);
      if (returned) CHECK(there == change.there_after);
      if (!change.there_before && !change.there_after) CHECK_FALSE(there);
      if (complete) {
        CHECK(call > 5);
        break;
      }
      REQUIRE(call < kMany);
    }
  }
}

TEST_CASE("a disk that keeps any part of the unsynced names leaves a whole backup or nothing") {
  for (const Change& change : changes()) {
    bool complete = false;
    for (std::uint64_t call = 1; !complete; ++call) {
      std::size_t pending = 0;
      for (std::uint32_t kept = 0; kept == 0 || kept < (1U << pending); ++kept) {
        CAPTURE(change.name, call, kept);
        World world;
        change.prepare(world);
        bool returned = false;
        world.crash_at(
            call, [&] { change.work(world); }, returned);
        complete = returned && world.calls_made < call;
        pending = world.files.unsynced();
        REQUIRE(pending < 12);
        world.files.power_cut(kept);
        const bool there = check_after_crash(world, change.key);
        if (returned) CHECK(there == change.there_after);
      }
      REQUIRE(call < kMany);
    }
  }
}

TEST_CASE("a call that fails fails the change and leaves what was before") {
  const int error_number = GENERATE(EIO, ENOSPC, EDQUOT, EROFS);
  const auto kind =
      error_number == ENOSPC || error_number == EDQUOT ? ErrorKind::store_full : ErrorKind::store;
  for (const Change& change : changes()) {
    for (std::uint64_t call = 1;; ++call) {
      CAPTURE(change.name, error_number, call);
      World world;
      change.prepare(world);
      const std::uint64_t before = world.disk.calls();
      world.disk.fail_call(before + call, error_number);
      bool failed = false;
      try {
        change.work(world);
      } catch (const StoreError& error) {
        failed = true;
        CHECK(error.kind() == kind);
        CHECK_THAT(error.what(), ContainsText(kRoot));
      }
      const std::uint64_t made = world.disk.calls() - before;
      world.disk.fail_call(before + call, 0);
      const bool there = check_whole_or_nothing(world, change.key, false);
      if (!failed) CHECK(there == change.there_after);
      // Writing that failed has cleaned up after itself at once.
      if (failed && !change.there_before) CHECK_FALSE(there);
      if (failed && change.name.rfind("write", 0) == 0)
        check_whole_or_nothing(world, change.key, true);
      world.disk.power_cut();
      const bool still_there = check_after_crash(world, change.key);
      // A removal that failed may not have been durable yet.
      const bool may_come_back = failed && change.there_before;
      if (!may_come_back) CHECK(still_there == there);
      if (made < call) break;
      REQUIRE(call < kMany);
    }
  }
}

TEST_CASE("reading with a failing call says so and loses nothing silently") {
  for (std::uint64_t call = 1;; ++call) {
    CAPTURE(call);
    World world;
    write_indexed_backup(*world.store, kNew, kNewBytes, kNewIndex);
    const std::uint64_t before = world.disk.calls();
    world.disk.fail_call(before + call, EIO);
    try {
      const auto listing = world.store->list({});
      CHECK((listing.backups.size() == 2) == listing.problems.empty());
    } catch (const StoreError& error) {
      CHECK(error.kind() == ErrorKind::store);
    }
    if (world.disk.calls() - before < call) break;
  }
  for (std::uint64_t call = 1;; ++call) {
    CAPTURE(call);
    World world;
    const std::uint64_t before = world.disk.calls();
    world.disk.fail_call(before + call, EIO);
    bool failed = false;
    try {
      const auto manifest = world.store->manifest(kOld);
      const auto place = world.store->locate(kOld);
      const auto bytes = read_backup(*world.store, kOld);
      const auto space = world.store->space();
      CHECK(manifest.key == kOld);
      CHECK(place.rfind(kRoot, 0) == 0);
      CHECK(bytes == kOldBytes);
      CHECK(space.has_value());
    } catch (const StoreError&) {
      failed = true;
    }
    const bool reached = world.disk.calls() - before >= call;
    CHECK(failed == reached);
    if (!reached) break;
  }
}

TEST_CASE("a sweep goes on behind what it can not remove") {
  World world;
  half_removed(world);
  const std::string other = kRoot + "/weekly/configs/.configs-" + kStamp + ".tar.gz.partial";
  world.disk.make_directories(kRoot + "/weekly/configs");
  (void)world.disk.create(other);
  world.disk.fail_call(world.disk.calls() + 4, EIO);  // lists of root, nightly, configs; a removal
  CHECK_THROWS_AS(world.store->sweep(), StoreError);
  CHECK_FALSE(world.disk.info(other));
  CHECK(world.store->sweep().size() == 4);
  CHECK(world.files_below("/").size() == 3);
}

}  // namespace snapshotter::test
