#include "telemetry/log.hpp"

#include "helpers.hpp"
#include "telemetry/message_ids.hpp"

#include <atomic>
#include <set>
#include <stdexcept>
#include <thread>

namespace snapshotter::telemetry {
namespace {

using test::ContainsText;
using test::read_file;
using test::TempDir;

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
  const std::set<std::string_view> ids{
      kRunStarted,   kRunSucceeded,   kRunPartial,         kRunFailed,
      kRunCancelled, kRunInterrupted, kFiringMissed,       kPruned,
      kReloadFailed, kJobOverdue,     kNotificationGivenUp};
  CHECK(ids.size() == 11);
  for (const auto id : ids) {
    CHECK(id.size() == 32);
    CHECK(id.find_first_not_of("0123456789abcdef") == std::string_view::npos);
  }
}

}  // namespace snapshotter::telemetry
