#include "target/postgresql/server_facts.hpp"

#include "base/error.hpp"

#include <boost/json.hpp>

#include <charconv>

namespace snapshotter::target::postgresql {
namespace {

namespace json = boost::json;

// pg_database_size() raises an error where the size may not be known (dbsize.c), so that is asked
// first. datconnlimit is -2 when DROP DATABASE was interrupted (pg_database.h, since 15.4); such a
// database can only be dropped.
constexpr std::string_view kQuery = R"(select json_build_object(
  'version', current_setting('server_version'),
  'number', current_setting('server_version_num')::int,
  'standby', pg_is_in_recovery(),
  'databases', (select json_agg(json_build_object(
    'name', datname,
    'encoding', pg_encoding_to_char(encoding),
    'connectable', datallowconn and datconnlimit <> -2,
    'size', case when has_database_privilege(oid, 'connect')
                   or pg_has_role('pg_read_all_stats', 'usage')
                 then pg_database_size(oid) end) order by datname)
   from pg_database)))";

DatabaseFacts read_database(const json::value& value) {
  const json::object& object = value.as_object();
  DatabaseFacts facts;
  facts.name = json::value_to<std::string>(object.at("name"));
  facts.encoding = json::value_to<std::string>(object.at("encoding"));
  facts.connectable = object.at("connectable").as_bool();
  if (const auto& size = object.at("size"); !size.is_null()) {
    facts.size = size.to_number<std::uint64_t>();
  }
  return facts;
}

}  // namespace

std::vector<std::string> facts_query(const std::string& database) {
  // -X: nobody's .psqlrc; -A -t -q: nothing but the value.
  return {"psql", "--no-password",   "-X", "-A",     "-t", "-q",
          "-v",   "ON_ERROR_STOP=1", "-d", database, "-c", std::string(kQuery)};
}

ServerFacts read_facts(std::string_view answer, const std::string& where) try {
  json::parse_options options;
  options.allow_invalid_utf8 = true;  // names of databases
  const json::value value = json::parse(answer, {}, options);
  const json::object& object = value.as_object();
  ServerFacts facts;
  facts.version = json::value_to<std::string>(object.at("version"));
  facts.version_number = object.at("number").to_number<int>();
  facts.standby = object.at("standby").as_bool();
  for (const auto& database : object.at("databases").as_array()) {
    facts.databases.push_back(read_database(database));
  }
  return facts;
} catch (const std::exception& error) {
  throw DatabaseBackupError({.doing = "ask PostgreSQL for its databases",
                             .subject = where,
                             .why = std::string("psql answered something else: ") + error.what(),
                             .advice = "make sure that psql is PostgreSQL's own, of version 10 or "
                                       "later"});
}

std::optional<ClientVersion> read_client_version(std::string_view output) {
  constexpr std::string_view kBefore = "(PostgreSQL) ";
  const std::size_t at = output.find(kBefore);
  if (at == std::string_view::npos) return std::nullopt;
  output = output.substr(at + kBefore.size());
  output = output.substr(0, output.find('\n'));
  ClientVersion version{std::string(output), 0};
  const auto [end, error] =
      std::from_chars(output.data(), output.data() + output.size(), version.major);
  if (error != std::errc()) return std::nullopt;
  return version;
}

}  // namespace snapshotter::target::postgresql
