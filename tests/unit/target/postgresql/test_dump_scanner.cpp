#include "support/catch.hpp"
#include "target/postgresql/dump_scanner.hpp"

#include <random>

using snapshotter::target::postgresql::DumpScanner;
using snapshotter::target::postgresql::DumpSummary;

namespace {

using Trailer = DumpSummary::Trailer;

void feed(DumpScanner& scanner, std::string_view text) {
  scanner.add(std::as_bytes(std::span(text.data(), text.size())));
}

DumpSummary scan(std::string_view text) {
  DumpScanner scanner;
  feed(scanner, text);
  return scanner.summary();
}

// "db: table=rows table=rows; db: …"
std::string tables(const DumpSummary& summary) {
  std::string line;
  for (const auto& database : summary.databases) {
    line += (line.empty() ? "" : "; ") + database.name + ":";
    for (const auto& table : database.tables) {
      line += " " + table.name + "=" + std::to_string(table.rows);
    }
  }
  return line;
}

constexpr std::string_view kTrailer = "--\n-- PostgreSQL database dump complete\n--\n\n";
constexpr std::string_view kClusterTrailer =
    "--\n-- PostgreSQL database cluster dump complete\n--\n\n";

std::string copy_block(const std::string& table, const std::string& rows) {
  return "COPY " + table + " (a, b) FROM stdin;\n" + rows + "\\.\n\n\n";
}

}  // namespace

TEST_CASE("rows are counted by database and table") {
  const auto summary =
      scan("\\connect one\n" + copy_block("public.t", "1\t2\n3\t4\n") +
           copy_block("public.empty", "") + "\\connect two\n" + copy_block("public.t", "5\t6\n"));
  CHECK(tables(summary) == "one: public.t=2 public.empty=0; two: public.t=1");
  CHECK(summary.rows == 3);
  CHECK(summary.databases[0].rows == 2);
  CHECK(summary.unlisted == 0);
}

TEST_CASE("a table that comes twice is one") {
  const auto summary = scan("\\connect a\n" + copy_block("p", "1\n") + "\\connect b\n" +
                            "\\connect a\n" + copy_block("q", "1\n") + copy_block("p", "2\n3\n"));
  CHECK(tables(summary) == "a: p=3 q=1; b:");
}

TEST_CASE("a table without columns has empty lines for rows") {
  CHECK(tables(scan("\\connect d\nCOPY public.none  FROM stdin;\n\n\n\n\\.\n")) ==
        "d: public.none=3");
}

TEST_CASE("the data of a block is not looked at but for its end") {
  const std::string rows =
      "COPY x (a) FROM stdin;\n\\connect other\n\\N\t\\\\.\n\\\\.\n'\n\"\n$$\n--\n/*\n\\.x\n.\n"
      "-- PostgreSQL database dump complete\n";
  const auto summary = scan("\\connect d\n" + copy_block("t", rows) + copy_block("u", "1\n"));
  CHECK(tables(summary) == "d: t=12 u=1");
  CHECK(summary.trailer == Trailer::none);
}

TEST_CASE("names of tables keep their quotes") {
  const std::string names[] = {"public.\"odd\ntable\"",
                               "\"Sch.ema\".\"COPY x FROM stdin;\"",
                               "\"a \"\"b\"\"\".\"c (d\"",
                               "\"-- x\".\"$$\"",
                               "\"it's\".\"\\\"",
                               "public.gesch\xc3\xa4"
                               "ft"};
  for (const auto& name : names) {
    const auto summary = scan("\\connect d\n" + copy_block(name, "1\n") + copy_block("z", "1\n"));
    CHECK(tables(summary) == "d: " + name + "=1 z=1");
  }
}

TEST_CASE("databases are found however psql is told to connect") {
  const std::pair<std::string, std::string> connects[] = {
      {"\\connect template1", "template1"},
      {"\\connect \"Upper\"", "Upper"},
      {"\\connect \"a\"\"b\"", "a\"b"},
      {R"(\connect -reuse-previous=on "dbname='a=b'")", "a=b"},
      {R"(\connect -reuse-previous=on "dbname='it\'s a ""db""\\ of mine'")",
       R"(it's a "db"\ of mine)"},
      {R"(\connect -reuse-previous=on "dbname='geschäft'")", "geschäft"},
      {R"(\connect "dbname='old form'")", "old form"},
  };
  for (const auto& [line, name] : connects) {
    CHECK(tables(scan(line + "\n")) == name + ":");
  }
  CHECK(tables(scan("\\encoding SQL_ASCII\n\\restrict connect\n\\connected x\n")) == "");
}

