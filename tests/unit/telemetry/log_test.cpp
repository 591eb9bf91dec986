#include "telemetry/log.hpp"

#include "platform/unique_fd.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"
#include "telemetry/message_ids.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <set>
#include <thread>

namespace snapshotter::telemetry {
namespace {

using test::ContainsText;
using test::read_file;
using test::TempDir;

constexpr Time kNight{std::chrono::sys_days{std::chrono::November / 24 / 2026} +
                      std::chrono::hours{2}};

LogSettings file_only(const std::string& path, LogLevel level = LogLevel::info) {
  LogSettings settings;
  settings.level = level;
  settings.console = false;
  settings.file = LogSettings::File{.path = path};
  return settings;
}

LogSettings nowhere() {
  LogSettings settings;
  settings.console = false;
  return settings;
}

Time night() { return kNight; }

mode_t mode_of(const std::string& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  ~Umask() { ::umask(before_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  mode_t before_;
};

// Standard error as a file, for as long as it lives.
class CapturedStderr {
 public:
  CapturedStderr() : before_(::dup(STDERR_FILENO)) {
    const platform::UniqueFd file(::open(path_.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600));
    REQUIRE(::dup2(file.get(), STDERR_FILENO) == STDERR_FILENO);
  }
  ~CapturedStderr() { ::dup2(before_.get(), STDERR_FILENO); }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;
  [[nodiscard]] std::string text() const { return read_file(path_); }

 private:
  TempDir folder_;
  std::string path_ = folder_.string() + "/stderr";
  platform::UniqueFd before_;
};

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

// How many lines the log itself says it had to drop.
std::size_t lines_missing(const std::string& text) {
  const std::string before = "warning ";
  std::size_t missing = 0;
  for (auto at = text.find(" lines are missing"); at != std::string::npos;
       at = text.find(" lines are missing", at + 1)) {
    missing += std::stoul(text.substr(text.rfind(before, at) + before.size()));
  }
  return missing;
}

}  // namespace

TEST_CASE("lines of the level and above are in the file, with their fields") {
  const TempDir folder;
  const std::string path = folder.string() + "/daemon.log";
  {
    Logging logging(file_only(path), night);
    const Logger log = logging.logger();
    log.trace("no");
    log.debug("no");
    log.info("starting");
    const Logger run = log.with({.job = "nightly"}).with({.run = "r1"});
    run.warning("slow\ndisk", {.target = "db"});
    run.error("failed");
    CHECK(log.enabled(LogLevel::info));
    CHECK_FALSE(log.enabled(LogLevel::debug));
  }
  CHECK(read_file(path) ==
        "2026-11-24T02:00:00Z info starting\n"
        "2026-11-24T02:00:00Z warning nightly/db r1: slow\\ndisk\n"
        "2026-11-24T02:00:00Z error nightly r1: failed\n");
}

TEST_CASE("flushing waits for what was logged before") {
  const TempDir folder;
  const std::string path = folder.string() + "/daemon.log";
  Logging logging(file_only(path), night);
  for (int i = 0; i < 100; ++i) {
    logging.logger().info(std::to_string(i));
    logging.flush();
    REQUIRE(count(read_file(path), "\n") == static_cast<std::size_t>(i) + 1);
  }
}

TEST_CASE("a logger without a log, or of one that is gone, drops its lines") {
  const Logger none;
  none.error("nobody hears this");
  CHECK_FALSE(none.enabled(LogLevel::error));
  CHECK_FALSE(none.with({.job = "a"}).enabled(LogLevel::error));

  const TempDir folder;
  const std::string path = folder.string() + "/daemon.log";
  Logger outliving;
  {
    Logging logging(file_only(path), night);
    outliving = logging.logger();
    outliving.info("in time");
  }
  outliving.info("too late");
  CHECK(read_file(path) == "2026-11-24T02:00:00Z info in time\n");
}

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

TEST_CASE("the observer sees every line from info up, whatever the level of the places") {
  Logging logging(nowhere(), night);
  logging.reconfigure([] {
    auto settings = nowhere();
    settings.level = LogLevel::error;
    return settings;
  }());
  std::vector<std::string> seen;
  const Logger log = logging.logger();
  logging.set_observer(
      [&](LogLevel level, std::string_view text, const LogFields& fields, Time time) {
        CHECK(time == kNight);
        seen.push_back(std::string(name(level)) + " " + fields.run + " " + std::string(text));
        log.info("from within the observer");
        throw std::runtime_error("is dropped");
      });
  CHECK(log.enabled(LogLevel::info));
  log.debug("no");
  log.with({.run = "r1"}).info("one\n");
  log.error("two");
  CHECK(seen == std::vector<std::string>{"info r1 one\\n", "error  two"});

  logging.set_observer({});
  log.error("three");
  CHECK(seen.size() == 2);
  CHECK_FALSE(log.enabled(LogLevel::info));
}

TEST_CASE("after new settings lines go to the new places, and none is lost or doubled") {
  const TempDir folder;
  const std::string first = folder.string() + "/first.log";
  const std::string second = folder.string() + "/second.log";
  {
    Logging logging(file_only(first), night);
    const Logger log = logging.logger();
    log.info("one");
    logging.reconfigure(file_only(second, LogLevel::debug));
    log.debug("two");
    logging.flush();
    CHECK(read_file(second) == "2026-11-24T02:00:00Z debug two\n");
    logging.reconfigure(file_only(first, LogLevel::warning));
    log.info("not this");
    log.warning("three");
  }
  CHECK(read_file(first) == "2026-11-24T02:00:00Z info one\n2026-11-24T02:00:00Z warning three\n");
  CHECK(read_file(second) == "2026-11-24T02:00:00Z debug two\n");
}

TEST_CASE("the same settings again open a file that was moved away anew") {
  const TempDir folder;
  const std::string path = folder.string() + "/daemon.log";
  Logging logging(file_only(path), night);
  logging.logger().info("old");
  logging.flush();
  std::filesystem::rename(path, path + ".rotated");
  logging.reconfigure(file_only(path));
  logging.logger().info("new");
  logging.flush();
  CHECK_THAT(read_file(path), ContainsText("info new"));
  CHECK_THAT(read_file(path + ".rotated"), ContainsText("info old"));
}

TEST_CASE("threads may log while settings and observers change") {
  const TempDir folder;
  constexpr int kThreads = 4;
  constexpr int kLines = 300;
  std::atomic<int> observed{0};
  {
    Logging logging(file_only(folder.string() + "/0.log"), night);
    logging.set_observer([&](LogLevel, std::string_view, const LogFields&, Time) { ++observed; });
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([log = logging.logger(), t] {
        const Logger mine = log.with({.job = std::to_string(t)});
        for (int i = 0; i < kLines; ++i) {
          mine.info("line " + std::to_string(i), {.run = "r"});
        }
      });
    }
    for (int i = 1; i <= 20; ++i) {
      logging.reconfigure(file_only(folder.string() + "/" + std::to_string(i % 2) + ".log"));
      logging.flush();
      logging.set_observer([&](LogLevel, std::string_view, const LogFields&, Time) { ++observed; });
    }
    for (auto& thread : threads) thread.join();
  }
  CHECK(observed == kThreads * kLines);
  std::string all;
  for (const char* name : {"0.log", "1.log"}) {
    if (std::filesystem::exists(folder.path() / name)) all += read_file(folder.path() / name);
  }
  CHECK(count(all, ": line ") + lines_missing(all) == kThreads * kLines);
}

TEST_CASE("a place that hangs holds up nobody, and the lines it cost are counted") {
  const TempDir folder;
  const std::string pipe = folder.string() + "/pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const platform::UniqueFd reader(::open(pipe.c_str(), O_RDONLY | O_NONBLOCK));
  REQUIRE(reader);
  REQUIRE(::fcntl(reader.get(), F_SETFL, 0) == 0);
  std::string received;
  std::thread drain;
  {
    Logging logging(file_only(pipe), night);
    const Logger log = logging.logger();
    // More than a pipe and the queue hold together. Nobody reads, and yet this loop ends.
    const std::string text(1000, 'x');
    for (std::size_t i = 0; i < 3 * kMaxQueued; ++i) log.info(text);
    drain = std::thread([&] {
      char buffer[65536];
      for (;;) {
        const auto length = ::read(reader.get(), buffer, sizeof buffer);
        if (length <= 0) break;
        received.append(buffer, static_cast<std::size_t>(length));
      }
    });
  }
  drain.join();
  const std::size_t written = count(received, "info xxx");
  CHECK(written >= kMaxQueued);
  CHECK(written < 3 * kMaxQueued);
  CHECK(written + lines_missing(received) == 3 * kMaxQueued);
}

TEST_CASE("message ids are different and well-formed") {
  const std::set<std::string_view> ids{kRunStarted,   kRunSucceeded, kRunPartial,
                                       kRunFailed,    kRunCancelled, kRunInterrupted,
                                       kFiringMissed, kPruned,       kReloadFailed};
  CHECK(ids.size() == 9);
  for (const auto id : ids) {
    CHECK(id.size() == 32);
    CHECK(id.find_first_not_of("0123456789abcdef") == std::string_view::npos);
  }
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
