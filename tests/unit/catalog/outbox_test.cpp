// Events that wait for their delivery: in order, bounded, never lost or doubled.
#include "base/error.hpp"
#include "catalog/catalog.hpp"
#include "catalog/schema.hpp"
#include "catalog/sqlite.hpp"
#include "failing_vfs.hpp"
#include "samples.hpp"
#include "support/catch.hpp"

#include <sqlite3.h>

#include <functional>
#include <limits>

namespace snapshotter::catalog {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;

OutboxEntry event(const std::string& notifier, const std::string& id, Time at = kNoon) {
  OutboxEntry entry;
  entry.notifier = notifier;
  entry.event_id = id;
  entry.kind = "failed";
  entry.job = "nightly";
  entry.at = at;
  entry.document = "{\"id\":\"" + id + "\"}";
  return entry;
}

std::vector<OutboxEntry> events(const std::string& notifier, std::uint64_t from, std::uint64_t to) {
  std::vector<OutboxEntry> all;
  for (auto n = from; n < to; ++n) {
    all.push_back(event(notifier, std::to_string(n), kNoon + minutes{static_cast<int>(n)}));
  }
  return all;
}

// The ids of what waits, in the order in which it would be delivered.
Ids drain(Catalog& catalog, const std::string& notifier) {
  Ids ids;
  while (const auto entry = catalog.first_pending(notifier)) {
    ids.push_back(entry->event_id);
    catalog.mark_delivered(*entry, kNoon, "200 OK");
  }
  return ids;
}

DeliveryStatus status_of(Catalog& catalog, const std::string& notifier) {
  for (auto& status : catalog.deliveries()) {
    if (status.notifier == notifier) return status;
  }
  FAIL("nothing is known of " + notifier);
  return {};
}

}  // namespace

TEST_CASE("an event comes back as it was put, also after a restart") {
  const CatalogFile file;
  auto full = event(kAnyBytes, "evt_1", kNoon + microseconds{123456});
  full.kind = kAnyBytes;
  full.job = kAnyBytes;
  full.document = kAnyBytes;
  full.attempts = std::numeric_limits<std::uint32_t>::max();
  full.last_attempt = kNoon + hours{1};
  full.next_attempt = kNoon + hours{2};
  full.last_answer = kAnyBytes;
  file.open().put_events({full});
  Catalog catalog = file.open();
  const auto found = catalog.first_pending(kAnyBytes);
  REQUIRE(found.has_value());
  CHECK(found->key != 0);
  full.key = found->key;
  CHECK(*found == full);
  CHECK_FALSE(catalog.first_pending("another").has_value());
}

TEST_CASE("events wait in the order they were put, each notifier for itself") {
  const CatalogFile file;
  {
    Catalog catalog = file.open();
    catalog.put_events({event("ops", "1", kNoon), event("dev", "a"), event("ops", "2", kNoon)});
    // Also when the clock went back meanwhile.
    catalog.put_run(run_at("r", "nightly", kNoon), {}, {event("ops", "3", kNoon - hours{5})});
    catalog.put_firing("nightly", kNoon, {event("ops", "4", kNoon - hours{9})});
    catalog.put_events({});
  }
  Catalog catalog = file.open();
  CHECK(drain(catalog, "ops") == Ids{"1", "2", "3", "4"});
  CHECK(drain(catalog, "dev") == Ids{"a"});
}

TEST_CASE("a key is never used again, so that nobody ends another event than the one delivered") {
  const CatalogFile file;
  Catalog catalog = file.open();
  catalog.put_events({event("ops", "1")});
  const auto first = catalog.first_pending("ops").value();
  catalog.mark_delivered(first, kNoon, "200 OK");
  catalog.put_events({event("ops", "2")});
  catalog.mark_delivered(first, kNoon, "200 OK");
  CHECK(catalog.first_pending("ops").value().event_id == "2");
}

TEST_CASE("what is put off stays the first, with what is known of its attempts") {
  const CatalogFile file;
  {
    Catalog catalog = file.open();
    catalog.put_events({event("ops", "1", kNoon), event("ops", "2", kNoon + hours{1})});
    auto entry = catalog.first_pending("ops").value();
    entry.attempts = 3;
    entry.last_attempt = kNoon + hours{2};
    entry.next_attempt = kNoon + hours{3};
    entry.last_answer = "500 Internal Server Error";
    catalog.put_off(entry);
    CHECK(catalog.first_pending("ops") == entry);
  }
  Catalog catalog = file.open();
  const auto entry = catalog.first_pending("ops").value();
  CHECK(entry.attempts == 3);
  CHECK(entry.next_attempt == kNoon + hours{3});
  CHECK(status_of(catalog, "ops") == DeliveryStatus{.notifier = "ops",
                                                    .pending = 2,
                                                    .oldest_pending = kNoon,
                                                    .next_attempt = kNoon + hours{3},
                                                    .last_answer = "500 Internal Server Error"});
}

