#include "support/catch.hpp"
#include "support/fake/manual_clock.hpp"
#include "unit/target/postgresql/scripted_tools.hpp"

#include <boost/json.hpp>

using namespace snapshotter;
using namespace snapshotter::test;
using target::PostgresqlSettings;
using target::Warning;
using target::postgresql::DumpSettings;

namespace {

using Method = DumpSettings::Method;
using Format = DumpSettings::Format;
using Argv = std::vector<std::string>;

const PostgresqlSettings kDumpall{{}, "PostgreSQL", Secret(std::string("s3cret"))};

PostgresqlSettings per_database(Format format = Format::plain) {
  return {{.method = Method::per_database, .format = format, .databases = {"app", "postgres"}},
          "PostgreSQL",
          {}};
}

// Replies to one program only.
ScriptedTools::Script when(const std::string& program, const Reply& reply) {
  return [=](const Argv& argv) -> std::optional<Reply> {
    if (argv[0] != program || argv[1] == "--version") return std::nullopt;
    return reply;
  };
}

std::string rows(int count) {
  std::string text = "COPY public.t (a) FROM stdin;\n";
  for (int i = 0; i < count; ++i) text += std::to_string(i) + "\n";
  return text + "\\.\n\n";
}

boost::json::object source_of(const ScriptedBackup& backup) {
  return boost::json::parse(backup.report.source).as_object();
}

}  // namespace

TEST_CASE("a cluster becomes one file, counted") {
  const std::string dump =
      cluster_dump(database_dump("app", rows(3)) + database_dump("postgres", "") +
                   database_dump("template1", ""));
  const ScriptedBackup backup(kDumpall, when("pg_dumpall", {dump}));
  REQUIRE(backup.failure() == "");
  REQUIRE(backup.members.size() == 1);
  const Member& member = backup.members.at("cluster.sql");
  CHECK(member.content == dump);
  CHECK(member.entry.mode == 0600);
  CHECK(member.entry.modified.tv_sec == to_unix_micros(ManualClock::kStart) / 1'000'000);
  CHECK(backup.bytes_read == dump.size());
  CHECK(backup.entries == 1);
  CHECK(backup.bytes_total == 1100);
}

TEST_CASE("the manifest says what was dumped") {
  const std::string dump =
      cluster_dump(database_dump("app", rows(3)) + database_dump("postgres", "") +
                   database_dump("template1", ""));
  const ScriptedBackup backup(kDumpall, when("pg_dumpall", {dump}));
  const auto source = source_of(backup);
  CHECK(source.at("method") == "dumpall");
  CHECK(source.at("format") == "plain");
  CHECK(source.at("server_version") == "15.20 (Debian)");
  CHECK(source.at("client_version") == "15.20 (Debian)");
  CHECK(source.at("rows") == 3);
  const auto& databases = source.at("databases").as_array();
  REQUIRE(databases.size() == 3);
  CHECK(databases[0] == boost::json::parse(R"({"name":"app","encoding":"UTF8","size":1000,"rows":3,
                          "tables":[{"name":"public.t","rows":3}]})"));
  CHECK(databases[1] == boost::json::parse(R"({"name":"postgres","encoding":"UTF8","size":null,
                          "rows":0,"tables":[]})"));
  CHECK(source.at("files") ==
        boost::json::parse(R"([{"name":"cluster.sql","bytes":)" + std::to_string(dump.size()) +
                           R"(,"trailer":true}])"));
}

TEST_CASE("each database becomes a file") {
  const ScriptedBackup backup(per_database(), [](const Argv& argv) -> std::optional<Reply> {
    if (argv[0] != "pg_dump" || argv[1] == "--version") return std::nullopt;
    const bool app = argv[2] == "--dbname=dbname='app'";
    return Reply{database_dump(app ? "app" : "postgres", rows(app ? 2 : 1))};
  });
  REQUIRE(backup.failure() == "");
  CHECK(backup.members.size() == 3);
  CHECK(backup.members.contains("globals.sql"));
  CHECK(backup.members.at("app.sql").content == database_dump("app", rows(2)));
  CHECK(backup.bytes_total == 1000);
  CHECK(source_of(backup).at("rows") == 3);
  CHECK(source_of(backup).at("databases").as_array().size() == 2);
  CHECK(backup.report.warnings.empty());
}

TEST_CASE("rows in the custom format are not known") {
  const ScriptedBackup backup(per_database(Format::custom), when("pg_dump", {"PGDMP\x01\x0e..."}));
  REQUIRE(backup.failure() == "");
  CHECK(backup.members.at("app.dump").content == "PGDMP\x01\x0e...");
  const auto source = source_of(backup);
  CHECK(source.at("format") == "custom");
  CHECK(source.at("rows").is_null());
  CHECK(source.at("databases").as_array()[0] ==
        boost::json::parse(
            R"({"name":"app","encoding":"UTF8","size":1000,"rows":null,"tables":null})"));
  CHECK(source.at("files").as_array()[1].at("trailer").is_null());
}

