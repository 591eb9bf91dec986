// An SQLite VFS over the system's whose writes fail as a test says.
#pragma once

#include <string>

namespace snapshotter::catalog {

class FailingVfs {
 public:
  FailingVfs();
  ~FailingVfs();
  FailingVfs(const FailingVfs&) = delete;
  FailingVfs& operator=(const FailingVfs&) = delete;

  [[nodiscard]] static std::string name() { return "failing"; }
  // What writing answers after `good_writes` more that succeed: an SQLite result code.
  void fail_writes(int code, int good_writes = 0);
  void heal();
  // How many writes there were since fail_writes() or heal().
  [[nodiscard]] int writes() const;
};

}  // namespace snapshotter::catalog
