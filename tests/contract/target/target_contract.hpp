// The obligations of target/target.hpp as tests: every target type and the fake run them.
#pragma once

#include "target/target.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace snapshotter::test {

// A target with a source of its own.
struct TargetUnderTest {
  std::shared_ptr<target::BackupTarget> target;
  // Brings the source to life, which must not be there before; at least 4 MiB that can't be
  // compressed, so that a backup can be cancelled in its middle.
  std::function<void()> create_source;
  // The content of some of the entries that a backup must have.
  std::map<std::string, std::string> expected;
  // Looks at all contents by path, where they can't be known beforehand.
  std::function<void(const std::map<std::string, std::string>& contents)> check = {};
  // Whether two backups of one state are equal, byte for byte; else their entries have equal names.
  bool repeatable = true;
  // Makes a backup impossible, and possible again.
  std::function<void()> break_source;
  std::function<void()> mend_source;
  // What the configuration holds and nobody may see.
  std::vector<std::string> secrets = {};
};

// To be called in a TEST_CASE.
void target_contract(const std::function<TargetUnderTest()>& make);

}  // namespace snapshotter::test