TEST_CASE("no text inside of SQL begins a block or connects") {
  const std::string bait = "\nCOPY x (a) FROM stdin;\n1\n\\connect evil\n";
  const std::string statements[] = {
      "CREATE FUNCTION f() AS $$ select '" + bait + "' $$;",
      "CREATE FUNCTION f() AS $_X$ $$" + bait + "$$ $_$ $_X" + bait + "$_X$;",
      "COMMENT ON TABLE t IS 'it''s" + bait + "';",
      "SELECT E'\\'" + bait + "\\\\';",
      "SELECT e'\\''" + bait.substr(0, 0) + ", '" + bait + "';",
      "ALTER TABLE \"" + bait + "\"\"" + bait + "\" OWNER TO a;",
      "SELECT 1 /* /* " + bait + "*/" + bait + "*/ ;",
      "SELECT a$b$c" + std::string(" - 1 / 2 -> $1, '") + bait + "';",
      "SELECT 1 -- 'it" + std::string("\n, '") + bait + "';",
      "SELECT U&'\\0061', N'" + bait + "', name'" + bait + "', 'e\\';",
      "CREATE FUNCTION g() BEGIN ATOMIC\n SELECT 'x;';\n SELECT '" + bait + "';\nEND;",
  };
  for (const auto& statement : statements) {
    INFO(statement);
    const auto summary =
        scan("\\connect d\n" + statement + "\n\n" + copy_block("t", "1\n") + std::string(kTrailer));
    CHECK(tables(summary) == "d: t=1");
    CHECK(summary.trailer == Trailer::database);
  }
}

TEST_CASE("backslashes follow standard_conforming_strings") {
  const std::string off = "SET standard_conforming_strings = off;\n";
  CHECK(tables(scan("\\connect d\n" + off + "SELECT '\\';\n" + copy_block("t", "") + "';\n" +
                    copy_block("u", ""))) == "d: u=0");
  CHECK(tables(scan("\\connect d\nSELECT '\\';\n" + copy_block("t", ""))) == "d: t=0");
  // Each connection begins with the default.
  CHECK(tables(scan(off + "\\connect d\nSELECT '\\';\n" + copy_block("t", ""))) == "d: t=0");
}

TEST_CASE("other COPY statements are no blocks") {
  CHECK(tables(scan("\\connect d\nCOPY t FROM '/tmp/x';\nCOPY t TO \" FROM stdin\";\n"
                    "SELECT ' FROM stdin;';\n" +
                    copy_block("t", "1\n"))) == "d: t=1");
}

TEST_CASE("the trailer is the last meaningful line") {
  const std::string cluster(kClusterTrailer), single(kTrailer);
  const std::pair<std::string, Trailer> cases[] = {
      {"", Trailer::none},
      {single, Trailer::database},
      {single + "\\unrestrict s66uPlTUzr\n\n", Trailer::database},
      {single + "\\unrestrict s66uPlTUzr\n\n-- x\n\n" + cluster, Trailer::cluster},
      {cluster + "\n-- Completed on 2026-11-24 02:00:00 UTC\n\n", Trailer::cluster},
      {single + "\\connect postgres\n", Trailer::none},
      {single + "SELECT 1;\n", Trailer::none},
      {single + "SELECT 1", Trailer::none},
      {single + "'", Trailer::none},
      {single + "/* ", Trailer::none},
      {single + "$", Trailer::none},
      {"SELECT '" + single, Trailer::none},
      {"SELECT '" + single + "';\n", Trailer::none},
      {"SELECT $$" + single + "$$;\n", Trailer::none},
      {"SELECT 1\n" + single, Trailer::none},
      {"/*\n" + single + "*/\n", Trailer::none},
      {"COPY t (a) FROM stdin;\n" + single, Trailer::none},
      {"  -- PostgreSQL database dump complete\n", Trailer::none},
      {"-- PostgreSQL database dump complete", Trailer::none},  // cut
      {"-- PostgreSQL database dump complete?\n", Trailer::none},
      {"-- Name: PostgreSQL database dump complete\n", Trailer::none},
  };
  for (const auto& [text, trailer] : cases) {
    INFO(text);
    CHECK(scan(text).trailer == trailer);
  }
}

