#include "base/error.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace snapshotter {
namespace {

std::string one_line(const Error::Parts& parts) {
  std::string line = "cannot " + parts.doing;
  if (!parts.subject.empty()) line += " '" + parts.subject + "'";
  if (!parts.why.empty()) line += ": " + parts.why;
  if (!parts.advice.empty()) line += " (" + parts.advice + ")";
  // Names of files may hold line breaks and bytes that are not UTF-8, which would forge lines of a
  // log and which D-Bus refuses. Text that is fit to print already is left alone.
  std::string safe = printable(line);
  const auto backslashes = static_cast<std::size_t>(std::count(line.begin(), line.end(), '\\'));
  return safe.size() == line.size() + backslashes ? line : safe;
}

constexpr std::string_view kFailed = "org.freedesktop.DBus.Error.Failed";

}  // namespace

const ErrorTraits& traits(ErrorKind kind) noexcept {
  // The one table: kind → name, D-Bus error, exit code. In the order of the enumeration.
  static constexpr std::array<ErrorTraits, 30> kTable{{
      {"internal", kFailed, kExitFailed},
      {"usage", "org.snapshotter1.Error.InvalidArgument", kExitUsage},
      {"config", "org.snapshotter1.Error.ConfigInvalid", kExitConfig},
      {"schedule", "org.snapshotter1.Error.ConfigInvalid", kExitConfig},
      {"backup", kFailed, kExitFailed},
      {"filesystem_backup", kFailed, kExitFailed},
      {"database_backup", kFailed, kExitFailed},
      {"prometheus_backup", kFailed, kExitFailed},
      {"command_backup", kFailed, kExitFailed},
      {"compression", kFailed, kExitFailed},
      {"corrupt_archive", kFailed, kExitFailed},
      {"store", kFailed, kExitFailed},
      {"store_full", kFailed, kExitFailed},
      {"retention", kFailed, kExitFailed},
      {"catalog", kFailed, kExitFailed},
      {"notification", kFailed, kExitFailed},
      {"system", kFailed, kExitFailed},
      {"network", kFailed, kExitFailed},
      {"timeout", "org.freedesktop.DBus.Error.Timeout", kExitFailed},
      {"cancelled", kFailed, kExitFailed},
      {"interrupted", kFailed, kExitFailed},
      {"cannot_start", kFailed, kExitCannotStart},
      {"no_such_job", "org.snapshotter1.Error.NoSuchJob", kExitFailed},
      {"no_such_run", "org.snapshotter1.Error.NoSuchRun", kExitFailed},
      {"no_such_backup", "org.snapshotter1.Error.NoSuchBackup", kExitFailed},
      {"already_running", "org.snapshotter1.Error.AlreadyRunning", kExitFailed},
      {"not_running", "org.snapshotter1.Error.NotRunning", kExitFailed},
      {"invalid_argument", "org.snapshotter1.Error.InvalidArgument", kExitUsage},
      {"shutting_down", "org.snapshotter1.Error.ShuttingDown", kExitFailed},
      {"access_denied", "org.freedesktop.DBus.Error.AccessDenied", kExitFailed},
  }};
  static_assert(kTable.size() == static_cast<std::size_t>(ErrorKind::access_denied) + 1);
  return kTable[static_cast<std::size_t>(kind)];
}

Error::Error(Parts parts, ErrorKind kind)
    : std::runtime_error(one_line(parts)), parts_(std::move(parts)), kind_(kind) {}

CancelledError::CancelledError(std::string doing)
    : Error({std::move(doing), "", "cancelled on request"}, ErrorKind::cancelled) {}

std::string error_text(int error_number) { return std::generic_category().message(error_number); }

bool is_retryable_errno(int error_number) noexcept {
  switch (error_number) {
    case EINTR:
    case EAGAIN:
    case ENOSPC:
    case EDQUOT:
    case EIO:
    case ENOMEM:
    case EBUSY:
    case ESTALE:
      return true;
    default:
      return false;
  }
}

void throw_system_error(std::string doing, std::string subject, int error_number,
                        std::string advice) {
  throw SystemError({std::move(doing), std::move(subject), error_text(error_number),
                     std::move(advice), is_retryable_errno(error_number), error_number});
}

}  // namespace snapshotter