TEST_CASE("what became of the deliveries is counted for each notifier") {
  const CatalogFile file;
  {
    Catalog catalog = file.open();
    CHECK(catalog.deliveries().empty());
    catalog.put_events({event("ops", "1"), event("ops", "2"), event("ops", "3"), event("b", "x")});
    catalog.mark_delivered(catalog.first_pending("ops").value(), kNoon + hours{1}, "204 in 3 ms");
    auto rejected = catalog.first_pending("ops").value();
    rejected.last_answer = "410 Gone";
    catalog.give_up(rejected, kNoon + hours{2}, "rejected: 410 Gone");
    CHECK(catalog.first_pending("ops").value().event_id == "3");
  }
  Catalog catalog = file.open();
  const auto all = catalog.deliveries();
  REQUIRE(all.size() == 2);
  CHECK(all[0] == DeliveryStatus{.notifier = "b", .pending = 1, .oldest_pending = kNoon});
  CHECK(all[1] == DeliveryStatus{.notifier = "ops",
                                 .pending = 1,
                                 .oldest_pending = kNoon,
                                 .last_answer = "410 Gone",
                                 .last_delivered = kNoon + hours{1},
                                 .given_up = 1,
                                 .last_given_up = kNoon + hours{2},
                                 .given_up_why = "rejected: 410 Gone"});
  catalog.mark_delivered(catalog.first_pending("ops").value(), kNoon + hours{3}, "200 OK");
  const auto later = status_of(catalog, "ops");
  CHECK(later.pending == 0);
  CHECK(later.oldest_pending == std::nullopt);
  CHECK(later.last_answer == "200 OK");
  CHECK(later.given_up == 1);
  CHECK(later.given_up_why == "rejected: 410 Gone");
}

TEST_CASE("all that waits for one notifier can be given up at once") {
  const CatalogFile file;
  Catalog catalog = file.open();
  catalog.put_events({event("old", "1"), event("old", "2"), event("ops", "1")});
  CHECK(catalog.give_up_all("old", kNoon + hours{1}, "no longer configured") == 2);
  CHECK(status_of(catalog, "old") == DeliveryStatus{.notifier = "old",
                                                    .given_up = 2,
                                                    .last_given_up = kNoon + hours{1},
                                                    .given_up_why = "no longer configured"});
  CHECK(status_of(catalog, "ops").pending == 1);
  CHECK(catalog.give_up_all("old", kNoon + hours{2}, "no longer configured") == 0);
  CHECK(status_of(catalog, "old").last_given_up == kNoon + hours{1});
  CHECK(catalog.give_up_all("never seen", kNoon, "no longer configured") == 0);
  CHECK(catalog.deliveries().size() == 2);
}

TEST_CASE("what is remembered and the event that tells of it are there together") {
  const CatalogFile file;
  file.open().remember("job nightly", "overdue", "since noon", {event("ops", "1")});
  Catalog catalog = file.open();
  CHECK(catalog.memory("job nightly").at("overdue") == "since noon");
  CHECK(drain(catalog, "ops") == Ids{"1"});
}

TEST_CASE("no more than a bounded number of events waits, and the oldest make room") {
  const CatalogFile file;
  Catalog catalog = file.open();
  constexpr auto kMost = Catalog::kMaxPending;
  catalog.put_events(events("ops", 0, kMost));
  catalog.put_events({event("dev", "x")});
  CHECK(status_of(catalog, "ops").pending == kMost);
  CHECK(status_of(catalog, "ops").given_up == 0);

  const auto first = catalog.first_pending("ops").value();
  catalog.put_run(run_at("r", "nightly", kNoon), {}, events("ops", kMost, kMost + 3));
  auto status = status_of(catalog, "ops");
  CHECK(status.pending == kMost);
  CHECK(status.given_up == 3);
  CHECK(status.last_given_up == kNoon + minutes{static_cast<int>(kMost + 2)});
  CHECK(status.given_up_why == "more than 1000 events were waiting");
  CHECK(catalog.first_pending("ops").value().event_id == "3");
  CHECK(status_of(catalog, "dev").pending == 1);

  // One that was being delivered when it had to make room is not counted a second time.
  catalog.give_up(first, kNoon, "rejected");
  catalog.put_off(first);
  CHECK(status_of(catalog, "ops").given_up == 3);
  CHECK(status_of(catalog, "ops").given_up_why == "more than 1000 events were waiting");
  catalog.mark_delivered(first, kNoon, "200 OK");
  CHECK(status_of(catalog, "ops").last_delivered == kNoon);
  CHECK(status_of(catalog, "ops").pending == kMost);
  const auto ids = drain(catalog, "ops");
  CHECK(ids.size() == kMost);
  CHECK(ids.back() == std::to_string(kMost + 2));
}