TEST_CASE("versions and encodings are read") {
  const auto summary = scan(
      "SET client_encoding = 'SQL_ASCII';\n-- Dumped from database version 15.20 (Debian)\n"
      "-- Dumped by pg_dump version 17.1\n\\connect a\nSET client_encoding = 'UTF8';\n"
      "-- Dumped from database version 99\n\\connect b\nSET client_encoding = 'LATIN1';\n");
  CHECK(summary.server_version == "15.20 (Debian)");
  CHECK(summary.client_version == "17.1");
  CHECK(summary.databases.at(0).encoding == "UTF8");
  CHECK(summary.databases.at(1).encoding == "LATIN1");
}

TEST_CASE("what is beyond the limit is counted, not listed") {
  DumpScanner scanner(3);
  for (int i = 0; i < 5; ++i) {
    feed(scanner, copy_block("t" + std::to_string(i), "1\n2\n"));
  }
  feed(scanner, "\\connect next\n" + copy_block("u", "1\n"));
  const auto summary = scanner.summary();
  CHECK(tables(summary) == ": t0=2 t1=2");
  CHECK(summary.databases[0].rows == 10);
  CHECK(summary.rows == 11);
  CHECK(summary.unlisted == 4);
}

TEST_CASE("lines and rows of any length pass in little memory") {
  DumpScanner scanner;
  feed(scanner, "\\connect d\nSELECT '");
  const std::string much(1 << 20, 'x');
  for (int i = 0; i < 64; ++i) feed(scanner, much);
  feed(scanner, "';\n-- ");
  for (int i = 0; i < 64; ++i) feed(scanner, much);
  feed(scanner, "\nCOPY public.t (a) FROM stdin;\n");
  for (int i = 0; i < 64; ++i) feed(scanner, much);
  feed(scanner, "\n\\.\n");
  CHECK(tables(scanner.summary()) == "d: public.t=1");
}

namespace {

// Pieces that are next to each other in no order that makes sense, with every mark among them.
std::string random_dump(std::mt19937& random) {
  static const std::string pieces[] = {"\\connect a\n",
                                       "\\connect -reuse-previous=on \"dbname='it\\'s'\"\n",
                                       "\\restrict x\n",
                                       "COPY public.t (a, b) FROM stdin;\n",
                                       "1\t2\n",
                                       "\\N\n",
                                       "\n",
                                       "\\.\n",
                                       "\\.",
                                       "\\",
                                       ".",
                                       "'",
                                       "''",
                                       "E'",
                                       "\"",
                                       "$$",
                                       "$a$",
                                       "$",
                                       "--",
                                       "-",
                                       "/*",
                                       "*/",
                                       "/",
                                       ";",
                                       " ",
                                       "SELECT 1;\n",
                                       "SET standard_conforming_strings = off;\n",
                                       "SET client_encoding = 'UTF8';\n",
                                       "-- PostgreSQL database dump complete\n",
                                       "-- Dumped from database version 15\n",
                                       "some text that is longer than one vector's lanes"};
  std::string dump = "\\connect first\n";
  const auto count = random() % 400;
  for (unsigned i = 0; i < count; ++i) {
    dump += pieces[random() % std::size(pieces)];
    if (random() % 40 == 0) {
      dump += copy_block("big", std::string(random() % 20'000, random() % 2 == 0 ? '\n' : 'x'));
    }
  }
  return dump;
}

}  // namespace

TEST_CASE("a dump cut anywhere is the same dump") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 300; ++round) {
    const std::string dump = random_dump(random);
    DumpScanner scanner;
    std::string_view rest = dump;
    const std::size_t longest = 1 + random() % (random() % 2 == 0 ? 4 : 5000);
    while (!rest.empty()) {
      const std::size_t length = std::min<std::size_t>(rest.size(), random() % (longest + 1));
      feed(scanner, rest.substr(0, length));
      rest.remove_prefix(length);
    }
    INFO(dump);
    REQUIRE(scanner.summary() == scan(dump));
  }
}

TEST_CASE("rows are counted alike, one byte at a time and at once") {
  const unsigned seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 200; ++round) {
    std::string rows;
    std::uint64_t expected = 0;
    const auto count = random() % 2000;
    for (unsigned i = 0; i < count; ++i) {
      rows += random() % 8 == 0 ? "\\\\." : std::string(random() % 40, 'y');
      rows += '\n';
      ++expected;
    }
    const auto summary = scan("\\connect d\n" + copy_block("t", rows) + std::string(kTrailer));
    REQUIRE(summary.rows == expected);
    REQUIRE(summary.trailer == Trailer::database);
  }
}
