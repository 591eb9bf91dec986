#include "target/postgresql/dump_record.hpp"

#include "base/text.hpp"

#include <boost/json.hpp>

#include <algorithm>

namespace snapshotter::target::postgresql {
namespace {

namespace json = boost::json;

// A database as planned and as found in a dump; one of the two may be absent.
json::object described(const DatabaseFacts* facts, const DumpSummary::Database* dumped) {
  json::object object;
  object["name"] = printable(facts != nullptr ? facts->name : dumped->name);
  object["encoding"] = printable(facts != nullptr ? facts->encoding : dumped->encoding);
  object["size"] = nullptr;
  if (facts != nullptr && facts->size) object["size"] = *facts->size;
  object["rows"] = nullptr;
  object["tables"] = nullptr;
  if (dumped == nullptr) return object;
  object["rows"] = dumped->rows;
  json::array& tables = object["tables"].emplace_array();
  for (const auto& table : dumped->tables) {
    tables.push_back({{"name", printable(table.name)}, {"rows", table.rows}});
  }
  return object;
}

const DatabaseFacts* find(const std::vector<DatabaseFacts>& planned, const std::string& name) {
  const auto found = std::ranges::find(planned, name, &DatabaseFacts::name);
  return found != planned.end() ? &*found : nullptr;
}

json::object file_object(const DumpedFile& file) {
  json::object object{{"name", printable(file.step.file)}, {"bytes", file.bytes}};
  object["trailer"] = nullptr;
  if (file.step.kind != DumpStep::Kind::custom) {
    object["trailer"] = file.summary.trailer != DumpSummary::Trailer::none;
  }
  return object;
}

bool is_custom(const DumpSettings& settings) {
  return settings.method == DumpSettings::Method::per_database &&
         settings.format == DumpSettings::Format::custom;
}

}  // namespace

std::size_t DumpRecord::listed() const {
  std::size_t count = 0;
  for (const auto& file : files) {
    for (const auto& database : file.summary.databases) count += 1 + database.tables.size();
  }
  return count;
}

std::vector<std::string> DumpRecord::dropped() const {
  std::vector<std::string> names;
  for (const auto& database : planned) {
    const bool there = std::ranges::any_of(files, [&](const DumpedFile& file) {
      return file.step.database == database.name ||
             std::ranges::count(file.summary.databases, database.name,
                                &DumpSummary::Database::name) > 0;
    });
    if (!there) names.push_back(database.name);
  }
  return names;
}

std::string DumpRecord::to_json() const {
  json::array databases, dumped_files;
  std::uint64_t rows = 0, unlisted = 0;
  for (const auto& file : files) {
    dumped_files.push_back(file_object(file));
    rows += file.summary.rows;
    unlisted += file.summary.unlisted;
    if (file.step.kind == DumpStep::Kind::custom) {
      databases.push_back(described(find(planned, file.step.database), nullptr));
    }
    for (const auto& database : file.summary.databases) {
      databases.push_back(described(find(planned, database.name), &database));
    }
  }
  const bool per_database = settings.method == DumpSettings::Method::per_database;
  json::object source{{"method", per_database ? "per_database" : "dumpall"},
                      {"format", is_custom(settings) ? "custom" : "plain"},
                      {"server_version", printable(server.version)},
                      {"client_version", printable(client.text)},
                      {"standby", server.standby},
                      {"unlisted_tables", unlisted},
                      {"databases", std::move(databases)},
                      {"files", std::move(dumped_files)}};
  source["rows"] = nullptr;
  if (!is_custom(settings)) source["rows"] = rows;
  return json::serialize(source);
}

}  // namespace snapshotter::target::postgresql
