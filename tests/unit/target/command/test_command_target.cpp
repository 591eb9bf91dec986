#include "async/loop.hpp"
#include "base/error.hpp"
#include "contract/target/memory_archive.hpp"
#include "support/catch.hpp"
#include "support/fake/fake_memory.hpp"
#include "support/fake/manual_clock.hpp"
#include "support/temp_dir.hpp"
#include "target/command/command_target.hpp"

#include <boost/json.hpp>
#include <unistd.h>

#include <cerrno>

using namespace snapshotter;
using namespace snapshotter::test;
using target::CommandSettings;
using target::Report;
using target::Warning;

namespace {

Task<int> await_backup(target::BackupTarget& target, target::Context& context, Report& report) {
  report = co_await target.backup(context);
  co_return 0;
}

Report back_up(target::BackupTarget& target, archive::ArchiveWriter& writer,
               target::Progress& progress) {
  async::Loop loop;
  ManualClock clock(loop.executor());
  const auto random = platform::seeded_random(1);
  async::WorkerPool pool("test", 1);
  FakeMemory memory;
  target::Context context{{loop.executor(), pool, clock, *random, memory}, writer, progress};
  Report report;
  loop.run(await_backup(target, context, report));
  return report;
}

// One backup into memory.
struct Backup {
  explicit Backup(const CommandSettings& settings) {
    MemoryArchive archive;
    const auto target = target::make_command_target(settings);
    report = back_up(*target, archive.writer(), progress);
    members = read_members(archive.finish());
  }

  target::Progress progress;
  Report report;
  std::vector<Member> members;
};

CommandSettings script(const std::string& text) {
  return {.argv = {"sh", "-c", text}, .name = "dump"};
}

// Why a backup failed; "" when it did not.
struct Failure {
  explicit Failure(const CommandSettings& settings) {
    try {
      Backup backup(settings);
    } catch (const CommandBackupError& error) {
      what = error.what();
      retryable = error.retryable();
      error_number = error.error_number();
      CHECK(error.subject() == settings.argv[0]);
      CHECK_FALSE(error.advice().empty());
    }
  }
  std::string what;
  bool retryable = false;
  int error_number = 0;
};

}  // namespace

