#include "target/postgresql/postgresql_target.hpp"

#include "async/offload.hpp"
#include "base/error.hpp"
#include "target/postgresql/dump_record.hpp"
#include "target/postgresql/dump_scanner.hpp"
#include "target/postgresql/server_facts.hpp"
#include "target/postgresql/tool_failure.hpp"

#include <algorithm>
#include <utility>

namespace snapshotter::target {
namespace {

using namespace postgresql;

// Of what psql answers; 10,000 databases are 1.5 MiB.
constexpr std::size_t kLongestAnswer = 16U << 20U;
constexpr std::string_view kCustomMagic = "PGDMP";

archive::Entry entry_of(const std::string& file, Time now) {
  archive::Entry entry;
  entry.path = file;
  entry.mode = 0600;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  entry.modified.tv_sec = seconds.time_since_epoch().count();
  entry.modified.tv_nsec = std::chrono::nanoseconds(now - seconds).count();
  return entry;
}

// One backup.
class Dump {
 public:
  Dump(const PostgresqlSettings& settings, ClientTools& tools, Context& context)
      : settings_(settings), tools_(tools), context_(context) {
    record_.settings = settings.dump;
  }

  Task<Report> execute() {
    co_await look();
    compare_versions();
    DumpPlan plan = plan_dump(settings_.dump, record_.server, tools_.where());
    for (auto& warning : plan.warnings) report_.add(std::move(warning));
    record_.planned = std::move(plan.databases);
    // A dump has no indexes, and text for binary: how large the last one was is a better guess.
    if (context_.progress.bytes_total == 0) context_.progress.bytes_total = plan.bytes;
    for (const auto& step : plan.steps) co_await dump(step);
    for (const auto& database : record_.dropped()) {
      report_.add({Warning::Kind::changed, database, "was dropped before it was dumped"});
    }
    report_.source = record_.to_json();
    co_return std::move(report_);
  }

 private:
  Task<> look();
  Task<std::string> answer(std::vector<std::string> argv, ToolResult& result);
  void compare_versions();
  Task<> dump(const DumpStep& step);
  void check(const DumpedFile& file, const std::string& start, const ToolResult& result) const;
  void note_messages(const DumpStep& step, const ToolResult& result);
  [[nodiscard]] DatabaseBackupError failure(const std::string& doing, const std::string& program,
                                            const ToolResult& result) const {
    return tool_failure(doing, tools_.where(), program, result, settings_.password);
  }

