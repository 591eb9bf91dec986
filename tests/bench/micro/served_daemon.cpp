#include "served_daemon.hpp"

#include "samples.hpp"

#include <chrono>
#include <stdexcept>
#include <thread>

namespace snapshotter::bench {
namespace {

constexpr const char* kName = "org.snapshotter1";
constexpr const char* kRoot = "/org/snapshotter1";
constexpr const char* kManager = "org.snapshotter1.Manager";
constexpr int kStartAttempts = 10'000;  // milliseconds

void check(int result, const std::string& what) {
  if (result < 0) throw std::runtime_error(what + ": error " + std::to_string(-result));
}

bool answers(sd_bus* bus) {
  return sd_bus_call_method(bus, kName, kRoot, "org.freedesktop.DBus.Peer", "Ping", nullptr,
                            nullptr, nullptr) >= 0;
}

int count(sd_bus_message* /*message*/, void* ended, sd_bus_error* /*error*/) {
  ++*static_cast<int*>(ended);
  return 0;
}

}  // namespace

ServedDaemon::ServedDaemon(std::int64_t jobs) {
  std::filesystem::create_directory(folder_.path() / "source");
  test::write_file(folder_.path() / "source/file", make(Content::log, 4096));
  const auto config = folder_.string() + "/snapshotterd.yaml";
  test::write_file(config, configuration(jobs, folder_.string()));
  daemon_.emplace(test::Command{SNAPSHOTTER_DAEMON, "--config", config, "--bus", "session"});
  for (int attempt = 0; !answers(client_.get()); ++attempt) {
    if (attempt == kStartAttempts) throw std::runtime_error("snapshotterd does not start");
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  check(sd_bus_match_signal(client_.get(), nullptr, kName, kRoot, kManager, "RunFinished", count,
                            &ended_),
        "sd_bus_match_signal");
}

test::MessagePointer ServedDaemon::call(const std::string& method, const char* argument) {
  const auto request = test::method_call(client_.get(), kRoot, kManager, method);
  if (argument != nullptr)
    check(sd_bus_message_append(request.get(), "s", argument), "sd_bus_message_append");
  sd_bus_message* reply = nullptr;
  check(sd_bus_call(client_.get(), request.get(), 0, nullptr, &reply), method);
  return {reply, &sd_bus_message_unref};
}

void ServedDaemon::await_run() {
  while (ended_ == 0) {
    const int handled = sd_bus_process(client_.get(), nullptr);
    check(handled, "sd_bus_process");
    if (handled == 0) check(sd_bus_wait(client_.get(), UINT64_MAX), "sd_bus_wait");
  }
  --ended_;
}

}  // namespace snapshotter::bench
