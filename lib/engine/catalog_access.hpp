// The catalog from the loop: each call runs on the catalog's own thread.
#pragma once

#include "async/offload.hpp"
#include "catalog/catalog.hpp"

#include <memory>
#include <type_traits>
#include <utility>

namespace snapshotter::engine {

class CatalogAccess {
 public:
  // The pool has one thread and outlives this.
  CatalogAccess(async::WorkerPool& pool, std::unique_ptr<catalog::Catalog> catalog)
      : pool_(pool), catalog_(std::move(catalog)) {}

  // co_await access.call([&](catalog::Catalog& catalog) { return catalog.runs(filter); })
  template <class Call>
  Task<std::invoke_result_t<Call&, catalog::Catalog&>> call(Call call) {
    co_return co_await async::offload(pool_, [&](std::stop_token) { return call(*catalog_); });
  }

 private:
  async::WorkerPool& pool_;
  std::unique_ptr<catalog::Catalog> catalog_;
};

}  // namespace snapshotter::engine
