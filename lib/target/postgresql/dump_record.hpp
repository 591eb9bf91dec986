// What was dumped, for the manifest. Pure.
#pragma once

#include "target/postgresql/dump_plan.hpp"
#include "target/postgresql/dump_scanner.hpp"
#include "target/postgresql/server_facts.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace snapshotter::target::postgresql {

// One file of the archive, dumped and found whole.
struct DumpedFile {
  DumpStep step;
  std::uint64_t bytes = 0;
  DumpSummary summary;  // of SQL
};

struct DumpRecord {
  DumpSettings settings;
  ServerFacts server;
  ClientVersion client;
  std::vector<DatabaseFacts> planned;
  std::vector<DumpedFile> files;

  // Databases and tables listed so far: DumpScanner's limit holds for all files together.
  [[nodiscard]] std::size_t listed() const;
  // Planned databases that no file holds, because they were dropped before it was their turn.
  [[nodiscard]] std::vector<std::string> dropped() const;
  // {"method", "format", "server_version", "client_version", "standby", "rows", "unlisted_tables",
  //  "databases": [{"name", "encoding", "size", "rows", "tables": [{"name", "rows"}]}],
  //  "files": [{"name", "bytes", "trailer"}]}: `rows` and `tables` are null in the custom format,
  // and so is `trailer`, which SQL has always. Names are printable().
  [[nodiscard]] std::string to_json() const;
};

}  // namespace snapshotter::target::postgresql
