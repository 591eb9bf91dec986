// Every store obeys the contract.
#include "store/directory/directory_store.hpp"
#include "store_contract.hpp"
#include "support/catch.hpp"
#include "support/fake/memory_files.hpp"
#include "support/fake/memory_store.hpp"
#include "support/temp_dir.hpp"

namespace snapshotter::test {

TEST_CASE("directory store on the system's files obeys the contract") {
  store_contract([] {
    struct Medium {
      TempDir folder;
      std::unique_ptr<platform::Files> files = platform::system_files();
    };
    const auto medium = std::make_shared<Medium>();
    const auto path = medium->folder.string() + "/store";
    return StoreUnderTest{medium, store::make_directory_store(*medium->files, {path, {}})};
  });
}

TEST_CASE("directory store on files in memory obeys the contract") {
  store_contract([] {
    const auto files = std::make_shared<MemoryFiles>();
    const auto leave_free = [files](std::uint64_t bytes) {
      const auto space = files->space("/");
      files->limit_space(space.total - space.available + bytes);
    };
    return StoreUnderTest{files, store::make_directory_store(*files, {"/srv/backups", {}}),
                          leave_free};
  });
}

TEST_CASE("memory store obeys the contract") {
  store_contract([] {
    const auto store = std::make_shared<MemoryStore>();
    return StoreUnderTest{nullptr, store,
                          [store](std::uint64_t bytes) { store->leave_free(bytes); }};
  });
}

}  // namespace snapshotter::test
