#include "target/postgresql/dump_plan.hpp"

#include "base/error.hpp"
#include "target/postgresql/dump_words.hpp"

#include <fnmatch.h>

#include <algorithm>

namespace snapshotter::target::postgresql {
namespace {

bool matches(const std::string& pattern, const std::string& name) {
  return pattern == name || ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
}

bool any_matches(const std::vector<std::string>& patterns, const std::string& name) {
  return std::ranges::any_of(patterns, [&](const auto& pattern) { return matches(pattern, name); });
}

bool wanted(const DumpSettings& settings, const std::string& name) {
  if (name == "template0" || any_matches(settings.exclude_databases, name)) return false;
  // pg_dumpall decides about template1 by itself: it writes what was changed in it.
  if (settings.method == DumpSettings::Method::dumpall) return true;
  if (name == "template1") return std::ranges::count(settings.databases, name) > 0;
  return settings.databases.empty() || any_matches(settings.databases, name);
}

void choose(const DumpSettings& settings, const ServerFacts& facts, DumpPlan& plan) {
  for (const auto& database : facts.databases) {
    if (!wanted(settings, database.name)) continue;
    if (!database.connectable) {
      plan.warnings.push_back({Warning::Kind::note, database.name,
                               "this database allows no connections and is not dumped"});
      continue;
    }
    plan.databases.push_back(database);
    plan.bytes += database.size.value_or(0);
  }
  for (const auto& pattern : settings.databases) {
    const bool found = std::ranges::any_of(
        plan.databases, [&](const auto& database) { return matches(pattern, database.name); });
    if (!found) {
      plan.warnings.push_back({Warning::Kind::missing, pattern,
                               "no database of this name, listed in 'databases', can be dumped"});
    }
  }
}

// One of pg_dumpall's patterns that means this name and nothing else (psql's manual, "Patterns").
std::string exactly(std::string_view name) {
  std::string pattern = "\"";
  for (const char c : name) {
    if (c == '"') pattern += '"';
    pattern += c;
  }
  return pattern + '"';
}

DumpStep dump_all(const DumpSettings& settings, const ServerFacts& facts) {
  DumpStep step{DumpStep::Kind::cluster, "cluster.sql", {}, {"pg_dumpall", "--no-password"}};
  for (const auto& database : facts.databases) {
    if (any_matches(settings.exclude_databases, database.name)) {
      step.argv.push_back("--exclude-database=" + exactly(database.name));
    }
  }
  return step;
}

DumpStep dump_one(const std::string& database, DumpSettings::Format format) {
  const bool custom = format == DumpSettings::Format::custom;
  // As a connection string: a bare name with a '=' in it would be taken for one.
  const std::string connection = "--dbname=" + connection_to(database);
  DumpStep step{custom ? DumpStep::Kind::custom : DumpStep::Kind::plain,
                file_name(database) + (custom ? ".dump" : ".sql"),
                database,
                {"pg_dump", "--no-password", connection}};
  if (custom) {
    step.argv.insert(step.argv.end(), {"--format=custom", "--compress=0"});
  } else {
    step.argv.emplace_back("--create");
  }
  return step;
}

}  // namespace

DumpPlan plan_dump(const DumpSettings& settings, const ServerFacts& facts,
                   const std::string& where) {
  DumpPlan plan;
  choose(settings, facts, plan);
  if (plan.databases.empty()) {
    throw DatabaseBackupError({.doing = "dump PostgreSQL",
                               .subject = where,
                               .why = "there is no database to dump",
                               .advice = "check 'databases' and 'exclude_databases' against the "
                                         "list of psql -l"});
  }
  if (facts.standby) {
    plan.warnings.push_back({Warning::Kind::note, where,
                             "the server is a standby: the rows of unlogged tables are not there"});
  }
  if (settings.method == DumpSettings::Method::dumpall) {
    plan.steps.push_back(dump_all(settings, facts));
    return plan;
  }
  plan.steps.push_back({DumpStep::Kind::globals,
                        "globals.sql",
                        {},
                        {"pg_dumpall", "--no-password", "--globals-only"}});
  for (const auto& database : plan.databases) {
    plan.steps.push_back(dump_one(database.name, settings.format));
  }
  return plan;
}

std::string file_name(std::string_view database) {
  static constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string name;
  for (const char c : database) {
    const auto byte = static_cast<unsigned char>(c);
    const bool first = name.empty();
    if (byte < 0x20 || byte == 0x7F || c == '/' || c == '%' || (first && c == '.') ||
        (first && database == "globals")) {
      name += {'%', kHex[byte >> 4U], kHex[byte & 0xFU]};
    } else {
      name += c;
    }
  }
  return name;
}

}  // namespace snapshotter::target::postgresql