TEST_CASE("a dump that is not whole is no backup, whatever its exit code says") {
  const std::string whole = cluster_dump(database_dump("app", rows(3)));
  const Reply replies[] = {
      {""},
      {whole.substr(0, whole.size() - 10)},
      {whole.substr(0, whole.size() / 2)},
      {database_dump("app", "")},
      {whole + "SELECT 1;\n"},
      {"sh: pg_dumpall: not found\n"},
      {"PGDMP"},
  };
  for (const auto& reply : replies) {
    const ScriptedBackup backup(kDumpall, when("pg_dumpall", reply));
    CHECK_THAT(backup.failure(), ContainsText("its dump has no end"));
    CHECK(backup.retryable());
  }
  const ScriptedBackup globals(per_database(), when("pg_dump", {whole}));
  CHECK_THAT(globals.failure(), ContainsText("dump database 'app' of 'server test'"));
  const ScriptedBackup custom(per_database(Format::custom), when("pg_dump", {"PGDM"}));
  CHECK_THAT(custom.failure(), ContainsText("its dump is no archive"));
}

TEST_CASE("a whole dump of a failed program is no backup") {
  const ScriptedBackup backup(
      kDumpall, when("pg_dumpall", {cluster_dump(""), 1, "pg_dump: error: s3cret: no\n"}));
  CHECK_THAT(backup.failure(), ContainsText("pg_dumpall: exit code 1: pg_dump: error: ***: no"));
}

TEST_CASE("a server that can't be reached fails before anything is written") {
  const ScriptedBackup backup(kDumpall, when("psql", {"", 2, "psql: error: Connection refused"}));
  CHECK_THAT(backup.failure(), ContainsText("connect to PostgreSQL, 'server test'"));
  CHECK_THAT(backup.failure(), ContainsText("start the server"));
  CHECK(backup.retryable());
  CHECK(backup.entries == 0);
}

TEST_CASE("a server without the database postgres is asked through template1") {
  const ScriptedBackup backup(kDumpall, [](const Argv& argv) -> std::optional<Reply> {
    if (argv[0] == "psql" && std::ranges::count(argv, "postgres") > 0) return Reply{"", 2, "no"};
    if (argv[0] == "pg_dumpall") return Reply{cluster_dump(database_dump("template1", ""))};
    return std::nullopt;
  });
  CHECK(backup.failure() == "");
}

TEST_CASE("programs that are none of PostgreSQL's are found out") {
  const auto script = [](const Argv& argv) -> std::optional<Reply> {
    if (argv[1] == "--version") return Reply{"hello\n"};
    return std::nullopt;
  };
  CHECK_THAT(ScriptedBackup(kDumpall, script).failure(), ContainsText("pg_dump"));
  CHECK_THAT(ScriptedBackup(kDumpall, when("psql", {"hello"})).failure(),
             ContainsText("psql answered something else"));
  CHECK_THAT(ScriptedBackup(kDumpall, when("psql", {std::string(20 << 20, 'x')})).failure(),
             ContainsText("the answer is too long"));
}

TEST_CASE("programs older than the server are refused, newer ones are worth a word") {
  const auto client = [](const std::string& version) {
    return [=](const Argv& argv) -> std::optional<Reply> {
      if (argv[1] == "--version") return Reply{"pg_dump (PostgreSQL) " + version + "\n"};
      return std::nullopt;
    };
  };
  const ScriptedBackup older(kDumpall, client("14.9"));
  CHECK_THAT(older.failure(), ContainsText("install postgresql-client-15"));
  CHECK_FALSE(older.retryable());
  CHECK(older.entries == 0);
  const ScriptedBackup newer(kDumpall, client("17.2"));
  CHECK(newer.failure() == "");
  CHECK(newer.report.attentions == 1);
  CHECK(ScriptedBackup(kDumpall, client("15.1")).report.attentions == 0);
}

TEST_CASE("what a successful program says is noted") {
  const ScriptedBackup backup(
      kDumpall, when("pg_dumpall", {cluster_dump(""), 0, "pg_dump: warning: circular s3cret\n"}));
  CHECK(backup.failure() == "");
  REQUIRE(backup.report.notes == 1);
  const auto note = std::ranges::find(backup.report.warnings, Warning::Kind::note, &Warning::kind);
  CHECK(note->path == "cluster.sql");
  CHECK(note->what == "pg_dump: warning: circular ***");
}

TEST_CASE("databases that vanish and appear meanwhile are told of") {
  const ScriptedBackup backup(
      kDumpall, when("pg_dumpall",
                     {cluster_dump(database_dump("new", rows(1)) + database_dump("template1", "") +
                                   database_dump("postgres", ""))}));
  CHECK(backup.failure() == "");
  REQUIRE(backup.report.changed == 1);
  CHECK(backup.report.warnings[0].path == "app");
  CHECK(source_of(backup).at("databases").as_array()[0].at("name") == "new");
  CHECK(source_of(backup).at("databases").as_array()[0].at("size").is_null());
}

TEST_CASE("an estimate from the last backup is kept") {
  const ScriptedBackup backup(kDumpall, {}, 12345);
  CHECK(backup.bytes_total == 12345);
}

TEST_CASE("what the programs' runner throws comes out") {
  const auto gone = std::make_exception_ptr(
      DatabaseBackupError({.doing = "a", .subject = "b", .why = "the engine went away"}));
  const ScriptedBackup backup(kDumpall, when("pg_dumpall", {cluster_dump(""), 0, "", gone}));
  CHECK_THAT(backup.failure(), ContainsText("the engine went away"));
  CHECK(backup.entries == 1);
}
