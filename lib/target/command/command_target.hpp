// Target type "command": what a program writes to its standard output, as one file.
//
// For everything that has a dump program and no type of its own: mysqldump, sqlite3 .dump, slapcat,
// etcdctl, a script of one's own.
//
// Keys:
//   argv           the program and its arguments (required). There is no shell: a pipeline is
//                  [bash, -c, "set -o pipefail; a | b"], with each dollar of it written "$$".
//                  Arguments are seen by everybody on the machine and may turn up in what the
//                  program says: secrets go into `environment`
//   environment    variables on top of the daemon's own, name: value; values are secrets
//   name           the file's path in the archive (default: the target's name)
//   directory      where the program starts (default /)
//   trailer        text that the output must end with, for programs that do not tell a cut dump by
//                  their exit code: "-- Dump completed". White space at its ends does not count,
//                  nor up to 4 KiB of it at the output's end
//   allow_empty    whether an output of nothing may be right (default false)
//   success_codes  exit codes that mean success (default [0])
//   messages       what standard error of a program that succeeded means: warn (default) is a
//                  Warning "attention" with its last lines, fail fails the backup, ignore
//
// The output goes straight into the archive; nothing is spooled. A backup fails
// (CommandBackupError) with the program's name, how it ended and its last lines of standard error:
// when it could not be started; ended with another code or by a signal; left children that went on
// writing; wrote nothing, or not the trailer; or said something under `messages: fail`. All of
// these are retryable except that it could not be started. What expect.min_size asks for is the
// engine's to check, as for every type.
//
// In messages each value of `environment` of four characters or more is replaced by "…", as is each
// line of it.
//
// Cancelling and failing leave nothing running: platform::run(). A program that ignores SIGTERM has
// ten seconds. recover() has nothing to do: the kernel ends the program when the daemon dies.
#pragma once

#include "base/secret.hpp"
#include "target/target.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace snapshotter::target {

struct CommandSettings {
  enum class Messages { warn, fail, ignore };

  std::vector<std::string> argv;
  std::map<std::string, Secret> environment = {};
  std::string name;  // of the file
  std::string directory = "/";
  std::string trailer = {};
  bool allow_empty = false;
  std::vector<int> success_codes = {0};
  Messages messages = Messages::warn;
};

[[nodiscard]] std::shared_ptr<BackupTarget> make_command_target(CommandSettings settings);
[[nodiscard]] std::shared_ptr<BackupTarget> command_target_from(const std::string& name,
                                                                settings::Section& section);

}  // namespace snapshotter::target
