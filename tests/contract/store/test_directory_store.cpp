// What a directory store promises besides the contract of every store: its layout on a real file
// system, and what it makes of folders that people have been in.
#include "backups.hpp"
#include "base/error.hpp"
#include "store/directory/directory_store.hpp"
#include "support/catch.hpp"
#include "support/fake/memory_files.hpp"
#include "support/temp_dir.hpp"

#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <set>
#include <thread>

namespace snapshotter::test {
namespace {

namespace fs = std::filesystem;
using store::BackupKey;
using Texts = std::vector<std::string>;

const BackupKey kKey{"nightly", "configs", kStamp};
const std::string kArchive = "configs-" + kStamp + ".tar.gz";

// A store on a folder of the real file system.
struct Directory {
  TempDir temp;
  fs::path root = temp.path() / "backups";
  fs::path folder = root / "nightly" / "configs";
  std::unique_ptr<platform::Files> files = platform::system_files();
  std::shared_ptr<store::Store> store = store::make_directory_store(*files, {root.string(), {}});

  // Everything below the root, sorted.
  [[nodiscard]] Texts all() const {
    std::set<std::string> names;
    if (fs::exists(root)) {
      for (const auto& entry : fs::recursive_directory_iterator(root)) {
        names.insert(fs::relative(entry.path(), root).string());
      }
    }
    return {names.begin(), names.end()};
  }
};

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  REQUIRE(::lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777U;
}

}  // namespace

TEST_CASE("the layout is the one that scripts rely on") {
  const Directory directory;
  const auto bytes = content(10'000);
  const auto old_mask = ::umask(0);
  {
    const auto writer = directory.store->begin(kKey, "tar.gz");
    writer->append(bytes);
    CHECK(directory.all() ==
          Texts{"nightly", "nightly/configs", "nightly/configs/." + kArchive + ".partial"});
    CHECK(mode_of(directory.folder / ("." + kArchive + ".partial")) == 0600);
    (void)writer->seal();
    writer->commit(manifest_for(kKey, writer->archive_name(), bytes));
  }
  ::umask(old_mask);
  CHECK(directory.all() == Texts{"nightly", "nightly/configs", "nightly/configs/" + kArchive,
                                 "nightly/configs/" + kArchive + ".json",
                                 "nightly/configs/" + kArchive + ".sha256"});
  for (const auto* suffix : {"", ".json", ".sha256"}) {
    CHECK(mode_of(directory.folder / (kArchive + suffix)) == 0600);
  }
  CHECK(mode_of(directory.root) == 0700);
  CHECK(mode_of(directory.folder.parent_path()) == 0700);
  CHECK(mode_of(directory.folder) == 0700);
  CHECK(directory.store->locate(kKey) == (directory.folder / kArchive).string());
  CHECK(directory.store->describe() == "directory " + directory.root.string());
}

TEST_CASE("sha256sum accepts the checksum and notices damage") {
  const Directory directory;
  write_backup(*directory.store, kKey, content(100'000));
  const std::string command = "cd '" + directory.folder.string() + "' && sha256sum --strict -c " +
                              kArchive + ".sha256 >/dev/null 2>&1";
  CHECK(std::system(command.c_str()) == 0);
  auto bytes = read_file(directory.folder / kArchive);
  bytes[50'000] = static_cast<char>(bytes[50'000] ^ 1);
  write_file(directory.folder / kArchive, bytes);
  CHECK(std::system(command.c_str()) != 0);
}

TEST_CASE("folders go with the last backup in them") {
  const Directory directory;
  const BackupKey other{"nightly", "app-db", kStamp};
  write_backup(*directory.store, kKey, content(10));
  write_backup(*directory.store, other, content(10));
  directory.store->remove(kKey);
  CHECK_FALSE(fs::exists(directory.folder));
  CHECK(fs::exists(directory.root / "nightly" / "app-db"));
  directory.store->remove(other);
  CHECK(directory.all().empty());
  CHECK(fs::exists(directory.root));
}

TEST_CASE("what people put into the folders is left alone") {
  const Directory directory;
  write_backup(*directory.store, kKey, content(10));
  const Texts foreign{"README",
                      "lost+found/x",
                      "nightly/notes.txt",
                      "nightly/configs/notes.txt",
                      "nightly/configs/.hidden.partial",
                      "nightly/configs/." + kArchive,
                      "nightly/configs/copy-of-" + kArchive,
                      "nightly/configs/.snapshots/" + kArchive,
                      "nightly/configs/app-db-" + kStamp + ".tar.gz",
                      "nightly/configs/.app-db-" + kStamp + ".tar.gz.partial",
                      "nightly/.configs-" + kStamp + ".tar.gz.partial",
                      "." + kArchive + ".partial"};
  for (const auto& name : foreign) {
    fs::create_directories((directory.root / name).parent_path());
    write_file(directory.root / name, "mine");
  }
  ::mkfifo((directory.root / "fifo").c_str(), 0600);
  CHECK(ids(directory.store->list({})) == Texts{kKey.id()});
  CHECK(problems(directory.store->list({})).empty());
  CHECK(directory.store->sweep().empty());
  directory.store->remove(kKey);
  for (const auto& name : foreign) CHECK(read_file(directory.root / name) == "mine");
}

TEST_CASE("what looks like a backup and is none is a problem") {
  const Directory directory;
  write_backup(*directory.store, kKey, content(100));
  const auto good = write_backup(*directory.store, kKey, content(50, 2));
  const auto archive = directory.folder / kArchive;
  const auto manifest = directory.folder / (kArchive + ".json");
  const std::string subject = "nightly/configs/" + kArchive;
  std::string expected;
  SECTION("a truncated archive") {
    fs::resize_file(archive, 99);
    expected = subject + ": it has 99 bytes, its manifest says 100";
    CHECK_THROWS_AS(directory.store->manifest(kKey), StoreError);
    CHECK(read_backup(*directory.store, kKey).size() == 99);
  }
  SECTION("no manifest") {
    fs::remove(manifest);
    expected = subject + ": it has no manifest";
    CHECK_THROWS_AS(directory.store->manifest(kKey), StoreError);
    CHECK(read_backup(*directory.store, kKey) == content(100));
  }
  SECTION("a damaged manifest") {
    write_file(manifest, read_file(manifest).substr(0, 100));
    expected = subject + ".json: it is not JSON";
  }
  SECTION("a manifest that can not be read") {
    fs::remove(manifest);
    fs::create_directory(manifest);
    expected = subject + ".json: Is a directory";
  }
  SECTION("a manifest of a newer format") {
    auto text = read_file(manifest);
    text.replace(text.find("\"format_version\": 1"), 19, "\"format_version\": 9");
    write_file(manifest, text);
    expected = subject + ".json: its format version is 9";
  }
  SECTION("the manifest of another backup") {
    fs::copy_file(directory.folder / ("configs-" + good.stamp + ".tar.gz.json"), manifest,
                  fs::copy_options::overwrite_existing);
    expected = subject + ": its manifest is of backup " + good.id();
  }
  SECTION("the manifest of another archive") {
    auto text = read_file(manifest);
    text.replace(text.find(kArchive), kArchive.size(), "configs-" + kStamp + ".tar.gx");
    write_file(manifest, text);
    expected = subject + ": its manifest is of the archive";
  }
  SECTION("an archive that is a link") {
    fs::rename(archive, directory.temp.path() / "elsewhere");
    fs::create_symlink(directory.temp.path() / "elsewhere", archive);
    expected = subject + ": it is not a regular file";
  }
  SECTION("a manifest whose archive was taken away") {
    fs::remove(archive);
    expected = subject + ".json: its archive is missing";
  }
  SECTION("a checksum whose archive was taken away") {
    fs::remove(archive);
    fs::remove(manifest);
    expected = subject + ".sha256: its archive is missing";
  }
  const auto before = directory.all();
  const auto listing = directory.store->list({});
  REQUIRE(listing.problems.size() == 1);
  CHECK_THAT(problems(listing).at(0), ContainsText(expected));
  CHECK(ids(listing) == Texts{good.id()});
  CHECK(directory.store->sweep().empty());
  CHECK(directory.all() == before);  // reported, never deleted
  CHECK(read_backup(*directory.store, good) == content(50, 2));
}

TEST_CASE("a lost checksum file costs nothing because the manifest has it too") {
  const Directory directory;
  write_backup(*directory.store, kKey, content(100));
  fs::remove(directory.folder / (kArchive + ".sha256"));
  CHECK(ids(directory.store->list({})) == Texts{kKey.id()});
  CHECK(problems(directory.store->list({})).empty());
}

TEST_CASE("a backup taken away can not be overwritten by one of the same second") {
  const Directory directory;
  write_backup(*directory.store, kKey, content(100));
  fs::remove(directory.folder / kArchive);
  const auto manifest = read_file(directory.folder / (kArchive + ".json"));
  CHECK(write_backup(*directory.store, kKey, content(10)).stamp == kStamp + "-2");
  CHECK(read_file(directory.folder / (kArchive + ".json")) == manifest);
  directory.store->remove(kKey);
  CHECK(read_file(directory.folder / (kArchive + ".json")) == manifest);
}

TEST_CASE("of two archives of one stamp the one with a manifest is the backup") {
  const Directory directory;
  const auto copy = GENERATE(".tar", ".tar.zst");  // before and behind ".tar.gz" in the folder
  write_backup(*directory.store, kKey, content(100));
  write_file(directory.folder / ("configs-" + kStamp + copy), "repacked by hand");
  CHECK(read_backup(*directory.store, kKey) == content(100));
  CHECK(ids(directory.store->list({})) == Texts{kKey.id()});
  CHECK(directory.store->list({}).problems.size() == 1);
}

TEST_CASE("a job moved to another disk behind a link keeps its backups") {
  const Directory directory;
  write_backup(*directory.store, kKey, content(100));
  fs::rename(directory.root / "nightly", directory.temp.path() / "big-disk");
  fs::create_directory_symlink(directory.temp.path() / "big-disk", directory.root / "nightly");
  fs::create_directory_symlink(directory.temp.path() / "gone", directory.root / "weekly");
  const auto second = write_backup(*directory.store, kKey, content(200));
  CHECK(ids(directory.store->list({})) == Texts{kKey.id(), second.id()});
  CHECK(problems(directory.store->list({})).empty());
  directory.store->remove(kKey);
  CHECK(ids(directory.store->list({})) == Texts{second.id()});
}

TEST_CASE("sweep removes what writers left and nothing else") {
  const Directory directory;
  write_backup(*directory.store, kKey, content(100));
  const auto leave = [&](const std::string& name) {
    fs::create_directories((directory.root / name).parent_path());
    write_file(directory.root / name, "left");
  };
  const std::string second = "configs-" + kStamp + "-2.tar.gz";
  const auto before = directory.all();
  SECTION("a dead writer's archive") {
    leave("nightly/configs/." + second + ".partial");
    CHECK(directory.store->sweep() == Texts{"nightly/configs/." + second + ".partial"});
    CHECK(directory.all() == before);
  }
  SECTION("a half-published backup") {
    leave("nightly/configs/." + second + ".partial");
    leave("nightly/configs/" + second + ".sha256");
    leave("nightly/configs/." + second + ".json.partial");
    CHECK(problems(directory.store->list({})).empty());
    CHECK(directory.store->sweep().size() == 3);
    CHECK(directory.all() == before);
  }
  SECTION("a half-removed backup") {
    leave("nightly/configs/." + second + ".partial");
    leave("nightly/configs/" + second + ".sha256");
    leave("nightly/configs/" + second + ".json");
    CHECK(problems(directory.store->list({})).empty());
    CHECK(ids(directory.store->list({})) == Texts{kKey.id()});
    CHECK(directory.store->sweep().size() == 3);
    CHECK(directory.all() == before);
  }
  SECTION("partial files beside a backup") {
    leave("nightly/configs/." + kArchive + ".partial");
    leave("nightly/configs/." + kArchive + ".json.partial");
    leave("nightly/configs/." + kArchive + ".sha256.partial");
    CHECK(ids(directory.store->list({})) == Texts{kKey.id()});
    CHECK(directory.store->sweep().size() == 3);
    CHECK(directory.all() == before);
  }
  SECTION("a folder that holds nothing else") {
    leave("weekly/app-db/.app-db-" + kStamp + ".tar.gz.partial");
    CHECK(directory.store->sweep().size() == 1);
    CHECK(directory.all() == before);
  }
  SECTION("a folder of a partial name is not ours") {
    fs::create_directory(directory.folder / ("." + second + ".partial"));
    leave("nightly/configs/" + second + ".json");
    const auto with_folder = directory.all();
    CHECK(directory.store->sweep().empty());
    CHECK(directory.all() == with_folder);
  }
  CHECK(read_backup(*directory.store, kKey) == content(100));
}

TEST_CASE("a dead writer's stamp is not taken again") {
  const Directory directory;
  fs::create_directories(directory.folder);
  write_file(directory.folder / ("." + kArchive + ".partial"), "left");
  CHECK(write_backup(*directory.store, kKey, content(1)).stamp == kStamp + "-2");
  CHECK(write_backup(*directory.store, kKey, content(1), "tar.zst").stamp == kStamp + "-3");
  CHECK(read_file(directory.folder / ("." + kArchive + ".partial")) == "left");
}

TEST_CASE("a listing never sees half of a backup that comes or goes") {
  const Directory directory;
  write_backup(*directory.store, kKey, content(10));
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; i < 20; ++i) {
      directory.store->remove(write_backup(*directory.store, kKey, content(100)));
    }
    done = true;
  });
  Texts seen;
  std::size_t fewest = 1;
  do {
    const auto listing = directory.store->list({});
    for (const auto& problem : problems(listing)) seen.push_back(problem);
    fewest = std::min(fewest, listing.backups.size());
  } while (!done);
  writer.join();
  CHECK(seen.empty());
  CHECK(fewest == 1);
}