TEST_CASE("a command's output becomes one private file") {
  CommandSettings settings = script("echo one; echo $WHO");
  settings.environment = {{"WHO", Secret("hunter2")}};
  settings.name = "sub/app.sql";
  const Backup backup(settings);
  REQUIRE(backup.members.size() == 1);
  const auto& [entry, content] = backup.members[0];
  CHECK(content == "one\nhunter2\n");
  CHECK(entry.path == "sub/app.sql");
  CHECK(entry.kind == archive::Entry::Kind::file);
  CHECK(entry.mode == 0600);
  CHECK(entry.uid == ::geteuid());
  CHECK(entry.gid == ::getegid());
  CHECK(entry.modified.tv_sec == 1'795'485'600);
  CHECK(entry.modified.tv_nsec == 0);
  CHECK(backup.progress.bytes_read == 12);
  CHECK(backup.progress.entries == 1);
  CHECK(backup.report.warnings.empty());
  const auto source = boost::json::parse(backup.report.source).as_object();
  CHECK(source.size() == 3);
  CHECK(source.at("program") == "sh");
  CHECK(source.at("exit_code") == 0);
  CHECK(source.at("bytes") == 12);
}

TEST_CASE("a command starts in its directory") {
  const TempDir dir;
  CommandSettings settings = script("pwd");
  CHECK(Backup(settings).members.at(0).content == "/\n");
  settings.directory = dir.string();
  CHECK(Backup(settings).members.at(0).content == dir.string() + "\n");
}

TEST_CASE("a command that failed is no backup, whatever it wrote") {
  const Failure failure(script("echo rows; echo 'access denied' >&2; exit 3"));
  CHECK_THAT(failure.what, ContainsText("cannot back up the output of 'sh': exit code 3; it said: "
                                        "access denied"));
  CHECK(failure.retryable);
  const Failure killed(script("echo rows; kill -KILL $$"));
  CHECK_THAT(killed.what, ContainsText("killed by SIGKILL"));
  CHECK(killed.retryable);
}

TEST_CASE("exit codes can be called success, signals can't") {
  CommandSettings settings = script("echo rows; exit 3");
  settings.success_codes = {3, 9};
  const Backup backup(settings);
  CHECK(backup.members.at(0).content == "rows\n");
  CHECK(boost::json::parse(backup.report.source).at("exit_code") == 3);
  settings.argv[2] = "echo rows";
  CHECK_THAT(Failure(settings).what, ContainsText("exit code 0"));
  settings.argv[2] = "echo rows; kill -KILL $$";
  settings.success_codes = {0, 9};
  CHECK_THAT(Failure(settings).what, ContainsText("killed by SIGKILL"));
}

TEST_CASE("a command that can't be started fails for good") {
  const TempDir dir;
  const Failure absent({.argv = {"no-such-dump-program", "-phunter2"}, .name = "dump"});
  CHECK_THAT(absent.what, ContainsText("cannot start 'no-such-dump-program': No such file"));
  CHECK(absent.what.find("hunter2") == std::string::npos);
  CHECK_FALSE(absent.retryable);
  CHECK(absent.error_number == ENOENT);
  write_file(dir.path() / "plain", "#!/bin/sh\n");
  const Failure plain({.argv = {dir.string() + "/plain"}, .name = "dump"});
  CHECK_FALSE(plain.retryable);
  CHECK(plain.error_number == EACCES);
}

TEST_CASE("nothing is a backup only where that may be") {
  const Failure failure(script("echo 'no rows' >&2"));
  CHECK_THAT(failure.what, ContainsText("it wrote nothing; it said: no rows"));
  CHECK_THAT(failure.what, ContainsText("allow_empty"));
  CommandSettings settings = script("true");
  settings.allow_empty = true;
  const Backup backup(settings);
  REQUIRE(backup.members.size() == 1);
  CHECK(backup.members[0].content.empty());
}

TEST_CASE("an output without its trailer is not whole") {
  CommandSettings settings = script("echo rows; echo '-- Dump completed'; echo");
  settings.trailer = "-- Dump completed\n";
  CHECK(Backup(settings).members.size() == 1);
  settings.argv[2] = "echo rows";
  const Failure failure(settings);
  CHECK_THAT(failure.what, ContainsText("does not end with '-- Dump completed"));
  CHECK(failure.retryable);
  settings.allow_empty = true;
  settings.argv[2] = "true";
  CHECK_THAT(Failure(settings).what, ContainsText("does not end with"));
}

TEST_CASE("a command whose children go on writing is not whole") {
  const Failure failure(script("echo rows; sleep 1000 &"));
  CHECK_THAT(failure.what, ContainsText("exit code 0, but its children went on writing"));
  CHECK(failure.retryable);
}

TEST_CASE("what a successful command says is a warning, a failure or nothing") {
  CommandSettings settings = script("echo rows; echo \"skipped table of $PASSWORD\" >&2");
  settings.environment = {{"PASSWORD", Secret("hunter2")}};
  SECTION("warn") {
    const Backup backup(settings);
    CHECK(backup.report.attentions == 1);
    REQUIRE(backup.report.warnings.size() == 1);
    CHECK(backup.report.warnings[0].kind == Warning::Kind::attention);
    CHECK(backup.report.warnings[0].path == "dump");
    CHECK(backup.report.warnings[0].what == "sh said: skipped table of …");
  }
  SECTION("fail") {
    settings.messages = CommandSettings::Messages::fail;
    const Failure failure(settings);
    CHECK_THAT(failure.what, ContainsText("it said: skipped table of …"));
    CHECK(failure.what.find("hunter2") == std::string::npos);
  }
  SECTION("ignore") {
    settings.messages = CommandSettings::Messages::ignore;
    CHECK(Backup(settings).report.warnings.empty());
  }
  SECTION("blank lines are nothing") {
    settings.argv[2] = "echo rows; echo >&2";
    CHECK(Backup(settings).report.warnings.empty());
    settings.messages = CommandSettings::Messages::fail;
    CHECK(Failure(settings).what.empty());
  }
}

TEST_CASE("an error of the store is not one of the command") {
  struct FullSink : MemorySink {
    void append(std::span<const std::byte>) override {
      throw_system_error("write", "/srv", ENOSPC);
    }
  } sink;
  async::WorkerPool inline_pool("inline", 0);
  archive::ArchiveWriter writer(sink, inline_pool, {}, {});
  target::Progress progress;
  const auto target = target::make_command_target(script("head -c 30000000 /dev/urandom"));
  try {
    back_up(*target, writer, progress);
    FAIL("it was written");
  } catch (const SystemError& error) {
    CHECK(error.error_number() == ENOSPC);
    CHECK(error.subject() == "/srv");
  }
}

TEST_CASE("describing a command shows neither arguments nor environment") {
  const auto target = target::make_command_target({.argv = {"/usr/bin/my\ndump", "-phunter2"},
                                                   .environment = {{"A", Secret("hunter2")}},
                                                   .name = "dump"});
  CHECK(target->describe() == "output of /usr/bin/my\\ndump");
  CHECK_FALSE(target->estimate({}));
}
