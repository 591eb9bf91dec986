// Programs that a test talks to.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace snapshotter::test {

using Command = std::vector<std::string>;

// A program that runs beside the test and is ended with it.
class Child {
 public:
  // Its standard output, and with `errors_too` its standard error, can be read here.
  explicit Child(const Command& command, bool errors_too = false);
  ~Child();  // SIGTERM, and waits
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // The next line, without its end; blocks. False: there is none any more.
  bool read_line(std::string& line);
  // All that is left; blocks.
  std::string read_all();
  // Waits for its end; 128 + signal where one ended it. Once.
  int wait();
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

 private:
  bool fill();
  pid_t pid_ = -1;
  int output_ = -1;
  std::string buffer_;
};

struct Output {
  int status = 0;
  std::string text;  // standard output and error
};
// Blocks until it has ended. Any thread.
Output run_command(const Command& command);

}  // namespace snapshotter::test
