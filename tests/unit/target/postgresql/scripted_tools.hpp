// PostgreSQL's client programs as a test wants them, and a target that runs on them.
#pragma once

#include "base/error.hpp"
#include "contract/target/memory_archive.hpp"
#include "target/postgresql/client_tools.hpp"
#include "target/postgresql/postgresql_target.hpp"

#include <exception>
#include <functional>
#include <string>
#include <vector>

namespace snapshotter::test {

struct Reply {
  std::string output;
  int exit_code = 0;
  std::string messages = {};
  std::exception_ptr error = {};  // thrown after the output
};

// Answers each program by `script`; pg_dump --version and psql are answered well unless it is
// asked.
class ScriptedTools : public target::postgresql::ClientTools {
 public:
  // nullopt: the usual answer.
  using Script = std::function<std::optional<Reply>(const std::vector<std::string>& argv)>;
  explicit ScriptedTools(Script script) : script_(std::move(script)) {}

  std::string where() const override { return "server test"; }
  Task<target::postgresql::ToolResult> run(std::vector<std::string> argv,
                                           const target::postgresql::Output& output,
                                           target::Surroundings& surroundings) override;
  Task<> recover(target::Surroundings&) override {
    ++recoveries;
    co_return;
  }

  // What every server answers here: databases app, postgres, template0 and template1.
  static const std::string kFacts;

  std::vector<std::vector<std::string>> runs;  // loop thread
  int recoveries = 0;

 private:
  [[nodiscard]] Reply reply_to(const std::vector<std::string>& argv) const;
  Script script_;
};

// One backup of a target of these settings on scripted programs.
struct ScriptedBackup {
  ScriptedBackup(const target::PostgresqlSettings& settings, ScriptedTools::Script script,
                 std::uint64_t known_total = 0);

  std::vector<std::vector<std::string>> runs;
  std::map<std::string, Member> members;  // empty after a failure
  target::Report report;
  std::uint64_t bytes_read = 0, bytes_total = 0, entries = 0;
  std::exception_ptr error;
  // what() of the DatabaseBackupError that it ended with; "" when it ended well.
  [[nodiscard]] std::string failure() const;
  [[nodiscard]] bool retryable() const;
};

// A dump of pg_dump's, or of pg_dumpall's, with that in its middle.
[[nodiscard]] std::string database_dump(const std::string& database, const std::string& middle);
[[nodiscard]] std::string cluster_dump(const std::string& middle);

}  // namespace snapshotter::test
