#include "base/error.hpp"
#include "catalog/catalog.hpp"
#include "failing_vfs.hpp"
#include "samples.hpp"
#include "support/catch.hpp"

#include <sqlite3.h>

namespace snapshotter::catalog {
namespace {

using Memory = std::map<std::string, std::string>;
using Changes = std::vector<Catalog::MemoryChange>;

}  // namespace

TEST_CASE("memory is kept by scope and key, byte for byte, until it is forgotten") {
  const CatalogFile file;
  {
    Catalog catalog = file.open();
    catalog.remember("job a", "asked", "first");
    catalog.remember("job a", "asked", kAnyBytes);
    catalog.remember("job a", "overdue", "");
    catalog.remember("job b", "asked", "other");
    catalog.forget("job b", "asked");
    catalog.forget("job b", "never there");
  }
  Catalog catalog = file.open();
  CHECK(catalog.memory("job a") == Memory{{"asked", kAnyBytes}, {"overdue", ""}});
  CHECK(catalog.memory("job b").empty());
  CHECK(catalog.memory("job").empty());
}

TEST_CASE("changes of memory are made together and in their order") {
  const CatalogFile file;
  Catalog catalog = file.open();
  catalog.remember("job gone", "asked", "long ago");
  catalog.change_memory({{"job a", "asked", "now"},
                         {"job gone", "asked"},
                         {"job gone", "never there"},
                         {"job b", "asked", "before"},
                         {"job b", "asked"},
                         {"job b", "asked", ""}});
  catalog.change_memory({});
  CHECK(catalog.memory("job a") == Memory{{"asked", "now"}});
  CHECK(catalog.memory("job b") == Memory{{"asked", ""}});
  CHECK(catalog.memory("job gone").empty());
}

TEST_CASE("the catalog was busy for a minute - changes of memory are not written one by one") {
  FailingVfs disk;
  const CatalogFile file;
  Catalog catalog(file.path, FailingVfs::name());
  Changes changes;
  for (int job = 0; job < 1000; ++job) changes.push_back({std::to_string(job), "asked", "now"});
  disk.fail_writes(SQLITE_FULL, 3);
  CHECK_THROWS_AS(catalog.change_memory(changes), CatalogError);
  disk.heal();
  CHECK(catalog.memory("0").empty());
  catalog.change_memory(changes);
  CHECK(catalog.memory("0") == Memory{{"asked", "now"}});
  CHECK(catalog.memory("999") == Memory{{"asked", "now"}});
  CHECK(disk.writes() < 200);  // pages, not changes
}

}  // namespace snapshotter::catalog
