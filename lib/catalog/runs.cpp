#include "base/error.hpp"
#include "catalog/catalog.hpp"
#include "catalog/impl.hpp"
#include "catalog/sql.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace snapshotter::catalog {
namespace {

// A name that this build does not know can't come from it: the file is damaged, or was edited.
template <class Value>
Value known(Connection& db, std::optional<Value> value, std::string_view what) {
  if (value) return *value;
  throw CatalogError({"read catalog", db.path(), "it holds an unknown " + std::string(what),
                      "move the file away and run 'snapshotctl rescan'"});
}

std::int64_t write_header(Connection& db, const RunRecord& run) {
  Cursor row = db.query(
      "INSERT INTO runs (id, job, kind, cause, state, scheduled, queued, started, finished, error) "
      "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (id) DO UPDATE SET "
      "job = excluded.job, kind = excluded.kind, cause = excluded.cause, state = excluded.state, "
      "scheduled = excluded.scheduled, queued = excluded.queued, started = excluded.started, "
      "finished = excluded.finished, error = excluded.error RETURNING key",
      run.id, run.job, name(run.kind), name(run.trigger), name(run.state), run.scheduled,
      run.queued, run.started, run.finished, run.error);
  row.next();
  return row.integer(0);
}

void write_result(Connection& db, std::int64_t run, std::int64_t position,
                  const TargetResult& result) {
  db.execute("INSERT INTO results VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
             run, position, result.target, name(result.state), result.error,
             std::uint64_t{result.attempts}, result.started, result.finished, result.bytes_source,
             result.bytes_stored, result.entries, result.warnings, result.backup);
  std::int64_t reason_position = 0;
  for (const std::string& reason : result.reasons) {
    db.execute("INSERT INTO reasons VALUES (?1, ?2, ?3, ?4)", run, position, reason_position++,
               reason);
  }
}

void write_run(Connection& db, const RunRecord& run) {
  const std::int64_t key = write_header(db, run);
  db.execute("DELETE FROM results WHERE run = ?1", key);
  std::int64_t position = 0;
  for (const TargetResult& result : run.results) write_result(db, key, position++, result);
}

TargetResult read_result(Connection& db, const Cursor& row) {
  TargetResult result;
  result.target = row.text(1);
  result.state = known(db, parse_run_state(row.text(2)), "state of a target");
  result.error = row.text(3);
  result.attempts = static_cast<std::uint32_t>(row.count(4));
  result.started = row.optional_time(5);
  result.finished = row.optional_time(6);
  result.bytes_source = row.count(7);
  result.bytes_stored = row.count(8);
  result.entries = row.count(9);
  result.warnings = row.count(10);
  result.backup = row.text(11);
  return result;
}

std::vector<TargetResult> read_results(Connection& db, std::int64_t run) {
  // A result with several reasons comes in as many rows.
  Cursor row = db.query(
      "SELECT results.position, target, state, error, attempts, started, finished, bytes_source, "
      "bytes_stored, entries, warnings, backup, reasons.text FROM results "
      "LEFT JOIN reasons ON reasons.run = results.run AND reasons.result = results.position "
      "WHERE results.run = ?1 ORDER BY results.position, reasons.position",
      run);
  std::vector<TargetResult> results;
  std::int64_t last = -1;
  while (row.next()) {
    if (row.integer(0) != last) results.push_back(read_result(db, row));
    last = row.integer(0);
    if (!row.is_null(12)) results.back().reasons.push_back(row.text(12));
  }
  return results;
}

constexpr std::string_view kRunColumns =
    "SELECT key, id, job, kind, cause, state, scheduled, queued, started, finished, error "
    "FROM runs ";

RunRecord read_run(Connection& db, const Cursor& row) {
  RunRecord run;
  run.id = row.text(1);
  run.job = row.text(2);
  run.kind = known(db, parse_run_kind(row.text(3)), "kind of run");
  run.trigger = known(db, parse_trigger(row.text(4)), "trigger of a run");
  run.state = known(db, parse_run_state(row.text(5)), "state of a run");
  run.scheduled = row.optional_time(6);
  run.queued = row.time(7);
  run.started = row.optional_time(8);
  run.finished = row.optional_time(9);
  run.error = row.text(10);
  run.results = read_results(db, row.integer(0));
  return run;
}

std::vector<RunRecord> read_runs(Connection& db, Cursor rows) {
  std::vector<RunRecord> runs;
  while (rows.next()) runs.push_back(read_run(db, rows));
  return runs;
}

// Hops along the index from one job to the next: the number of runs does not matter.
std::vector<std::string> job_names(Connection& db) {
  std::vector<std::string> names;
  std::string from;
  for (;;) {
    Cursor row = db.query(next_job_sql(), from);
    if (!row.next() || row.is_null(0)) return names;
    names.push_back(row.text(0));
    from = names.back() + '\0';  // the first text behind it
  }
}

}  // namespace

