// Where lines end up: files, the console, the journal and syslog, and what happens when they can't.
#include "helpers.hpp"

#include <cstdlib>
#include <set>

namespace snapshotter::telemetry {
namespace {

using test::ContainsText;
using test::read_file;
using test::TempDir;

}  // namespace

TEST_CASE(
    "the file and its folder are for the owner alone, whatever the umask, also after rotation") {
  for (const mode_t mask : {mode_t{0}, mode_t{0777}}) {
    const TempDir folder;
    const std::string path = folder.string() + "/new/deep/daemon.log";
    const Umask guard(mask);
    if (mask != 0) std::filesystem::create_directories(folder.path() / "new" / "deep");
    auto settings = file_only(path);
    settings.file->max_size = ByteSize{200};
    settings.file->max_files = 3;
    Logging logging(settings, night);
    for (int i = 0; i < 40; ++i) logging.logger().info("line " + std::to_string(i));
    logging.flush();
    CHECK(mode_of(path) == 0600);
    CHECK(mode_of(folder.string() + "/new/deep/daemon.1.log") == 0600);
    CHECK(mode_of(folder.string() + "/new/deep/daemon.2.log") == 0600);
    if (mask == 0) {
      CHECK(mode_of(folder.string() + "/new") == 0700);
      CHECK(mode_of(folder.string() + "/new/deep") == 0700);
    }
  }
}

TEST_CASE("rotation keeps as many files as it is told, each no larger than it is told") {
  for (const std::uint32_t max_files : {1U, 2U, 4U}) {
    const TempDir folder;
    auto settings = file_only(folder.string() + "/daemon.log");
    settings.file->max_size = ByteSize{300};
    settings.file->max_files = max_files;
    {
      Logging logging(settings, night);
      for (int i = 0; i < 200; ++i) logging.logger().info("line " + std::to_string(i));
    }
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
      names.insert(entry.path().filename());
      CHECK(entry.file_size() <= 300);
    }
    CHECK(names.size() == max_files);
    CHECK(names.contains("daemon.log"));
    CHECK_THAT(read_file(folder.path() / "daemon.log"), ContainsText("line 199\n"));
  }
}

TEST_CASE("an existing file is continued and keeps its mode") {
  const TempDir folder;
  const std::string path = folder.string() + "/daemon.log";
  test::write_file(path, "before\n");
  REQUIRE(::chmod(path.c_str(), 0640) == 0);
  { Logging(file_only(path), night).logger().info("after"); }
  CHECK(read_file(path) == "before\n2026-11-24T02:00:00Z info after\n");
  CHECK(mode_of(path) == 0640);
}

TEST_CASE("the log file is not handed to child processes") {
  const TempDir folder;
  const std::string path = folder.string() + "/daemon.log";
  Logging logging(file_only(path), night);
  logging.logger().info("open it");
  logging.flush();
  bool found = false;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    if (std::filesystem::read_symlink(entry.path(), error) != path) continue;
    found = true;
    CHECK((::fcntl(std::stoi(entry.path().filename()), F_GETFD) & FD_CLOEXEC) != 0);
  }
  CHECK(found);
}

TEST_CASE("the console gets plain lines where it is no terminal") {
  const CapturedStderr captured;
  {
    Logging logging(LogSettings{}, night);
    logging.logger().warning("slow disk", {.job = "nightly", .target = "db"});
  }
  CHECK_THAT(captured.text(), ContainsText(" warning nightly/db: slow disk\n"));
  CHECK(captured.text().find('\x1b') == std::string::npos);
}

TEST_CASE("on a terminal the level is coloured and nothing else, unless NO_COLOR forbids it") {
  for (const bool colour : {true, false}) {
    const platform::UniqueFd master(::posix_openpt(O_RDWR | O_NOCTTY));
    if (!master || ::grantpt(master.get()) != 0 || ::unlockpt(master.get()) != 0) {
      WARN("this machine has no pseudo-terminals");
      return;
    }
    const platform::UniqueFd before(::dup(STDERR_FILENO));
    const platform::UniqueFd terminal(::open(::ptsname(master.get()), O_RDWR | O_NOCTTY));
    REQUIRE(terminal);
    ::setenv("TERM", "xterm", 1);
    ::setenv("NO_COLOR", colour ? "" : "1", 1);
    ::dup2(terminal.get(), STDERR_FILENO);
    {
      Logging logging(LogSettings{}, night);
      logging.logger().warning("slow disk", {.job = "nightly"});
    }
    ::dup2(before.get(), STDERR_FILENO);
    ::unsetenv("NO_COLOR");
    char buffer[4096];
    const auto length = ::read(master.get(), buffer, sizeof buffer);
    REQUIRE(length > 0);
    const std::string text(buffer, static_cast<std::size_t>(length));
    const std::string coloured = "\x1b[33m\x1b[1mwarning\x1b[m nightly: slow disk";
    CHECK_THAT(text, ContainsText(colour ? coloured : " warning nightly: slow disk"));
    CHECK(count(text, "\x1b") == (colour ? 3U : 0U));
  }
}

TEST_CASE("the journal and syslog cost nothing where they are not there") {
  const CapturedStderr captured;
  LogSettings settings = nowhere();
  settings.journal = true;
  settings.syslog = {.enabled = true, .facility = "local3"};
  {
    Logging logging(settings, night);
    const Logger log = logging.logger().with({.job = "test of snapshotterd"});
    log.info("a line of its tests");
    logging.reconfigure(settings);
    log.warning("another line of its tests");
  }
  CHECK(captured.text().empty());
}

TEST_CASE("a file that can't be written is told once on the console, and nobody fails") {
  const CapturedStderr captured;
  auto settings = file_only("/dev/full");
  settings.console = true;
  {
    Logging logging(settings, night);
    for (int i = 0; i < 5; ++i) logging.logger().info("line " + std::to_string(i));
  }
  const std::string text = captured.text();
  CHECK(count(text, "cannot write the log") == 1);
  CHECK_THAT(text, ContainsText("error cannot write the log: "));
  CHECK_THAT(text, ContainsText("No space left on device (1 line lost)"));
  CHECK(count(text, " info line ") == 5);
}

TEST_CASE("a file that can't be opened is told on standard error where there is nothing else") {
  const TempDir folder;
  const std::string path = folder.string() + "/daemon.log";
  std::filesystem::create_directory(path);
  const CapturedStderr captured;
  {
    Logging logging(file_only(path), night);
    logging.logger().info("one");
    logging.logger().info("two");
  }
  CHECK(count(captured.text(), "cannot write the log") == 1);
  CHECK_THAT(captured.text(), ContainsText(path));
}

TEST_CASE("without a journal stream systemd did not start us") {
  ::setenv("JOURNAL_STREAM", "1:1", 1);
  CHECK_FALSE(running_under_systemd());
  struct stat info {};
  REQUIRE(::fstat(STDERR_FILENO, &info) == 0);
  const std::string name = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
  ::setenv("JOURNAL_STREAM", name.c_str(), 1);
  CHECK(running_under_systemd());
  ::unsetenv("JOURNAL_STREAM");
  CHECK_FALSE(running_under_systemd());
}

}  // namespace snapshotter::telemetry
