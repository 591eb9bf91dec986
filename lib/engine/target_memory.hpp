// What targets remember, in the catalog.
#pragma once

#include "engine/catalog_access.hpp"
#include "target/surroundings.hpp"

#include <map>
#include <string>
#include <utility>

namespace snapshotter::engine {

class TargetMemory : public target::Memory {
 public:
  TargetMemory(CatalogAccess& catalog, const std::string& target)
      : catalog_(catalog), scope_("target " + target) {}

  Task<std::map<std::string, std::string>> all() override {
    co_return co_await catalog_.call(
        [&](catalog::Catalog& records) { return records.memory(scope_); });
  }
  Task<> put(std::string key, std::string value) override {
    co_await catalog_.call(
        [&](catalog::Catalog& records) { records.remember(scope_, key, value); });
  }
  Task<> remove(std::string key) override {
    co_await catalog_.call([&](catalog::Catalog& records) { records.forget(scope_, key); });
  }

 private:
  CatalogAccess& catalog_;
  const std::string scope_;
};

}  // namespace snapshotter::engine
