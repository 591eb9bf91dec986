#include "base/error.hpp"
#include "support/catch.hpp"
#include "target/postgresql/dump_words.hpp"
#include "target/postgresql/server_facts.hpp"

using namespace snapshotter;
using namespace snapshotter::target::postgresql;
using snapshotter::test::ContainsText;

TEST_CASE("a server's answer is read") {
  const auto facts = read_facts(
      R"({"version":"16.1","number":160001,"standby":true,"databases":[
        {"name":"a \"b\"\n","encoding":"UTF8","connectable":true,"size":7000000000},
        {"name":"c","encoding":"LATIN1","connectable":false,"size":null}]})"
      "\n",
      "server");
  CHECK(facts.version == "16.1");
  CHECK(facts.major() == 16);
  CHECK(facts.standby);
  REQUIRE(facts.databases.size() == 2);
  CHECK(facts.databases[0].name == "a \"b\"\n");
  CHECK(facts.databases[0].size == 7'000'000'000);
  CHECK(facts.databases[0].connectable);
  CHECK(facts.databases[1].encoding == "LATIN1");
  CHECK_FALSE(facts.databases[1].size);
  CHECK_FALSE(facts.databases[1].connectable);
}

TEST_CASE("names of databases may be in any encoding") {
  const auto facts = read_facts(
      "{\"version\":\"15\",\"number\":150000,\"standby\":false,"
      "\"databases\":[{\"name\":\"caf\xe9\",\"encoding\":\"LATIN1\","
      "\"connectable\":true,\"size\":1}]}",
      "server");
  CHECK(facts.databases.at(0).name == "caf\xe9");
}

TEST_CASE("anything else is no answer") {
  for (const char* const text :
       {"", "hello", "{}", "[1]", R"({"version":1})",
        R"({"version":"1","number":1,"standby":false,"databases":null})"}) {
    INFO(text);
    try {
      static_cast<void>(read_facts(text, "server x"));
      FAIL("was taken");
    } catch (const DatabaseBackupError& error) {
      CHECK_THAT(error.what(), ContainsText("'server x'"));
    }
  }
}

TEST_CASE("the query is psql's, without anybody's settings") {
  const auto argv = facts_query("template1");
  CHECK(argv[0] == "psql");
  CHECK(std::ranges::count(argv, "-X") == 1);
  CHECK(std::ranges::count(argv, "--no-password") == 1);
  CHECK(std::ranges::count(argv, "template1") == 1);
}

TEST_CASE("versions of client programs are read") {
  CHECK(read_client_version("pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n")->text ==
        "15.20 (Debian 15.20-0+deb12u1)");
  CHECK(read_client_version("pg_dump (PostgreSQL) 17beta1\n")->major == 17);
  CHECK_FALSE(read_client_version("something else 15\n"));
  CHECK_FALSE(read_client_version("pg_dump (PostgreSQL) devel\n"));
  CHECK_FALSE(read_client_version(""));
}

TEST_CASE("statements are taken apart") {
  CHECK(copied_table("COPY public.t (a, b) FROM stdin;") == "public.t");
  CHECK(copied_table("COPY \"a (\"\" b\".t  FROM stdin;") == "\"a (\"\" b\".t");
  CHECK(setting("SET client_encoding = 'UTF8';", "client_encoding") == "UTF8");
  CHECK(setting("SET x = on;", "x") == "on");
  CHECK_FALSE(setting("SET xy = on;", "x"));
  CHECK_FALSE(setting("SELECT 1;", "x"));
  CHECK_FALSE(connected_database("connect"));
  CHECK_FALSE(connected_database("connect -reuse-previous=on"));
}

TEST_CASE("what leads to a database is read back from where it leads") {
  for (const std::string name : {"a", "a=b", "it's", "back\\slash", "a \"b\"", "postgres://x"}) {
    std::string quoted;
    for (const char c : connection_to(name)) quoted += std::string(c == '"' ? 2 : 1, c);
    CHECK(connected_database("connect -reuse-previous=on \"" + quoted + "\"") == name);
  }
}
