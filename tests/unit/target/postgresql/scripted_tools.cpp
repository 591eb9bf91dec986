#include "unit/target/postgresql/scripted_tools.hpp"

#include "async/loop.hpp"
#include "async/offload.hpp"
#include "support/fake/fake_memory.hpp"
#include "support/fake/manual_clock.hpp"

namespace snapshotter::test {

using target::postgresql::Output;
using target::postgresql::ToolResult;

const std::string ScriptedTools::kFacts =
    R"json({"version":"15.20 (Debian)","number":150020,"standby":false,"databases":[)json"
    R"({"name":"app","encoding":"UTF8","connectable":true,"size":1000},)"
    R"({"name":"postgres","encoding":"UTF8","connectable":true,"size":null},)"
    R"({"name":"template0","encoding":"UTF8","connectable":false,"size":10},)"
    R"({"name":"template1","encoding":"UTF8","connectable":true,"size":100}]})";

Reply ScriptedTools::reply_to(const std::vector<std::string>& argv) const {
  if (script_) {
    if (auto reply = script_(argv)) return *reply;
  }
  if (argv[1] == "--version") return {"pg_dump (PostgreSQL) 15.20 (Debian)\n", 0, {}, {}};
  if (argv[0] == "psql") return {kFacts + "\n", 0, {}, {}};
  if (argv[0] == "pg_dumpall") return {cluster_dump(""), 0, {}, {}};
  return {database_dump("app", ""), 0, {}, {}};
}

Task<ToolResult> ScriptedTools::run(std::vector<std::string> argv, const Output& output,
                                    target::Surroundings& surroundings) {
  runs.push_back(argv);
  const Reply reply = reply_to(argv);
  co_await async::offload(surroundings.pool,
                          [&](std::stop_token) { output(std::as_bytes(std::span(reply.output))); });
  if (reply.error) std::rethrow_exception(reply.error);
  ToolResult result{reply.exit_code, reply.messages};
  co_return result;
}

namespace {

Task<int> back_up(target::BackupTarget& target, target::Context& context, ScriptedBackup& backup) {
  try {
    backup.report = co_await target.backup(context);
  } catch (...) {
    backup.error = std::current_exception();
  }
  co_return 0;
}

}  // namespace

ScriptedBackup::ScriptedBackup(const target::PostgresqlSettings& settings,
                               ScriptedTools::Script script, std::uint64_t known_total) {
  auto tools = std::make_unique<ScriptedTools>(std::move(script));
  const ScriptedTools& scripted = *tools;
  const auto target = target::make_postgresql_target(settings, std::move(tools));
  async::Loop loop;
  ManualClock clock(loop.executor());
  const auto random = platform::seeded_random(1);
  async::WorkerPool pool("test", 1);
  FakeMemory memory;
  MemoryArchive archive;
  target::Progress progress;
  progress.bytes_total = known_total;
  target::Context context{
      {loop.executor(), pool, clock, *random, memory}, archive.writer(), progress};
  loop.run(back_up(*target, context, *this));
  runs = scripted.runs;
  bytes_read = progress.bytes_read;
  bytes_total = progress.bytes_total;
  entries = progress.entries;
  if (!error) members = members_by_path(archive.finish());
}

std::string ScriptedBackup::failure() const {
  if (!error) return "";
  try {
    std::rethrow_exception(error);
  } catch (const DatabaseBackupError& failure) {
    return failure.what();
  }
}

bool ScriptedBackup::retryable() const {
  try {
    if (error) std::rethrow_exception(error);
  } catch (const Error& failure) {
    return failure.retryable();
  }
  return false;
}

std::string database_dump(const std::string& database, const std::string& middle) {
  return "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\n"
         "-- Dumped from database version 15.20 (Debian)\n"
         "-- Dumped by pg_dump version 15.20 (Debian)\n\n\\connect " +
         database + "\n\n" + middle +
         "\n--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n\n";
}

std::string cluster_dump(const std::string& middle) {
  return "--\n-- PostgreSQL database cluster dump\n--\n\n" + middle +
         "\n--\n-- PostgreSQL database cluster dump complete\n--\n\n";
}

}  // namespace snapshotter::test
