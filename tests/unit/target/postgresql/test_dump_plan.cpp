#include "base/error.hpp"
#include "base/text.hpp"
#include "support/catch.hpp"
#include "target/postgresql/dump_plan.hpp"

#include <set>

using namespace snapshotter;
using namespace snapshotter::target::postgresql;
using snapshotter::test::ContainsText;

namespace {

using Method = DumpSettings::Method;

ServerFacts server(const std::vector<std::string>& names) {
  ServerFacts facts{.version = "15.20", .version_number = 150020, .databases = {}};
  for (const auto& name : names) {
    facts.databases.push_back({name, "UTF8", 100, name != "template0" && name != "closed"});
  }
  return facts;
}

const ServerFacts kServer =
    server({"a", "app_one", "app_two", "closed", "postgres", "template0", "template1"});

std::string files(const DumpPlan& plan) {
  std::vector<std::string> names;
  for (const auto& step : plan.steps) names.push_back(step.file);
  return join(names, " ");
}

std::string per_database(const std::vector<std::string>& databases,
                         const std::vector<std::string>& excluded = {}) {
  return files(plan_dump(
      {.method = Method::per_database, .databases = databases, .exclude_databases = excluded},
      kServer, "server"));
}

std::string arguments(const DumpStep& step) { return join(step.argv, " "); }

}  // namespace

TEST_CASE("dumpall is one program and one file") {
  const auto plan = plan_dump({}, kServer, "server");
  REQUIRE(plan.steps.size() == 1);
  CHECK(plan.steps[0].file == "cluster.sql");
  CHECK(arguments(plan.steps[0]) == "pg_dumpall --no-password");
  CHECK(plan.databases.size() == 5);
  CHECK(plan.bytes == 500);
  REQUIRE(plan.warnings.size() == 1);
  CHECK(plan.warnings[0].kind == target::Warning::Kind::note);
  CHECK(plan.warnings[0].path == "closed");
}

TEST_CASE("dumpall leaves databases out by their exact names") {
  const auto facts = server({"a", "b.c", "it's \"x\"", "B*", "bb"});
  const auto plan = plan_dump({.exclude_databases = {"b.*", "it*", "B*", "none"}}, facts, "server");
  CHECK(arguments(plan.steps[0]) ==
        "pg_dumpall --no-password --exclude-database=\"b.c\" "
        "--exclude-database=\"it's \"\"x\"\"\" --exclude-database=\"B*\"");
  REQUIRE(plan.databases.size() == 2);
  CHECK(plan.databases[1].name == "bb");
}

TEST_CASE("each database gets a file") {
  CHECK(per_database({}) == "globals.sql a.sql app_one.sql app_two.sql postgres.sql");
  CHECK(per_database({"app_*"}) == "globals.sql app_one.sql app_two.sql");
  CHECK(per_database({"?", "postgres"}) == "globals.sql a.sql postgres.sql");
  CHECK(per_database({"app_*"}, {"*_two"}) == "globals.sql app_one.sql");
  CHECK(per_database({}, {"[!a]*"}) == "globals.sql a.sql app_one.sql app_two.sql");
}

TEST_CASE("template1 is dumped when it is named, template0 never") {
  CHECK(per_database({"template*", "a"}) == "globals.sql a.sql");
  CHECK(per_database({"template1"}) == "globals.sql template1.sql");
  CHECK(per_database({"template0", "a"}) == "globals.sql a.sql");
}

TEST_CASE("what is listed and not there is missing") {
  const auto plan = plan_dump({.method = Method::per_database, .databases = {"a", "gone", "x*"}},
                              kServer, "server");
  REQUIRE(plan.warnings.size() == 2);
  CHECK(plan.warnings[0].kind == target::Warning::Kind::missing);
  CHECK(plan.warnings[0].path == "gone");
  CHECK(plan.warnings[1].path == "x*");
}

TEST_CASE("a listed database without connections is missing, and noted") {
  const auto plan =
      plan_dump({.method = Method::per_database, .databases = {"a", "closed"}}, kServer, "server");
  REQUIRE(plan.warnings.size() == 2);
  CHECK(plan.warnings[0].kind == target::Warning::Kind::note);
  CHECK(plan.warnings[1].kind == target::Warning::Kind::missing);
}

TEST_CASE("a dump of nothing is an error") {
  const DumpSettings nothing[] = {{.method = Method::per_database, .databases = {"gone"}},
                                  {.method = Method::per_database, .exclude_databases = {"*"}},
                                  {.exclude_databases = {"*"}}};
  for (const auto& settings : nothing) {
    try {
      static_cast<void>(plan_dump(settings, kServer, "server"));
      FAIL("was planned");
    } catch (const DatabaseBackupError& error) {
      CHECK_THAT(error.what(), ContainsText("there is no database to dump"));
      CHECK_FALSE(error.retryable());
    }
  }
}

TEST_CASE("programs get names that mean one database only") {
  const auto facts = server({"a=b", "it's \\"});
  auto plan = plan_dump({.method = Method::per_database}, facts, "server");
  CHECK(arguments(plan.steps[0]) == "pg_dumpall --no-password --globals-only");
  CHECK(arguments(plan.steps[1]) == "pg_dump --no-password --dbname=dbname='a=b' --create");
  CHECK(plan.steps[2].argv[2] == R"(--dbname=dbname='it\'s \\')");
  plan = plan_dump({.method = Method::per_database, .format = DumpSettings::Format::custom}, facts,
                   "server");
  CHECK(plan.steps[1].file == "a=b.dump");
  CHECK(arguments(plan.steps[1]) ==
        "pg_dump --no-password --dbname=dbname='a=b' --format=custom --compress=0");
}

TEST_CASE("a standby is noted") {
  ServerFacts facts = kServer;
  facts.standby = true;
  CHECK(plan_dump({}, facts, "server").warnings.size() == 2);
}

TEST_CASE("databases make safe and different file names") {
  const std::pair<std::string, std::string> names[] = {
      {"app", "app"},
      {"my db", "my db"},
      {"a/b", "a%2Fb"},
      {"..", "%2E."},
      {".hidden", "%2Ehidden"},
      {"a.b", "a.b"},
      {"100%", "100%25"},
      {"line\nbreak", "line%0Abreak"},
      {"geschäft", "geschäft"},
      {"globals", "%67lobals"},
      {"%67lobals", "%2567lobals"},
      {"\x7f", "%7F"},
  };
  std::set<std::string> seen;
  for (const auto& [database, file] : names) {
    CHECK(file_name(database) == file);
    CHECK(seen.insert(file).second);
  }
}
