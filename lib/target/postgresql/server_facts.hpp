// What the server says of itself before it is dumped. Pure: the query, and its answer read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::target::postgresql {

struct DatabaseFacts {
  std::string name;  // raw bytes: server-side names are in no certain encoding
  std::string encoding;
  std::optional<std::uint64_t> size;  // on disk, with indexes; nullopt: not permitted to know
  // False: marked so (template0), or the rest of an interrupted DROP DATABASE.
  bool connectable = true;
};

struct ServerFacts {
  std::string version;   // "15.20 (Debian 15.20-0+deb12u1)"
  int version_number{};  // 150020
  bool standby = false;
  std::vector<DatabaseFacts> databases;  // by name
  [[nodiscard]] int major() const noexcept { return version_number / 10000; }
};

// psql's arguments for asking through this database of the server. Works from PostgreSQL 10 on.
[[nodiscard]] std::vector<std::string> facts_query(const std::string& database);
// Its answer. Throws DatabaseBackupError when it is none.
[[nodiscard]] ServerFacts read_facts(std::string_view answer, const std::string& where);

struct ClientVersion {
  std::string text;  // "15.20 (Debian 15.20-0+deb12u1)"
  int major = 0;
};
// From "pg_dump (PostgreSQL) 15.20 (Debian …)"; nullopt: it is something else.
[[nodiscard]] std::optional<ClientVersion> read_client_version(std::string_view output);

}  // namespace snapshotter::target::postgresql
