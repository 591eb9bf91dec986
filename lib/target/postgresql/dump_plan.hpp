// Which programs to run, with which arguments, for which files of the archive. Pure.
#pragma once

#include "target/postgresql/server_facts.hpp"
#include "target/target.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::target::postgresql {

struct DumpSettings {
  // dumpall: everything in one file, by pg_dumpall. per_database: roles and tablespaces in one, and
  // each database in one of its own.
  enum class Method { dumpall, per_database };
  // Of per_database: SQL for psql, or pg_dump's own format for pg_restore (not compressed, because
  // the archive is).
  enum class Format { plain, custom };
  Method method = Method::dumpall;
  Format format = Format::plain;
  // Names or shell patterns (fnmatch(3); '*' matches anything). template0 is never dumped.
  std::vector<std::string> databases = {};  // of per_database; empty: all but template1
  std::vector<std::string> exclude_databases = {};
};

struct DumpStep {
  enum class Kind { cluster, globals, plain, custom };
  Kind kind = Kind::cluster;
  std::string file;      // its name in the archive
  std::string database;  // of plain and custom
  std::vector<std::string> argv;
};

struct DumpPlan {
  std::vector<DumpStep> steps;
  std::vector<DatabaseFacts> databases;  // what the steps are expected to dump
  std::vector<Warning> warnings;  // notes of what is left out; missing: a pattern without any
  std::uint64_t bytes = 0;        // of these databases, as far as known
};

// Throws DatabaseBackupError when no database is left to dump.
[[nodiscard]] DumpPlan plan_dump(const DumpSettings& settings, const ServerFacts& facts,
                                 const std::string& where);

// A file name for a database: its own, where '/', '%', control characters and a leading '.' are
// percent-encoded; different names give different files. "globals" gives way to globals.sql.
[[nodiscard]] std::string file_name(std::string_view database);

}  // namespace snapshotter::target::postgresql