TEST_CASE("whichever write fails, a run and its event are there together or not at all") {
  FailingVfs disk;
  bool finished = false;
  for (int good_writes = 0; !finished; ++good_writes) {
    const CatalogFile file;
    Catalog catalog(file.path, FailingVfs::name());
    catalog.put_run(run_at("r", "a", kNoon, RunState::running));
    disk.fail_writes(SQLITE_FULL, good_writes);
    bool failed = false;
    try {
      catalog.put_run(run_at("r", "a", kNoon, RunState::failed), kNoon, {event("ops", "1")});
    } catch (const CatalogError&) {
      failed = true;
    }
    finished = disk.writes() <= good_writes;
    disk.heal();
    CAPTURE(good_writes, failed);
    CHECK(catalog.run("r").value().state == (failed ? RunState::running : RunState::failed));
    CHECK(catalog.first_pending("ops").has_value() != failed);
    CHECK(catalog.last_firings().contains("a") != failed);
  }
}

TEST_CASE("on a full disk no event is lost, ended or counted") {
  FailingVfs disk;
  const CatalogFile file;
  Catalog catalog(file.path, FailingVfs::name());
  catalog.put_events({event("ops", "1")});
  const auto entry = catalog.first_pending("ops").value();
  auto later = entry;
  later.attempts = 1;
  later.last_answer = "500";
  const std::vector<std::function<void()>> changes{
      [&] { catalog.put_events({event("ops", "2")}); },
      [&] { catalog.put_firing("a", kNoon, {event("ops", "2")}); },
      [&] { catalog.mark_delivered(entry, kNoon, "200 OK"); },
      [&] { catalog.put_off(later); },
      [&] { catalog.give_up(later, kNoon, "rejected"); },
      [&] { catalog.give_up_all("ops", kNoon, "no longer configured"); },
      [&] { catalog.remember("job a", "overdue", "yes", {event("ops", "2")}); },
  };
  for (const auto& change : changes) {
    disk.fail_writes(SQLITE_FULL);
    CHECK_THROWS_AS(change(), CatalogError);
    disk.heal();
    CHECK(catalog.first_pending("ops") == entry);
    CHECK(status_of(catalog, "ops") ==
          DeliveryStatus{.notifier = "ops", .pending = 1, .oldest_pending = kNoon});
    CHECK(catalog.last_firings().empty());
    CHECK(catalog.memory("job a").empty());
  }
  catalog.give_up(later, kNoon, "rejected");
  CHECK(status_of(catalog, "ops").given_up == 1);
}

TEST_CASE(
    "a catalog of the first version keeps its runs, firings and backups, and gets an outbox") {
  const CatalogFile file;
  auto run = run_at("r", "nightly", kNoon, RunState::partial);
  run.results.push_back({.target = "app-db", .reasons = {"one", "two"}});
  const auto backup = backup_at("nightly", "app-db", kNoon);
  {
    // Everything that the first version had, written by this one and cut back to it.
    Catalog catalog = file.open();
    catalog.put_run(run, kNoon);
    catalog.append_log("r", {{kNoon, "info", "app-db", "a line"}});
    catalog.put_backup(backup);
  }
  {
    Connection db(file.path, "");
    db.script("DROP TABLE outbox; DROP TABLE deliveries; DROP TABLE memory");
    db.script("PRAGMA user_version = 1");
  }
  {
    Connection db(file.path, "");
    open_schema(db, migrations().first(1));  // it is one of the first version
  }
  Catalog catalog = file.open();
  CHECK(catalog.run("r") == run);
  CHECK(catalog.log("r").size() == 1);
  CHECK(catalog.last_firings().at("nightly") == kNoon);
  CHECK(catalog.backup(backup.id) == backup);
  CHECK(catalog.deliveries().empty());
  catalog.put_events({event("ops", "1")});
  catalog.remember("job nightly", "overdue", "yes");
  CHECK(drain(catalog, "ops") == Ids{"1"});
  CHECK(catalog.memory("job nightly").at("overdue") == "yes");
}

}  // namespace snapshotter::catalog