  const PostgresqlSettings& settings_;
  ClientTools& tools_;
  Context& context_;
  DumpRecord record_;
  Report report_;
};

Task<std::string> Dump::answer(std::vector<std::string> argv, ToolResult& result) {
  std::string text;
  const Output output = [&](std::span<const std::byte> bytes) {
    if (text.size() + bytes.size() > kLongestAnswer) {
      throw DatabaseBackupError({.doing = "ask PostgreSQL for its databases",
                                 .subject = tools_.where(),
                                 .why = "the answer is too long"});
    }
    text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  };
  result = co_await tools_.run(std::move(argv), output, context_);
  co_return text;
}

// Programs and server are there, and what they are.
Task<> Dump::look() {
  ToolResult result;
  std::vector<std::string> argv{"pg_dump", "--version"};
  const std::string version = co_await answer(std::move(argv), result);
  const auto client = read_client_version(version);
  if (result.exit_code != 0 || !client) {
    throw failure("find pg_dump's version for", "pg_dump", result);
  }
  record_.client = *client;

  // As pg_dumpall does: "postgres" may have been dropped, and then every server has template1.
  ToolResult first;
  std::string facts = co_await answer(facts_query("postgres"), first);
  if (first.exit_code != 0) {
    facts = co_await answer(facts_query("template1"), result);
    if (result.exit_code != 0) throw failure("connect to PostgreSQL,", "psql", first);
  }
  record_.server = read_facts(facts, tools_.where());
}

// pg_dump itself refuses a server newer than it is; saying so here gives the right advice.
void Dump::compare_versions() {
  const int server = record_.server.major();
  const int client = record_.client.major;
  const std::string package = "postgresql-client-" + std::to_string(server);
  if (client < server) {
    throw DatabaseBackupError({.doing = "dump PostgreSQL",
                               .subject = tools_.where(),
                               .why = "the server is of version " + record_.server.version +
                                      ", the client programs are of the older " +
                                      record_.client.text,
                               .advice = "install " + package});
  }
  if (client == server) return;
  report_.add({Warning::Kind::attention, "pg_dump",
               "is of version " + std::to_string(client) + ", newer than the server's " +
                   std::to_string(server) + ": the dump restores into version " +
                   std::to_string(client) + " and later, perhaps not into " +
                   std::to_string(server) + "; install " + package + " for one that does"});
}

Task<> Dump::dump(const DumpStep& step) {
  DumpedFile file{step, 0, {}};
  const auto entry = entry_of(step.file, context_.clock.now());
  co_await async::offload(context_.pool,
                          [&](std::stop_token) { context_.archive.begin_stream(entry); });
  ++context_.progress.entries;

  const bool custom = step.kind == DumpStep::Kind::custom;
  const std::size_t listed = record_.listed();
  DumpScanner scanner(DumpScanner::kMaxListed - std::min(listed, DumpScanner::kMaxListed));
  std::string start;
  const Output output = [&](std::span<const std::byte> bytes) {
    context_.archive.write(bytes);
    if (start.size() < kCustomMagic.size()) {
      start.append(reinterpret_cast<const char*>(bytes.data()),
                   std::min(bytes.size(), kCustomMagic.size() - start.size()));
    }
    if (!custom) scanner.add(bytes);
    file.bytes += bytes.size();
    context_.progress.bytes_read += bytes.size();
  };
  const ToolResult result = co_await tools_.run(step.argv, output, context_);

  file.summary = scanner.summary();
  check(file, start, result);
  note_messages(step, result);
  co_await async::offload(context_.pool, [&](std::stop_token) { context_.archive.end_stream(); });
  record_.files.push_back(std::move(file));
}

void Dump::check(const DumpedFile& file, const std::string& start, const ToolResult& result) const {
  const DumpStep& step = file.step;
  const bool one = !step.database.empty();
  const std::string doing = one ? "dump database '" + step.database + "' of" : "dump PostgreSQL,";
  if (result.exit_code != 0) throw failure(doing, step.argv[0], result);
  using Kind = DumpStep::Kind;
  using Trailer = DumpSummary::Trailer;
  const bool whole = step.kind == Kind::custom  ? start == kCustomMagic
                     : step.kind == Kind::plain ? file.summary.trailer == Trailer::database
                                                : file.summary.trailer == Trailer::cluster;
  if (whole) return;
  throw DatabaseBackupError(
      {.doing = doing,
       .subject = tools_.where(),
       .why = step.argv[0] + " said that all went well, but its dump " +
              (step.kind == Kind::custom ? "is no archive" : "has no end") + " (" +
              std::to_string(file.bytes) + " bytes)",
       .advice = "make sure that " + step.argv[0] + " is PostgreSQL's own, of version 10 or later",
       .retryable = true});
}

// Warnings of a program that succeeded, such as of circular foreign keys.
void Dump::note_messages(const DumpStep& step, const ToolResult& result) {
  const std::string words = last_words(result.messages, settings_.password);
  if (!words.empty()) report_.add({Warning::Kind::note, step.file, words});
}

class PostgresqlTarget : public BackupTarget {
 public:
  PostgresqlTarget(PostgresqlSettings settings, std::unique_ptr<ClientTools> tools)
      : settings_(std::move(settings)), tools_(std::move(tools)) {}

  std::string type() const override { return "postgresql"; }
  std::string describe() const override { return settings_.description; }
  // Asking takes a connection: backup() does it, and sets the total.
  std::optional<std::uint64_t> estimate(std::stop_token) override { return std::nullopt; }

  Task<Report> backup(Context& context) override {
    Dump dump(settings_, *tools_, context);
    co_return co_await dump.execute();
  }

  Task<> recover(Surroundings& surroundings) override { co_await tools_->recover(surroundings); }

 private:
  const PostgresqlSettings settings_;
  const std::unique_ptr<ClientTools> tools_;
};

}  // namespace

std::shared_ptr<BackupTarget> make_postgresql_target(
    PostgresqlSettings settings, std::unique_ptr<postgresql::ClientTools> tools) {
  return std::make_shared<PostgresqlTarget>(std::move(settings), std::move(tools));
}

}  // namespace snapshotter::target
