// What a target remembers, in memory.
#pragma once

#include "target/surroundings.hpp"

#include <exception>
#include <map>
#include <string>

namespace snapshotter::test {

class FakeMemory : public target::Memory {
 public:
  Task<std::map<std::string, std::string>> all() override { co_return values; }
  Task<> put(std::string key, std::string value) override {
    if (put_failure) std::rethrow_exception(put_failure);
    values[key] = value;
    co_return;
  }
  Task<> remove(std::string key) override {
    values.erase(key);
    co_return;
  }

  std::map<std::string, std::string> values;
  std::exception_ptr put_failure;  // what put() throws, if anything
};

}  // namespace snapshotter::test
