// Target type "postgresql": the databases of a PostgreSQL server, dumped by its own client
// programs (psql, pg_dump, pg_dumpall; 10 or later).
//
// Keys; where the server is, one of:
//   socket              the folder of the server's socket, or the socket itself (…/.s.PGSQL.5433)
//   host, port          name or address (port: 5432); without any of these libpq's default
//   service             an entry of pg_service.conf
//   container           of Docker or Podman: the programs run inside of it; with engine,
//                       engine_ca_file, engine_client_certificate, engine_client_key, and
//                       container_user, whom they run as there
// How to log in:
//   user                default postgres
//   password            without one: peer or trust authentication, a certificate, or .pgpass;
//                       nothing ever asks for one
//   sslmode             disable, allow, prefer, require, verify-ca, verify-full
// What to dump:
//   method              dumpall (default) or per_database
//   format              of per_database: plain (default) or custom
//   databases, exclude_databases   names or patterns; see dump_plan.hpp
// And:
//   bin_dir             where the programs are; default: PATH
//   stall_timeout       default 30m: a dump that is silent for so long is ended
//
// dumpall writes one file, cluster.sql, for psql. per_database writes globals.sql (roles,
// tablespaces) and for each database NAME.sql for psql, or NAME.dump for pg_restore. Each database
// is of one instant, all of them together are not: PostgreSQL has no dump that is.
//
// A dump is taken for whole only when its program ended with 0 and, of SQL, its closing comment was
// the last line; of the custom format, when it begins with PGDMP. Anything else fails the backup
// with DatabaseBackupError: a part of a dump is worth nothing. The manifest's source says what was
// dumped: method, versions, and for each database its encoding, its size on disk and the rows of
// each table as they were counted in the dump (not in the custom format: there they are null).
#pragma once

#include "target/postgresql/client_tools.hpp"
#include "target/postgresql/dump_plan.hpp"
#include "target/target.hpp"

#include <memory>
#include <string>

namespace snapshotter::target {

struct PostgresqlSettings {
  postgresql::DumpSettings dump;
  std::string description;  // "PostgreSQL in container 'postgres'"
  Secret password;          // to be kept out of messages
};

[[nodiscard]] std::shared_ptr<BackupTarget> make_postgresql_target(
    PostgresqlSettings settings, std::unique_ptr<postgresql::ClientTools> tools);
[[nodiscard]] std::shared_ptr<BackupTarget> postgresql_target_from(const std::string& name,
                                                                   settings::Section& section);

}  // namespace snapshotter::target
