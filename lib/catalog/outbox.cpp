#include "catalog/catalog.hpp"
#include "catalog/impl.hpp"
#include "catalog/sql.hpp"

#include <algorithm>
#include <map>

namespace snapshotter::catalog {
namespace {

OutboxEntry read_entry(const Cursor& row) {
  OutboxEntry entry;
  entry.key = row.integer(0);
  entry.notifier = row.text(1);
  entry.event_id = row.text(2);
  entry.kind = row.text(3);
  entry.job = row.text(4);
  entry.at = row.time(5);
  entry.document = row.text(6);
  entry.attempts = static_cast<std::uint32_t>(row.count(7));
  entry.last_attempt = row.optional_time(8);
  entry.next_attempt = row.optional_time(9);
  entry.last_answer = row.text(10);
  return entry;
}

void insert(Connection& db, const OutboxEntry& entry) {
  db.execute(
      "INSERT INTO outbox (notifier, event_id, kind, job, at, document, attempts, last_attempt, "
      "next_attempt, last_answer) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
      entry.notifier, entry.event_id, entry.kind, entry.job, entry.at, entry.document,
      std::uint64_t{entry.attempts}, entry.last_attempt, entry.next_attempt, entry.last_answer);
}

bool remove(Connection& db, const OutboxEntry& entry) {
  return db.execute("DELETE FROM outbox WHERE key = ?1", entry.key) > 0;
}

std::uint64_t pending_of(Connection& db, const std::string& notifier) {
  Cursor row = db.query(pending_sql(), notifier);
  row.next();
  return row.count(0);
}

void count_given_up(Connection& db, const std::string& notifier, std::uint64_t count, Time when,
                    const std::string& why) {
  db.execute(
      "INSERT INTO deliveries VALUES (?1, '', NULL, ?2, ?3, ?4) ON CONFLICT (notifier) DO UPDATE "
      "SET given_up = given_up + excluded.given_up, last_given_up = excluded.last_given_up, "
      "given_up_why = excluded.given_up_why",
      notifier, count, when, why);
}

void put_answer(Connection& db, const std::string& notifier, const std::string& answer) {
  db.execute(
      "INSERT INTO deliveries VALUES (?1, ?2, NULL, 0, NULL, '') ON CONFLICT (notifier) DO UPDATE "
      "SET last_answer = excluded.last_answer",
      notifier, answer);
}

// What is too much goes from the front: the newest events say how things are now.
void bound(Connection& db, const std::string& notifier, Time now) {
  const auto pending = pending_of(db, notifier);
  if (pending <= Catalog::kMaxPending) return;
  const auto removed = db.execute(
      "DELETE FROM outbox WHERE key IN "
      "(SELECT key FROM outbox WHERE notifier = ?1 ORDER BY key LIMIT ?2)",
      notifier, pending - Catalog::kMaxPending);
  count_given_up(db, notifier, removed, now,
                 "more than " + std::to_string(Catalog::kMaxPending) + " events were waiting");
}

}  // namespace

std::string_view first_pending_sql() {
  return "SELECT key, notifier, event_id, kind, job, at, document, attempts, last_attempt, "
         "next_attempt, last_answer FROM outbox WHERE notifier = ?1 ORDER BY key LIMIT 1";
}

std::string_view pending_sql() { return "SELECT count(*) FROM outbox WHERE notifier = ?1"; }

std::string_view deliveries_sql() {
  return "WITH waiting AS (SELECT notifier, count(*) AS pending, min(key) AS first FROM outbox "
         "GROUP BY notifier) "
         "SELECT names.notifier, coalesce(pending, 0), at, next_attempt, "
         "coalesce(deliveries.last_answer, ''), last_delivered, coalesce(given_up, 0), "
         "last_given_up, coalesce(given_up_why, '') "
         "FROM (SELECT notifier FROM waiting UNION SELECT notifier FROM deliveries) AS names "
         "LEFT JOIN waiting USING (notifier) LEFT JOIN outbox ON outbox.key = waiting.first "
         "LEFT JOIN deliveries ON deliveries.notifier = names.notifier ORDER BY names.notifier";
}

void Catalog::Impl::put_events(const std::vector<OutboxEntry>& events) {
  std::map<std::string, Time> newest;
  for (const OutboxEntry& event : events) {
    insert(db, event);
    Time& last = newest[event.notifier];
    last = std::max(last, event.at);
  }
  for (const auto& [notifier, last] : newest) bound(db, notifier, last);
}

void Catalog::put_events(const std::vector<OutboxEntry>& events) {
  if (events.empty()) return;
  Transaction transaction(impl_->db);
  impl_->put_events(events);
  transaction.commit();
}

std::optional<OutboxEntry> Catalog::first_pending(const std::string& notifier) {
  Cursor row = impl_->db.query(first_pending_sql(), notifier);
  if (!row.next()) return std::nullopt;
  return read_entry(row);
}

void Catalog::mark_delivered(const OutboxEntry& entry, Time when, const std::string& answer) {
  Transaction transaction(impl_->db);
  remove(impl_->db, entry);
  impl_->db.execute(
      "INSERT INTO deliveries VALUES (?1, ?2, ?3, 0, NULL, '') ON CONFLICT (notifier) DO UPDATE "
      "SET last_answer = excluded.last_answer, last_delivered = excluded.last_delivered",
      entry.notifier, answer, when);
  transaction.commit();
}

void Catalog::put_off(const OutboxEntry& entry) {
  Transaction transaction(impl_->db);
  impl_->db.execute(
      "UPDATE outbox SET attempts = ?2, last_attempt = ?3, next_attempt = ?4, last_answer = ?5 "
      "WHERE key = ?1",
      entry.key, std::uint64_t{entry.attempts}, entry.last_attempt, entry.next_attempt,
      entry.last_answer);
  put_answer(impl_->db, entry.notifier, entry.last_answer);
  transaction.commit();
}

void Catalog::give_up(const OutboxEntry& entry, Time when, const std::string& why) {
  Transaction transaction(impl_->db);
  if (!entry.last_answer.empty()) put_answer(impl_->db, entry.notifier, entry.last_answer);
  // One that is not there was given up, and counted, when too many waited.
  if (remove(impl_->db, entry)) count_given_up(impl_->db, entry.notifier, 1, when, why);
  transaction.commit();
}

std::uint64_t Catalog::give_up_all(const std::string& notifier, Time when, const std::string& why) {
  Transaction transaction(impl_->db);
  const auto count = impl_->db.execute("DELETE FROM outbox WHERE notifier = ?1", notifier);
  if (count > 0) count_given_up(impl_->db, notifier, count, when, why);
  transaction.commit();
  return count;
}

std::vector<DeliveryStatus> Catalog::deliveries() {
  Cursor row = impl_->db.query(deliveries_sql());
  std::vector<DeliveryStatus> all;
  while (row.next()) {
    DeliveryStatus status;
    status.notifier = row.text(0);
    status.pending = row.count(1);
    status.oldest_pending = row.optional_time(2);
    status.next_attempt = row.optional_time(3);
    status.last_answer = row.text(4);
    status.last_delivered = row.optional_time(5);
    status.given_up = row.count(6);
    status.last_given_up = row.optional_time(7);
    status.given_up_why = row.text(8);
    all.push_back(std::move(status));
  }
  return all;
}

}  // namespace snapshotter::catalog
