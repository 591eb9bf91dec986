// The obligations of store/store.hpp as tests: every store and the fake run them.
#pragma once

#include "store/store.hpp"

#include <cstdint>
#include <functional>
#include <memory>

namespace snapshotter::test {

struct StoreUnderTest {
  std::shared_ptr<void> medium;  // outlives the store
  std::shared_ptr<store::Store> store;
  // Makes the medium full but for so many bytes; none where a test can't do that.
  std::function<void(std::uint64_t)> leave_free = {};
};

// `make` gives an empty store on a medium of its own. To be called in a TEST_CASE.
void store_contract(const std::function<StoreUnderTest()>& make);

}  // namespace snapshotter::test
