// The log lines of runs, kept until they are saved in the catalog.
#pragma once

#include "catalog/records.hpp"

#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace snapshotter::engine {

// Any thread: workers log too.
class RunLog {
 public:
  // Lines of one run beyond this many are dropped, with a last line that says so.
  static constexpr std::size_t kMaxLines = 1000;

  void add(const std::string& run, catalog::LogLine line);
  // Lines since the last take.
  [[nodiscard]] std::vector<catalog::LogLine> take(const std::string& run);
  // After the run's end: lines that still come are not kept.
  void forget(const std::string& run);
  void expect(const std::string& run);

 private:
  struct Lines {
    std::vector<catalog::LogLine> waiting;
    std::size_t count = 0;
  };
  std::mutex mutex_;
  std::map<std::string, Lines> runs_;
};

}  // namespace snapshotter::engine
