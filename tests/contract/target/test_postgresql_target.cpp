// A real PostgreSQL server of the test's own (tests/peers/postgres.py) keeps the contract.
#include "contract/target/target_contract.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "target/postgresql/postgresql_target.hpp"

#include <cstdlib>
#include <stdexcept>

using namespace snapshotter;
using namespace snapshotter::test;
using target::postgresql::DumpSettings;

namespace {

// 64 hexadecimal digits in each of 150,000 rows: 4.6 MiB of randomness.
constexpr const char* kTable =
    "create table noise as select n, md5(random()::text) as a, md5(random()::text) as b "
    "from generate_series(1, 150000) n";

class Server {
 public:
  ~Server() {
    if (started_) static_cast<void>(call("stop"));
  }
  void start() {
    require("start");
    started_ = true;
  }
  void stop() { require("stop"); }
  void fill() { require("psql", std::string(" postgres '") + kTable + "'"); }
  [[nodiscard]] std::string folder() const { return dir_.string() + "/server"; }

 private:
  [[nodiscard]] int call(const std::string& verb, const std::string& more = {}) const {
    const std::string command =
        "python3 -B " SNAPSHOTTER_TEST_PEERS "/postgres.py " + verb + " " + folder() + more;
    return std::system(command.c_str());
  }
  void require(const std::string& verb, const std::string& more = {}) const {
    std::filesystem::permissions(dir_.path(), std::filesystem::perms(0755));
    if (call(verb, more) != 0) throw std::runtime_error("PostgreSQL: cannot " + verb);
  }

  TempDir dir_;
  bool started_ = false;
};

TargetUnderTest postgresql_target(const DumpSettings& dump) {
  const auto server = std::make_shared<Server>();
  TargetUnderTest under_test;
  target::postgresql::HostSettings host;
  host.host = server->folder();
  host.login.password = Secret(std::string("never shown"));
  under_test.secrets = {"never shown"};
  under_test.target = target::make_postgresql_target({dump, "PostgreSQL", host.login.password},
                                                     target::postgresql::make_host_tools(host));
  under_test.create_source = [server] {
    server->start();
    server->fill();
  };
  under_test.break_source = [server] { server->stop(); };
  under_test.mend_source = [server] { server->start(); };
  // The time of an entry, and the key of \restrict, differ each time.
  under_test.repeatable = false;
  return under_test;
}

}  // namespace

TEST_CASE("the postgresql target keeps the contract with pg_dumpall") {
  target_contract([] {
    TargetUnderTest under_test = postgresql_target({});
    under_test.check = [](const auto& contents) {
      REQUIRE(contents.size() == 1);
      CHECK_THAT(contents.at("cluster.sql"),
                 ContainsText("COPY public.noise (n, a, b) FROM stdin;\n1\t"));
    };
    return under_test;
  });
}

TEST_CASE("the postgresql target keeps the contract with pg_dump in its own format") {
  target_contract([] {
    TargetUnderTest under_test = postgresql_target(
        {.method = DumpSettings::Method::per_database, .format = DumpSettings::Format::custom});
    under_test.check = [](const auto& contents) {
      REQUIRE(contents.size() == 2);
      CHECK_THAT(contents.at("globals.sql"), ContainsText("CREATE ROLE postgres"));
      CHECK(contents.at("postgres.dump").size() > 4 * 1024 * 1024);
    };
    return under_test;
  });
}
