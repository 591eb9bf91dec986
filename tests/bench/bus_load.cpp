// Times calls to a running daemon, one after the other, for services.py.
//
//   bus_load ADDRESS METHOD COUNT PAUSE [JOB…]
//
// METHOD is of the manager, or GetId, which the bus itself answers: what the way takes without us.
// With jobs, each call names the next of them. PAUSE is microseconds between an answer and the next
// call. Prints one line for each call: how long its answer took, in microseconds, and 1 where that
// was an error.
#include "unit/bus/raw_client.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace snapshotter::test;
using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

MessagePointer request_for(sd_bus* bus, const std::string& method) {
  if (method != "GetId") {
    return method_call(bus, "/org/snapshotter1", "org.snapshotter1.Manager", method);
  }
  sd_bus_message* message = nullptr;
  const char* name = "org.freedesktop.DBus";
  if (sd_bus_message_new_method_call(bus, &message, name, "/org/freedesktop/DBus", name, "GetId") <
      0) {
    throw std::runtime_error("sd_bus_message_new_method_call");
  }
  return {message, &sd_bus_message_unref};
}

void time_call(sd_bus* bus, const std::string& method, const std::string* job) {
  const auto request = request_for(bus, method);
  if (job != nullptr) sd_bus_message_append(request.get(), "s", job->c_str());
  sd_bus_message* reply = nullptr;
  const auto begin = Clock::now();
  const int result = sd_bus_call(bus, request.get(), 0, nullptr, &reply);
  const auto elapsed = std::chrono::duration_cast<microseconds>(Clock::now() - begin);
  sd_bus_message_unref(reply);
  std::printf("%lld %d\n", static_cast<long long>(elapsed.count()), result < 0 ? 1 : 0);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 5) {
    std::fputs("bus_load ADDRESS METHOD COUNT PAUSE [JOB...]\n", stderr);
    return 64;
  }
  const std::string method = argv[2];
  const std::vector<std::string> jobs(argv + 5, argv + argc);
  const std::size_t count = std::stoul(argv[3]);
  const microseconds pause{std::stol(argv[4])};
  const auto bus = connect(argv[1]);
  for (std::size_t call = 0; call < count; ++call) {
    time_call(bus.get(), method, jobs.empty() ? nullptr : &jobs[call % jobs.size()]);
    std::this_thread::sleep_for(pause);
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "bus_load: %s\n", error.what());
  return 1;
}
