#include "store_contract.hpp"

#include "backups.hpp"
#include "base/error.hpp"
#include "support/catch.hpp"

#include <mutex>
#include <set>
#include <thread>

namespace snapshotter::test {
namespace {

using store::BackupKey;
using store::Store;
using Ids = std::vector<std::string>;

const BackupKey kKey{"nightly", "configs", kStamp};
const BackupKey kOther{"nightly", "app-db", kStamp};

template <class Work>
ErrorKind kind_of_failure(Work work) {
  try {
    work();
  } catch (const Error& error) {
    CHECK_FALSE(error.why().empty());
    return error.kind();
  }
  FAIL("nothing was thrown");
  return ErrorKind::internal;
}

void check_absent(Store& store, const BackupKey& key) {
  CHECK(ids(store.list({})).empty());
  CHECK(kind_of_failure([&] { (void)store.open(key); }) == ErrorKind::no_such_backup);
  CHECK(kind_of_failure([&] { (void)store.manifest(key); }) == ErrorKind::no_such_backup);
  CHECK(kind_of_failure([&] { (void)store.locate(key); }) == ErrorKind::no_such_backup);
}

void check_present(Store& store, const BackupKey& key, const Bytes& bytes) {
  const auto manifest = store.manifest(key);
  CHECK(manifest == manifest_for(key, manifest.archive, bytes));
  CHECK(read_backup(store, key) == bytes);
  CHECK_THAT(store.locate(key), ContainsText(manifest.archive));
}

void empty_store(Store& store) {
  SECTION("an empty store") {
    CHECK_FALSE(store.describe().empty());
    check_absent(store, kKey);
    CHECK(store.list({}).problems.empty());
    CHECK(store.sweep().empty());
    CHECK_NOTHROW(store.remove(kKey));
    if (const auto space = store.space()) CHECK(space->available <= space->total);
  }
}

void visibility(Store& store) {
  SECTION("a backup is invisible until it is committed") {
    const auto bytes = content(100'000);
    auto writer = store.begin(kKey, "tar.gz");
    CHECK(writer->key() == kKey);
    CHECK_THAT(writer->archive_name(), ContainsText("configs-" + kStamp + ".tar.gz"));
    check_absent(store, kKey);
    writer->append(bytes);
    check_absent(store, kKey);
    const auto source = writer->seal();
    check_absent(store, kKey);
    CHECK(read_all(*source) == bytes);
    CHECK(store.list({}).problems.empty());

    writer->commit(manifest_for(kKey, writer->archive_name(), bytes));
    CHECK(ids(store.list({})) == Ids{kKey.id()});
    CHECK(store.list({}).problems.empty());
    check_present(store, kKey, bytes);
    writer.reset();
    check_present(store, kKey, bytes);
    CHECK(store.list({}).backups.at(0) == store.manifest(kKey));
    CHECK(store.sweep().empty());
    check_present(store, kKey, bytes);
  }
  SECTION("a backup of no bytes is a backup") {
    write_backup(store, kKey, {});
    check_present(store, kKey, {});
  }
  SECTION("the manifest that is given is the one that is kept") {
    const auto bytes = content(10);
    const auto writer = store.begin(kKey, "tar.zst");
    writer->append(bytes);
    (void)writer->seal();
    auto manifest = manifest_for(kKey, writer->archive_name(), bytes);
    manifest.state = "partial";
    manifest.reasons = {"2 files could not be read"};
    manifest.warnings = {{"/etc/shadow\\n", "Permission denied"}, {"/a \"b\"", "changed"}};
    manifest.warning_count = 2;
    manifest.source = R"({"paths":["/etc"]})";
    writer->commit(manifest);
    CHECK(store.manifest(kKey) == manifest);
    CHECK(store.list({}).backups == std::vector{manifest});
  }
  SECTION("listings are sorted by key") {
    for (const auto& key : {BackupKey{"weekly", "configs", kStamp},
                            BackupKey{"nightly", "configs", "20261125T020000Z"}, kKey, kOther}) {
      write_backup(store, key, content(3));
    }
    CHECK(ids(store.list({})) == Ids{"nightly/app-db/" + kStamp, "nightly/configs/" + kStamp,
                                     "nightly/configs/20261125T020000Z",
                                     "weekly/configs/" + kStamp});
  }
  SECTION("a listing can be stopped") {
    write_backup(store, kKey, content(3));
    std::stop_source stop;
    stop.request_stop();
    CHECK_THROWS_AS(store.list(stop.get_token()), CancelledError);
  }
}

void discarding(Store& store) {
  SECTION("a writer that is destroyed leaves nothing") {
    const auto bytes = content(1000);
    auto writer = store.begin(kKey, "tar.gz");
    SECTION("before the first byte") {}
    SECTION("while it is written") { writer->append(bytes); }
    SECTION("when it is sealed") {
      writer->append(bytes);
      (void)writer->seal();
    }
    writer.reset();
    check_absent(store, kKey);
    CHECK(store.list({}).problems.empty());
    CHECK(store.sweep().empty());
    CHECK(write_backup(store, kKey, bytes) == kKey);
  }
}

void reading(Store& store) {
  SECTION("sealed and stored bytes can be read from any place") {
    const auto bytes = content(300'000);
    const auto writer = store.begin(kKey, "tar.gz");
    writer->append(std::span(bytes).first(1));
    writer->append({});
    writer->append(std::span(bytes).subspan(1));
    const auto sealed = writer->seal();
    writer->commit(manifest_for(kKey, writer->archive_name(), bytes));
    const auto stored = store.open(kKey);
    for (const ByteSource* source : {sealed.get(), stored.get()}) {
      REQUIRE(source->size() == bytes.size());
      Bytes part(1000);
      CHECK(source->read_at(123'456, part) == part.size());
      CHECK(std::equal(part.begin(), part.end(), bytes.begin() + 123'456));
      CHECK(source->read_at(bytes.size() - 10, part) == 10);
      CHECK(std::equal(part.begin(), part.begin() + 10, bytes.end() - 10));
      CHECK(source->read_at(bytes.size(), part) == 0);
      CHECK(source->read_at(bytes.size() + 1, part) == 0);
      CHECK(source->read_at(0, {}) == 0);
    }
  }
  SECTION("several threads may read one source") {
    const auto bytes = content(200'000);
    write_backup(store, kKey, bytes);
    const auto source = store.open(kKey);
    std::vector<Bytes> read(4);
    std::vector<std::thread> threads;
    for (Bytes& into : read) threads.emplace_back([&] { into = read_all(*source); });
    for (auto& thread : threads) thread.join();
    for (const Bytes& one : read) CHECK(one == bytes);
  }
}

void rewriting(Store& store) {
  SECTION("held bytes can be rewritten before the seal") {
    auto bytes = content(70'000);
    const auto late = content(512, 2);
    const auto writer = store.begin(kKey, "tar.gz");
    writer->append(std::span(bytes).first(100));
    writer->hold(late.size());
    writer->append(std::span(bytes).subspan(100, late.size()));
    writer->append(std::span(bytes).subspan(100 + late.size()));
    writer->rewrite(100, late);
    std::copy(late.begin(), late.end(), bytes.begin() + 100);

    const auto more = content(64, 3);
    writer->hold(more.size());
    writer->append(more);
    writer->rewrite(bytes.size(), late.empty() ? late : std::span(late).first(8));
    bytes.insert(bytes.end(), more.begin(), more.end());
    std::copy(late.begin(), late.begin() + 8, bytes.end() - 64);

    CHECK(read_all(*writer->seal()) == bytes);
    writer->commit(manifest_for(kKey, writer->archive_name(), bytes));
    check_present(store, kKey, bytes);
  }
  SECTION("what was never written can not be rewritten") {
    const auto writer = store.begin(kKey, "tar.gz");
    writer->hold(10);
    writer->append(content(10));
    CHECK_THROWS_AS(writer->rewrite(5, content(6)), Error);
  }
}

void stamps(Store& store) {
  SECTION("backups of one second get stamps of their own") {
    const auto second = kKey.next();
    const auto third = second.next();
    CHECK(write_backup(store, kKey, content(1, 1)) == kKey);
    CHECK(write_backup(store, kKey, content(2, 2)) == second);
    CHECK(write_backup(store, kKey, content(3, 3), "tar.zst") == third);
    CHECK(ids(store.list({})) == Ids{kKey.id(), second.id(), third.id()});
    check_present(store, kKey, content(1, 1));
    check_present(store, second, content(2, 2));
    check_present(store, third, content(3, 3));
    CHECK(write_backup(store, kOther, content(4)) == kOther);
  }
  SECTION("two writers of one second that are open at once do not meet") {
    const auto first = store.begin(kKey, "tar.gz");
    const auto second = store.begin(kKey, "tar.gz");
    const auto third = store.begin(kKey, "tar.zst");
    CHECK(first->key() == kKey);
    CHECK(second->key().stamp == kStamp + "-2");
    CHECK(third->key().stamp == kStamp + "-3");
    const auto a = content(5000, 1), b = content(6000, 2);
    for (std::size_t i = 0; i < 5; ++i) {
      first->append(std::span(a).subspan(i * 1000, 1000));
      second->append(std::span(b).subspan(i * 1200, 1200));
    }
    (void)second->seal();
    (void)first->seal();
    second->commit(manifest_for(second->key(), second->archive_name(), b));
    first->commit(manifest_for(first->key(), first->archive_name(), a));
    check_present(store, first->key(), a);
    check_present(store, second->key(), b);
    CHECK(store.list({}).problems.empty());
  }
  SECTION("threads that back up in the same second do not meet") {
    std::mutex mutex;
    std::set<std::string> written;
    std::vector<std::thread> threads;
    for (std::uint32_t t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (std::uint32_t i = 0; i < 5; ++i) {
          const auto& wanted = i % 2 == 0 ? kKey : kOther;
          const auto key = write_backup(store, wanted, content(1000, 10 * t + i));
          (void)store.list({});
          const bool same = read_backup(store, key) == content(1000, 10 * t + i);
          if (i == 4) store.remove(key);
          const std::lock_guard lock(mutex);
          if (same && i != 4) written.insert(key.id());
        }
      });
    }
    for (auto& thread : threads) thread.join();
    CHECK(written.size() == 16);
    const auto listed = ids(store.list({}));
    CHECK(std::set(listed.begin(), listed.end()) == written);
    CHECK(store.list({}).problems.empty());
  }
  SECTION("a discarded writer does not take its neighbour along") {
    write_backup(store, kKey, content(10));
    { const auto discarded = store.begin(kKey, "tar.gz"); }
    check_present(store, kKey, content(10));
    CHECK(ids(store.list({})) == Ids{kKey.id()});
  }
}

void removing(Store& store) {
  SECTION("remove takes one backup and no other") {
    const auto second = kKey.next();
    write_backup(store, kKey, content(10, 1));
    write_backup(store, kKey, content(20, 2));
    write_backup(store, kOther, content(30, 3));
    store.remove(kKey);
    CHECK(ids(store.list({})) == Ids{kOther.id(), second.id()});
    CHECK(kind_of_failure([&] { (void)store.open(kKey); }) == ErrorKind::no_such_backup);
    CHECK_NOTHROW(store.remove(kKey));
    check_present(store, second, content(20, 2));
    check_present(store, kOther, content(30, 3));
    CHECK(store.list({}).problems.empty());
    CHECK(store.sweep().empty());
    store.remove(second);
    store.remove(kOther);
    check_absent(store, second);
  }
  SECTION("a source outlives its backup") {
    write_backup(store, kKey, content(10));
    const auto source = store.open(kKey);
    store.remove(kKey);
    CHECK(read_all(*source) == content(10));
  }
}

void refusals(Store& store) {
  SECTION("a manifest of something else is refused and nothing is published") {
    const auto bytes = content(100);
    auto writer = store.begin(kKey, "tar.gz");
    writer->append(bytes);
    (void)writer->seal();
    auto manifest = manifest_for(kKey, writer->archive_name(), bytes);
    SECTION("another key") { manifest.key = kOther; }
    SECTION("another archive") { manifest.archive = "other.tar.gz"; }
    SECTION("another length") { manifest.bytes_stored += 1; }
    SECTION("no checksum") { manifest.sha256 = ""; }
    CHECK(kind_of_failure([&] { writer->commit(manifest); }) == ErrorKind::internal);
    check_absent(store, kKey);
    writer.reset();
    check_absent(store, kKey);
    CHECK(store.list({}).problems.empty());
    CHECK(store.sweep().empty());
  }
  SECTION("a writer's calls have an order") {
    const auto bytes = content(100);
    const auto writer = store.begin(kKey, "tar.gz");
    writer->append(bytes);
    const auto manifest = manifest_for(kKey, writer->archive_name(), bytes);
    SECTION("no commit before seal") { CHECK_THROWS_AS(writer->commit(manifest), Error); }
    SECTION("no append after seal") {
      (void)writer->seal();
      CHECK_THROWS_AS(writer->append(bytes), Error);
    }
    SECTION("no rewrite after seal") {
      (void)writer->seal();
      CHECK_THROWS_AS(writer->rewrite(0, bytes), Error);
    }
    SECTION("no second seal") {
      (void)writer->seal();
      CHECK_THROWS_AS(writer->seal(), Error);
    }
    check_absent(store, kKey);
  }
  SECTION("no second commit") {
    const auto writer = store.begin(kKey, "tar.gz");
    (void)writer->seal();
    const auto manifest = manifest_for(kKey, writer->archive_name(), {});
    writer->commit(manifest);
    CHECK_THROWS_AS(writer->commit(manifest), Error);
    check_present(store, kKey, {});
  }
  SECTION("keys that are no names are refused by every call") {
    write_backup(store, kKey, content(10));
    const auto bad = GENERATE(values<BackupKey>({{"..", "configs", kStamp},
                                                 {"nightly", "../nightly/configs", kStamp},
                                                 {"nightly", "..", kStamp},
                                                 {"nightly", "", kStamp},
                                                 {"", "configs", kStamp},
                                                 {"nightly", "configs", ""},
                                                 {"nightly", "configs", "../" + kStamp},
                                                 {"nightly", "configs\n", kStamp}}));
    CAPTURE(bad.id());
    constexpr auto kRefused = ErrorKind::invalid_argument;
    CHECK(kind_of_failure([&] { (void)store.begin(bad, "tar.gz"); }) == kRefused);
    CHECK(kind_of_failure([&] { (void)store.open(bad); }) == kRefused);
    CHECK(kind_of_failure([&] { (void)store.manifest(bad); }) == kRefused);
    CHECK(kind_of_failure([&] { (void)store.locate(bad); }) == kRefused);
    CHECK(kind_of_failure([&] { store.remove(bad); }) == kRefused);
    check_present(store, kKey, content(10));
  }
  SECTION("extensions that are none are refused") {
    const auto bad = GENERATE("", ".tar", "tar.", "a/b", "tar.gz.json", "sha256", "index",
                              "partial", "TAR", "a.b.c.d", "averyveryverylong");
    CAPTURE(bad);
    CHECK(kind_of_failure([&] { (void)store.begin(kKey, bad); }) == ErrorKind::invalid_argument);
    check_absent(store, kKey);
  }
}

void indexes(Store& store) {
  const auto bytes = content(3000);
  const auto index = content(70'000, 2);
  SECTION("a backup has an index when one was written and the manifest describes it") {
    auto writer = store.begin(kKey, "tar.gz");
    writer->index().append(std::span(index).first(10));
    writer->append(bytes);
    writer->index().append(std::span(index).subspan(10));
    (void)writer->seal();
    CHECK(read_all(*writer->sealed_index()) == index);
    CHECK(kind_of_failure([&] { (void)store.open_index(kKey); }) == ErrorKind::no_such_backup);
    auto manifest = manifest_for(kKey, writer->archive_name(), bytes);
    manifest.index = index_for(index);
    writer->commit(manifest);
    writer.reset();
    CHECK(store.manifest(kKey) == manifest);
    CHECK(read_all(*store.open_index(kKey)) == index);
    CHECK(read_backup(store, kKey) == bytes);
    CHECK(store.list({}).backups == std::vector{manifest});
    CHECK(store.list({}).problems.empty());
    CHECK(store.sweep().empty());
    CHECK(read_all(*store.open_index(kKey)) == index);

    const auto source = store.open_index(kKey);
    store.remove(kKey);
    CHECK(read_all(*source) == index);
    check_absent(store, kKey);
    CHECK(kind_of_failure([&] { (void)store.open_index(kKey); }) == ErrorKind::no_such_backup);
    CHECK(write_backup(store, kKey, bytes) == kKey);
    CHECK(store.open_index(kKey) == nullptr);
  }
  SECTION("an index of its own for each backup") {
    const auto other = content(100, 3);
    write_indexed_backup(store, kKey, bytes, index);
    const auto second = write_indexed_backup(store, kKey, bytes, other);
    write_backup(store, kOther, bytes);
    CHECK(read_all(*store.open_index(kKey)) == index);
    CHECK(read_all(*store.open_index(second)) == other);
    CHECK(store.open_index(kOther) == nullptr);
    store.remove(kKey);
    CHECK(read_all(*store.open_index(second)) == other);
  }
  SECTION("an index that the manifest does not describe is thrown away") {
    const auto writer = store.begin(kKey, "tar.gz");
    writer->append(bytes);
    writer->index().append(index);
    (void)writer->seal();
    writer->commit(manifest_for(kKey, writer->archive_name(), bytes));
    check_present(store, kKey, bytes);
    CHECK(store.open_index(kKey) == nullptr);
    CHECK(store.sweep().empty());
  }
  SECTION("a manifest that describes another index is refused") {
    auto writer = store.begin(kKey, "tar.gz");
    writer->append(bytes);
    auto manifest = manifest_for(kKey, writer->archive_name(), bytes);
    manifest.index = index_for(index);
    SECTION("there is none") {}
    SECTION("another length") { writer->index().append(bytes); }
    (void)writer->seal();
    CHECK(kind_of_failure([&] { writer->commit(manifest); }) == ErrorKind::internal);
    writer.reset();
    check_absent(store, kKey);
    CHECK(store.sweep().empty());
  }
  SECTION("what goes wrong with an index costs the index only") {
    const auto writer = store.begin(kKey, "tar.gz");
    writer->append(bytes);
    SECTION("rewriting") {
      writer->index().append(index);
      CHECK_THROWS_AS(writer->index().rewrite(0, index), Error);
      CHECK_THROWS_AS(writer->index().append(index), Error);
    }
    SECTION("holding") { CHECK_THROWS_AS(writer->index().hold(10), Error); }
    (void)writer->seal();
    CHECK(writer->sealed_index() == nullptr);
    CHECK_THROWS_AS(writer->index().append(index), Error);
    writer->commit(manifest_for(kKey, writer->archive_name(), bytes));
    check_present(store, kKey, bytes);
    CHECK(store.open_index(kKey) == nullptr);
    CHECK(store.sweep().empty());
  }
  SECTION("a writer that is destroyed leaves no index") {
    auto writer = store.begin(kKey, "tar.gz");
    writer->index().append(index);
    SECTION("while it is written") {}
    SECTION("when it is sealed") { (void)writer->seal(); }
    writer.reset();
    check_absent(store, kKey);
    CHECK(store.sweep().empty());
    CHECK(write_backup(store, kKey, bytes) == kKey);
  }
}

void full_medium(const StoreUnderTest& under_test) {
  if (!under_test.leave_free) return;
  Store& store = *under_test.store;
  SECTION("a full medium harms nothing older and works again when there is room") {
    write_backup(store, kKey, content(1000));
    under_test.leave_free(5000);
    auto writer = store.begin(kKey, "tar.gz");
    writer->append(content(4000));
    CHECK(kind_of_failure([&] { writer->append(content(4000)); }) == ErrorKind::store_full);
    CHECK_THROWS_AS(writer->append(content(1)), Error);
    CHECK_THROWS_AS(writer->seal(), Error);
    writer.reset();
    check_present(store, kKey, content(1000));
    CHECK(ids(store.list({})) == Ids{kKey.id()});
    CHECK(store.list({}).problems.empty());
    CHECK(store.sweep().empty());

    under_test.leave_free(8000);
    writer = store.begin(kKey, "tar.gz");
    CHECK(kind_of_failure([&] { writer->index().append(content(9000)); }) == ErrorKind::store_full);
    writer->append(content(100));
    (void)writer->seal();
    CHECK(writer->sealed_index() == nullptr);
    writer.reset();
    CHECK(store.sweep().empty());

    under_test.leave_free(20'000);
    const auto second = write_backup(store, kKey, content(4000, 2));
    check_present(store, second, content(4000, 2));
    check_present(store, kKey, content(1000));
  }
}

}  // namespace

void store_contract(const std::function<StoreUnderTest()>& make) {
  StoreUnderTest under_test = make();
  Store& store = *under_test.store;
  empty_store(store);
  visibility(store);
  discarding(store);
  reading(store);
  rewriting(store);
  stamps(store);
  removing(store);
  refusals(store);
  indexes(store);
  full_medium(under_test);
  SECTION("a writer may outlive its store") {
    const auto writer = store.begin(kKey, "tar.gz");
    under_test.store.reset();
    writer->append(content(10));
    CHECK(read_all(*writer->seal()) == content(10));
    writer->commit(manifest_for(kKey, writer->archive_name(), content(10)));
  }
}

}  // namespace snapshotter::test
