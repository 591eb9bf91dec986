// The edge between the file seam and the store: SystemError in, StoreError or StoreFullError out.
#pragma once

#include "base/error.hpp"

#include <string>

namespace snapshotter::store {

// Rethrows as a StoreError that keeps all parts and adds what to do about it. `place`: the store's
// folder.
[[noreturn]] void throw_store_error(const SystemError& error, const std::string& place);

// Runs `work`, which does file I/O below `place`.
template <class Work>
auto with_store_errors(const std::string& place, Work work) {
  try {
    return work();
  } catch (const SystemError& error) {
    throw_store_error(error, place);
  }
}

}  // namespace snapshotter::store
