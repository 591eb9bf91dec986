#include "support/catch.hpp"
#include "target/postgresql/tool_failure.hpp"

using namespace snapshotter;
using namespace snapshotter::target::postgresql;
using snapshotter::test::ContainsText;

namespace {

DatabaseBackupError failure(const std::string& messages, int exit_code = 1,
                            const std::string& password = {}) {
  return tool_failure("dump PostgreSQL,", "server x", "pg_dumpall", {exit_code, messages},
                      Secret(password));
}

}  // namespace

// Messages as PostgreSQL 15 writes them.
TEST_CASE("causes that are known get advice of their own") {
  struct Case {
    std::string messages, advice;
    bool retryable;
  };
  const Case cases[] = {
      {"psql: error: connection to server at \"127.0.0.1\", port 5432 failed: FATAL:  password "
       "authentication failed for user \"bob\"",
       "check 'user' and 'password'", false},
      {"psql: error: connection to server at \"::1\", port 1 failed: fe_sendauth: no password "
       "supplied",
       "set 'password'", false},
      {"FATAL:  Peer authentication failed for user \"postgres\"", "pg_ident.conf", false},
      {"FATAL:  no pg_hba.conf entry for host \"10.0.0.1\", user \"a\", database \"b\", no "
       "encryption",
       "pg_hba.conf", false},
      {"FATAL:  role \"bob\" does not exist", "check 'user'", false},
      {"FATAL:  database \"app\" does not exist", "dropped", true},
      {"connection to server at \"127.0.0.1\", port 9 failed: Connection refused\n\tIs the server "
       "running on that host and accepting TCP/IP connections?",
       "start the server", true},
      {"connection to server on socket \"/x/.s.PGSQL.5432\" failed: No such file or directory",
       "check 'socket'", true},
      {"pg_dump: error: query failed: ERROR:  permission denied for table secrets",
       "pg_read_all_data", false},
      {"pg_dumpall: error: query failed: ERROR:  permission denied for table pg_authid",
       "must run as a superuser", false},
      {"FATAL:  the database system is starting up", "wait until", true},
      {"FATAL:  the database system is shutting down", "wait until", true},
      {"FATAL:  sorry, too many clients already", "max_connections", true},
      {"FATAL:  too many connections for role \"bob\"", "connection limit", true},
      {"FATAL:  remaining connection slots are reserved for non-replication superuser connections",
       "max_connections", true},
      {"pg_dump: error: aborting because of server version mismatch\npg_dump: detail: server "
       "version: 17.1; pg_dump version: 15.20",
       "postgresql-client", false},
      {"FATAL:  terminating connection due to administrator command", "server's log", true},
      {"server closed the connection unexpectedly", "server's log", true},
      {"ERROR:  canceling statement due to conflict with recovery", "hot_standby_feedback", true},
      {"ERROR:  invalid page in block 3 of relation base/5/16384", "damaged", false},
      {"FATAL:  Rolle »bob« existiert nicht", "see PostgreSQL's log", true},
      {"", "see PostgreSQL's log", true},
  };
  for (const auto& [messages, advice, retryable] : cases) {
    INFO(messages);
    const auto error = failure(messages);
    CHECK_THAT(error.advice(), ContainsText(advice));
    CHECK(error.retryable() == retryable);
  }
}

TEST_CASE("a failure says how the program ended and what it said last") {
  CHECK(failure("pg_dump: error: one\n\n  detail: two\r\n", 3).why() ==
        "pg_dumpall: exit code 3: pg_dump: error: one; detail: two");
  CHECK(failure("", 128 + 9).why() == "pg_dumpall: ended by signal 9");
  CHECK(failure("  \n \n").why() == "pg_dumpall: exit code 1");
  CHECK(failure("x").subject() == "server x");
}

TEST_CASE("messages are cut to their end") {
  std::string messages;
  for (int i = 0; i < 100; ++i) messages += "line " + std::to_string(i) + "\n";
  CHECK(last_words(messages, {}) == "line 94; line 95; line 96; line 97; line 98; line 99");
  const auto words = last_words(std::string(100'000, 'x') + "end", {});
  CHECK(words.size() < 1000);
  CHECK(words.ends_with("xend"));
}

TEST_CASE("a password is in no message") {
  const auto error = failure("bad s3cret, s3crets3cret: s3cret", 1, "s3cret");
  CHECK(error.why() == "pg_dumpall: exit code 1: bad ***, ******: ***");
  CHECK(last_words("a*a", Secret(std::string("*"))) == "a***a");
}

TEST_CASE("what is not text is shown as such") {
  CHECK_THAT(std::string(failure("a\x1b[31mb\xff").what()), ContainsText("a\\x1b[31mb\\xff"));
}