std::string runs_sql(const RunFilter& filter) {
  std::string sql(kRunColumns);
  sql += filter.job.empty() ? "WHERE true" : "WHERE job = ?1";
  // Word for word what the partial indexes say.
  if (filter.failed) sql += " AND state IN ('partial', 'failed', 'interrupted')";
  if (filter.since) sql += " AND queued >= ?2";
  return sql + " ORDER BY queued DESC, id DESC LIMIT ?3";
}

std::string_view run_ids_sql() { return "SELECT id FROM runs WHERE id >= ?1 ORDER BY id LIMIT ?2"; }

std::string_view unfinished_runs_sql() {
  static const std::string sql =
      std::string(kRunColumns) + "WHERE state IN ('queued', 'running') ORDER BY queued, id";
  return sql;
}

std::string_view next_job_sql() { return "SELECT min(job) FROM runs WHERE job >= ?1"; }

std::string_view last_run_sql() {
  static const std::string sql = std::string(kRunColumns) +
                                 "WHERE job = ?1 AND kind = 'backup' AND state NOT IN ('queued', "
                                 "'running') ORDER BY queued DESC, id DESC LIMIT 1";
  return sql;
}

std::string_view nth_newest_sql() {
  return "SELECT queued, id FROM runs WHERE job = ?1 ORDER BY queued DESC, id DESC LIMIT 1 OFFSET "
         "?2";
}

std::string_view trim_sql() {
  return "DELETE FROM runs WHERE job = ?1 AND (queued, id) < (?2, ?3) AND state NOT IN ('queued', "
         "'running')";
}

void Catalog::put_run(const RunRecord& run, std::optional<Time> firing,
                      const std::vector<OutboxEntry>& events) {
  Transaction transaction(impl_->db);
  write_run(impl_->db, run);
  if (firing) impl_->put_firing(run.job, *firing);
  impl_->put_events(events);
  transaction.commit();
}

std::optional<RunRecord> Catalog::run(const std::string& id) {
  Cursor row = impl_->db.query(std::string(kRunColumns) + "WHERE id = ?1", id);
  if (!row.next()) return std::nullopt;
  return read_run(impl_->db, row);
}

std::vector<RunRecord> Catalog::runs(const RunFilter& filter) {
  const std::int64_t limit = filter.limit == 0 ? -1 : std::int64_t{filter.limit};
  return read_runs(impl_->db, impl_->db.query(runs_sql(filter), filter.job, filter.since, limit));
}

std::vector<std::string> Catalog::run_ids(const std::string& prefix, std::uint32_t limit) {
  Cursor rows = impl_->db.query(run_ids_sql(), prefix, std::int64_t{limit});
  std::vector<std::string> ids;
  while (rows.next()) {
    std::string id = rows.text(0);
    if (!id.starts_with(prefix)) break;
    ids.push_back(std::move(id));
  }
  return ids;
}

std::vector<RunRecord> Catalog::unfinished_runs() {
  return read_runs(impl_->db, impl_->db.query(unfinished_runs_sql()));
}

std::map<std::string, RunRecord> Catalog::last_runs() {
  std::map<std::string, RunRecord> last;
  for (const std::string& job : job_names(impl_->db)) {
    Cursor row = impl_->db.query(last_run_sql(), job);
    if (row.next()) last.emplace(job, read_run(impl_->db, row));
  }
  return last;
}

std::uint64_t Catalog::trim_runs(Time before, std::uint32_t keep) {
  Connection& db = impl_->db;
  Transaction transaction(db);
  std::uint64_t removed = 0;
  for (const std::string& job : job_names(db)) {
    // One bound for both rules, so that the index leads straight to what goes: the empty id sorts
    // before every other.
    auto bound = std::pair(before, std::string());
    if (keep > 0) {
      Cursor oldest_kept = db.query(nth_newest_sql(), job, std::int64_t{keep} - 1);
      if (!oldest_kept.next()) continue;
      bound = std::min(bound, {oldest_kept.time(0), oldest_kept.text(1)});
    }
    removed += db.execute(trim_sql(), job, bound.first, bound.second);
  }
  transaction.commit();
  return removed;
}

}  // namespace snapshotter::catalog
