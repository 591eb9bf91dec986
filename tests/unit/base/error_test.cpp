#include "base/error.hpp"

#include "base/text.hpp"
#include "support/catch.hpp"

#include <cerrno>
#include <set>

namespace snapshotter {
namespace {

TEST_CASE("an error says what failed, on what, why and what to do") {
  const StoreError error({"open", "/srv/a", "Permission denied", "check its owner", true});
  CHECK(std::string(error.what()) == "cannot open '/srv/a': Permission denied (check its owner)");
  CHECK(error.subject() == "/srv/a");
  CHECK(error.why() == "Permission denied");
  CHECK(error.advice() == "check its owner");
  CHECK(error.retryable());
  CHECK(error.kind() == ErrorKind::store);
}

TEST_CASE("absent parts leave no trace in an error") {
  CHECK(std::string(Error({"start", "", ""}).what()) == "cannot start");
  CHECK(std::string(Error({"start", "", "no disk"}).what()) == "cannot start: no disk");
  CHECK(std::string(Error({"open", "x", ""}).what()) == "cannot open 'x'");
  CHECK_FALSE(Error({"start", "", ""}).retryable());
}

TEST_CASE("an error is one line of UTF-8 whatever a file is called") {
  const Error error({"read", "a\nb\xff\\c", "I/O error"});
  CHECK(std::string(error.what()) == "cannot read 'a\\nb\\xff\\\\c': I/O error");
  CHECK(error.subject() == "a\nb\xff\\c");
}

TEST_CASE("a name that is escaped already is not escaped twice") {
  const std::string name = printable("a\nb\\c");
  CHECK(std::string(Error({"read", name, ""}).what()) == "cannot read '" + name + "'");
}

TEST_CASE("a type of error is caught as any of its bases") {
  const auto thrown = [] { throw StoreFullError({"write", "/srv", "disk full"}); };
  CHECK_THROWS_AS(thrown(), StoreFullError);
  CHECK_THROWS_AS(thrown(), StoreError);
  CHECK_THROWS_AS(thrown(), Error);
  CHECK_THROWS_AS(thrown(), std::runtime_error);
  const auto dump = [] { throw DatabaseBackupError({"dump", "app", "gone"}); };
  CHECK_THROWS_AS(dump(), BackupError);
}

TEST_CASE("a type of error is bound to its kind and may take a finer one") {
  CHECK(Error({"x", "", ""}).kind() == ErrorKind::internal);
  CHECK(ConfigError({"x", "", ""}).kind() == ErrorKind::config);
  CHECK(DatabaseBackupError({"x", "", ""}).kind() == ErrorKind::database_backup);
  CHECK(StoreFullError({"x", "", ""}).kind() == ErrorKind::store_full);
  CHECK(RequestError({"x", "", ""}).kind() == ErrorKind::invalid_argument);
  CHECK(RequestError({"x", "", ""}, ErrorKind::no_such_job).kind() == ErrorKind::no_such_job);
}

TEST_CASE("every kind of error has its own name and appears as documented") {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(ErrorKind::access_denied); ++i) {
    const ErrorTraits& found = traits(static_cast<ErrorKind>(i));
    CAPTURE(found.name);
    CHECK(names.insert(found.name).second);
    CHECK_FALSE(found.dbus_name.empty());
    CHECK(found.exit_code != kExitGood);
  }
  CHECK(traits(ErrorKind::internal).name == "internal");
  CHECK(traits(ErrorKind::usage).exit_code == kExitUsage);
  CHECK(traits(ErrorKind::config).exit_code == kExitConfig);
  CHECK(traits(ErrorKind::schedule).name == "schedule");
  CHECK(traits(ErrorKind::command_backup).name == "command_backup");
  CHECK(traits(ErrorKind::corrupt_archive).name == "corrupt_archive");
  CHECK(traits(ErrorKind::store_full).name == "store_full");
  CHECK(traits(ErrorKind::timeout).name == "timeout");
  CHECK(traits(ErrorKind::cancelled).name == "cancelled");
  CHECK(traits(ErrorKind::cannot_start).exit_code == kExitCannotStart);
  CHECK(traits(ErrorKind::no_such_job).dbus_name == "org.snapshotter1.Error.NoSuchJob");
  CHECK(traits(ErrorKind::no_such_run).dbus_name == "org.snapshotter1.Error.NoSuchRun");
  CHECK(traits(ErrorKind::no_such_backup).dbus_name == "org.snapshotter1.Error.NoSuchBackup");
  CHECK(traits(ErrorKind::already_running).dbus_name == "org.snapshotter1.Error.AlreadyRunning");
  CHECK(traits(ErrorKind::not_running).dbus_name == "org.snapshotter1.Error.NotRunning");
  CHECK(traits(ErrorKind::invalid_argument).dbus_name == "org.snapshotter1.Error.InvalidArgument");
  CHECK(traits(ErrorKind::shutting_down).dbus_name == "org.snapshotter1.Error.ShuttingDown");
  CHECK(traits(ErrorKind::access_denied).dbus_name == "org.freedesktop.DBus.Error.AccessDenied");
}

TEST_CASE("cancelling is an error of its own kind") {
  CHECK(CancelledError().kind() == ErrorKind::cancelled);
  CHECK_FALSE(CancelledError().retryable());
  CHECK(std::string(CancelledError("dump 'app'").what()) ==
        "cannot dump 'app': cancelled on request");
}

TEST_CASE("a failed system call keeps its text and whether to retry") {
  try {
    throw_system_error("write", "/srv/a", ENOSPC, "free some space");
    FAIL("nothing was thrown");
  } catch (const SystemError& error) {
    CHECK(error.kind() == ErrorKind::system);
    CHECK(error.why() == "No space left on device");
    CHECK(error.retryable());
    CHECK(error.advice() == "free some space");
  }
  for (const int number : {EINTR, EAGAIN, ENOSPC, EDQUOT, EIO, ENOMEM, EBUSY, ESTALE}) {
    CHECK(is_retryable_errno(number));
  }
  for (const int number : {0, EACCES, ENOENT, EINVAL, EROFS, EXDEV}) {
    CHECK_FALSE(is_retryable_errno(number));
  }
  CHECK(error_text(ENOENT) == "No such file or directory");
}

}  // namespace
}  // namespace snapshotter
