#include "telemetry/sd_notify.hpp"

#include "platform/unique_fd.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace snapshotter::telemetry {
namespace {

// The socket that systemd would listen on.
class NotifySocket {
 public:
  NotifySocket() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    const std::string path = folder_.string() + "/notify";
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    REQUIRE(path.size() < sizeof address.sun_path);
    path.copy(address.sun_path, path.size());
    REQUIRE(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~NotifySocket() { ::unsetenv("NOTIFY_SOCKET"); }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  // The next message; empty: there is none.
  [[nodiscard]] std::string next() const {
    char buffer[4096];
    const auto length = ::recv(socket_.get(), buffer, sizeof buffer, 0);
    return length < 0 ? "" : std::string(buffer, static_cast<std::size_t>(length));
  }

 private:
  test::TempDir folder_;
  platform::UniqueFd socket_;
};

std::uint64_t monotonic_micros() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec) / 1000U;
}

}  // namespace

TEST_CASE("systemd is told of the daemon's life") {
  const NotifySocket socket;
  const ServiceManager manager;
  manager.ready("3 jobs");
  CHECK(socket.next() == "READY=1\nSTATUS=3 jobs");
  manager.status("nightly: 40 %");
  CHECK(socket.next() == "STATUS=nightly: 40 %");
  manager.watchdog();
  CHECK(socket.next() == "WATCHDOG=1");
  manager.stopping();
  CHECK(socket.next() == "STOPPING=1");
  CHECK(socket.next().empty());
}

TEST_CASE("a reload is told with the moment it began") {
  const NotifySocket socket;
  const auto before = monotonic_micros();
  ServiceManager().reloading();
  const auto after = monotonic_micros();
  const std::string message = socket.next();
  const std::string expected = "RELOADING=1\nMONOTONIC_USEC=";
  REQUIRE(message.starts_with(expected));
  const auto moment = std::stoull(message.substr(expected.size()));
  CHECK(moment >= before);
  CHECK(moment <= after);
}

TEST_CASE("a status can't say anything but the status") {
  const NotifySocket socket;
  ServiceManager().status("a\nREADY=1");
  CHECK(socket.next() == "STATUS=a\\nREADY=1");
}

TEST_CASE("without systemd nothing happens") {
  ::unsetenv("NOTIFY_SOCKET");
  const ServiceManager manager;
  manager.ready("x");
  manager.stopping();
  ::setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
  manager.watchdog();
  ::unsetenv("NOTIFY_SOCKET");
}

TEST_CASE("the watchdog is fed twice as often as it bites") {
  const ServiceManager manager;
  ::unsetenv("WATCHDOG_USEC");
  ::unsetenv("WATCHDOG_PID");
  CHECK_FALSE(manager.watchdog_interval().has_value());
  ::setenv("WATCHDOG_USEC", "30000000", 1);
  CHECK(manager.watchdog_interval() == std::chrono::seconds{15});
  // Meant for another process.
  ::setenv("WATCHDOG_PID", "1", 1);
  CHECK_FALSE(manager.watchdog_interval().has_value());
  ::unsetenv("WATCHDOG_PID");
  ::unsetenv("WATCHDOG_USEC");
}

}  // namespace snapshotter::telemetry
