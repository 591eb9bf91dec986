// The hierarchy of operational failures.
//
// Every error says four things: what was being done, on what, why it failed, and what to do about
// it. what() joins them into one line: "cannot read directory '/srv/a': Permission denied (give the
// service CAP_DAC_READ_SEARCH)". Parts may hold any bytes: when some of them are not fit for one
// line of UTF-8, what() has them escaped as by printable(). No part may hold a secret; subjects of
// a network kind are given without user information.
//
// Modules translate the exceptions of third parties into these at their own edge. The engine turns
// them into results and logs each exactly once.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace snapshotter {

enum class ErrorKind {
  internal,
  usage,
  config,
  schedule,
  backup,
  filesystem_backup,
  database_backup,
  prometheus_backup,
  command_backup,
  compression,
  corrupt_archive,
  store,
  store_full,
  retention,
  catalog,
  notification,
  system,
  network,
  timeout,
  cancelled,
  interrupted,
  cannot_start,
  // Requests that can't be met, in the words of the D-Bus interface.
  no_such_job,
  no_such_run,
  no_such_backup,
  already_running,
  not_running,
  invalid_argument,
  shutting_down,
  access_denied,
};

// How a kind of error appears outside: in JSON and logs, on D-Bus, as a process's exit code.
struct ErrorTraits {
  std::string_view name;
  std::string_view dbus_name;
  int exit_code;
};
[[nodiscard]] const ErrorTraits& traits(ErrorKind kind) noexcept;

// Exit codes of both programs; see the EXIT STATUS section of their man pages.
inline constexpr int kExitGood = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitConfig = 2;
inline constexpr int kExitPartial = 3;
inline constexpr int kExitCannotStart = 4;
inline constexpr int kExitUsage = 64;

class Error : public std::runtime_error {
 public:
  struct Parts {
    std::string doing;        // infinitive: "read directory"
    std::string subject;      // "/srv/a"; may be empty
    std::string why;          // "Permission denied"
    std::string advice = {};  // imperative; may be empty
    // Whether the same attempt may succeed later without anyone acting. The retry policy asks this.
    bool retryable = false;
    int error_number = 0;  // errno of a failed system call, for code that must tell causes apart
  };

  explicit Error(Parts parts, ErrorKind kind = ErrorKind::internal);

  [[nodiscard]] ErrorKind kind() const noexcept { return kind_; }
  [[nodiscard]] const std::string& subject() const noexcept { return parts_.subject; }
  [[nodiscard]] const std::string& why() const noexcept { return parts_.why; }
  [[nodiscard]] const std::string& advice() const noexcept { return parts_.advice; }
  [[nodiscard]] bool retryable() const noexcept { return parts_.retryable; }
  [[nodiscard]] int error_number() const noexcept { return parts_.error_number; }
  // Everything, for turning this error into one of another module's type.
  [[nodiscard]] const Parts& parts() const noexcept { return parts_; }

 private:
  Parts parts_;
  ErrorKind kind_;
};

// A leaf or branch of the hierarchy: a type to catch, bound to its kind.
template <class Base, ErrorKind Kind>
class ErrorOf : public Base {
 public:
  explicit ErrorOf(Error::Parts parts, ErrorKind kind = Kind) : Base(std::move(parts), kind) {}
};

using ConfigError = ErrorOf<Error, ErrorKind::config>;
using ScheduleError = ErrorOf<Error, ErrorKind::schedule>;
using BackupError = ErrorOf<Error, ErrorKind::backup>;
using FilesystemBackupError = ErrorOf<BackupError, ErrorKind::filesystem_backup>;
using DatabaseBackupError = ErrorOf<BackupError, ErrorKind::database_backup>;
using PrometheusBackupError = ErrorOf<BackupError, ErrorKind::prometheus_backup>;
using CommandBackupError = ErrorOf<BackupError, ErrorKind::command_backup>;
using CompressionError = ErrorOf<Error, ErrorKind::compression>;
using CorruptArchiveError = ErrorOf<Error, ErrorKind::corrupt_archive>;
using StoreError = ErrorOf<Error, ErrorKind::store>;
using StoreFullError = ErrorOf<StoreError, ErrorKind::store_full>;
using RetentionError = ErrorOf<Error, ErrorKind::retention>;
using CatalogError = ErrorOf<Error, ErrorKind::catalog>;
using NotificationError = ErrorOf<Error, ErrorKind::notification>;
using SystemError = ErrorOf<Error, ErrorKind::system>;
using NetworkError = ErrorOf<Error, ErrorKind::network>;
using TimeoutError = ErrorOf<Error, ErrorKind::timeout>;
using CannotStartError = ErrorOf<Error, ErrorKind::cannot_start>;
// A request of a person or program that can't be met; its kind says which (no_such_job, …).
using RequestError = ErrorOf<Error, ErrorKind::invalid_argument>;

// Thrown where work stops because somebody asked it to. Not a failure: never logged as an error.
class CancelledError : public Error {
 public:
  explicit CancelledError(std::string doing = "finish");
};

// A failed system call: `why` is the text of `error_number`; ENOSPC and EDQUOT become
// StoreFullError when thrown by a store. EINTR, EAGAIN, ENOSPC, EDQUOT, EIO, ENOMEM, EBUSY, ESTALE
// are retryable.
[[noreturn]] void throw_system_error(std::string doing, std::string subject, int error_number,
                                     std::string advice = {});
[[nodiscard]] std::string error_text(int error_number);
[[nodiscard]] bool is_retryable_errno(int error_number) noexcept;

}  // namespace snapshotter