TEST_CASE("folders that are made and removed by several threads are no trouble") {
  MemoryFiles files;
  const auto store = store::make_directory_store(files, {"/srv/backups", {}});
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (const auto* target : {"configs", "configs", "app-db", "metrics"}) {
    threads.emplace_back([&, target] {
      for (int i = 0; i < 10000; ++i) {
        try {
          const auto writer = store->begin({"nightly", target, kStamp}, "tar.gz");
        } catch (const Error&) {
          ++failures;
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(failures == 0);
  CHECK(files.list("/srv/backups")->empty());
}

TEST_CASE("a manifest too large to be read is not published") {
  MemoryFiles files;
  const auto store = store::make_directory_store(files, {"/srv/backups", {}});
  {
    const auto writer = store->begin(kKey, "tar.gz");
    (void)writer->seal();
    auto manifest = manifest_for(kKey, writer->archive_name(), {});
    manifest.source = "{\"a\":\"" + std::string((64_MiB).bytes, 'x') + "\"}";
    CHECK_THROWS_AS(writer->commit(manifest), StoreError);
  }
  CHECK(files.list("/srv/backups")->empty());
}

TEST_CASE("a store whose place is a file is away and says so") {
  const Directory directory;
  write_file(directory.root, "a file");
  CHECK_THROWS_AS(directory.store->list({}), StoreError);
  CHECK_THROWS_AS(directory.store->begin(kKey, "tar.gz"), StoreError);
  try {
    (void)directory.store->list({});
  } catch (const StoreError& error) {
    CHECK_THAT(error.what(), ContainsText(directory.root.string()));
  }
}

TEST_CASE("a file in the place of a job's folder fails that job only") {
  const Directory directory;
  write_backup(*directory.store, kKey, content(10));
  write_file(directory.root / "weekly", "a file");
  CHECK_THROWS_AS(directory.store->begin({"weekly", "configs", kStamp}, "tar.gz"), StoreError);
  CHECK(ids(directory.store->list({})) == Texts{kKey.id()});
  CHECK(read_file(directory.root / "weekly") == "a file");
}

TEST_CASE("one folder that can not be read is a problem and the others are listed") {
  MemoryFiles files;
  const auto store = store::make_directory_store(files, {"/srv/backups", {}});
  const BackupKey other{"nightly", "app-db", kStamp};
  write_backup(*store, kKey, content(10));
  write_backup(*store, other, content(10));
  files.fail_call(files.calls() + 3, EIO);  // the root, nightly, nightly/app-db
  const auto listing = store->list({});
  CHECK(ids(listing) == Texts{kKey.id()});
  CHECK(problems(listing) == Texts{"nightly/app-db: Input/output error"});
}

TEST_CASE("space is that of the nearest folder that exists") {
  const Directory directory;
  const auto space = directory.store->space();
  REQUIRE(space);
  CHECK(space->total > 0);
  CHECK(space->available <= space->total);
  MemoryFiles files;
  files.limit_space(1000);
  CHECK(store::make_directory_store(files, {"/a/b/c", {}})->space()->total == 1000);
}

TEST_CASE("min_free stops a backup before the medium is full") {
  MemoryFiles files;
  const auto store = store::make_directory_store(files, {"/srv/backups", 1_MiB});
  write_backup(*store, kKey, content(100));
  SECTION("at the start") {
    files.limit_space((1_MiB).bytes);
    try {
      (void)store->begin(kKey, "tar.gz");
      FAIL("begun");
    } catch (const StoreFullError& error) {
      CHECK_THAT(error.what(), ContainsText("/srv/backups"));
      CHECK_THAT(error.what(), ContainsText("min_free is 1 MiB"));
      CHECK_THAT(error.advice(), ContainsText("lower the retention"));
      CHECK(error.retryable());
    }
  }
  SECTION("while it is written") {
    files.limit_space((17_MiB).bytes);
    const auto writer = store->begin(kKey, "tar.gz");
    const Bytes step((1_MiB).bytes);
    for (int i = 0; i < 15; ++i) writer->append(step);
    CHECK_THROWS_AS(writer->append(step), StoreFullError);
    CHECK_THROWS_AS(writer->append(step), Error);
  }
  CHECK(ids(store->list({})) == Texts{kKey.id()});
  CHECK(files.list("/srv/backups/nightly/configs")->size() == 3);
  files.limit_space((20_MiB).bytes);
  CHECK_NOTHROW(write_backup(*store, kKey, content(100)));
}

TEST_CASE("begin that is refused leaves no folders") {
  MemoryFiles files;
  files.limit_space(10);
  const auto store = store::make_directory_store(files, {"/srv/backups", 1_MiB});
  CHECK_THROWS_AS(store->begin(kKey, "tar.gz"), StoreFullError);
  CHECK(files.list("/srv/backups")->empty());
}

TEST_CASE("a full medium and a full quota say what to do") {
  const int error_number = GENERATE(ENOSPC, EDQUOT);
  MemoryFiles files;
  const auto store = store::make_directory_store(files, {"/srv/backups", {}});
  const auto writer = store->begin(kKey, "tar.gz");
  files.fail_call(files.calls() + 1, error_number);
  try {
    writer->append(content(10));
    FAIL("appended");
  } catch (const StoreFullError& error) {
    CHECK(error.kind() == ErrorKind::store_full);
    CHECK_THAT(error.advice(), ContainsText("/srv/backups"));
    CHECK_THAT(error.advice(), ContainsText("lower the retention"));
    CHECK(error.retryable());
  }
}

}  // namespace snapshotter::test
