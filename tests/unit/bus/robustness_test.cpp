// Callers who send too much, or nonsense.
#include "async/cleanup.hpp"
#include "bus/pump.hpp"
#include "raw_client.hpp"
#include "support/catch.hpp"
#include "world.hpp"

#include <random>

namespace snapshotter::test {
namespace {

// Puts together calls that are nearly right: real paths, interfaces and members with arguments of
// any type and value.
class Nonsense {
 public:
  explicit Nonsense(unsigned seed) : random_(seed) {}

  MessagePointer next(sd_bus* bus) {
    auto message = method_call(
        bus,
        pick(
            {"/org/snapshotter1", "/org/snapshotter1/job/nightly", "/org/snapshotter1/run/_", "/"}),
        pick({"org.snapshotter1.Manager", "org.snapshotter1.Job", "org.snapshotter1.Run",
              "org.freedesktop.DBus.Properties", "org.freedesktop.DBus.ObjectManager"}),
        pick({"TriggerRun",
              "TriggerRunWithOptions",
              "CancelRun",
              "Reload",
              "Rescan",
              "ListJobs",
              "ListRuns",
              "ListBackups",
              "Verify",
              "Prune",
              "DescribeStatus",
              "DescribeJobs",
              "DescribeRuns",
              "DescribeRun",
              "DescribeBackups",
              "Trigger",
              "Cancel",
              "Get",
              "Set",
              "GetAll",
              "GetManagedObjects"}));
    for (auto left = below(4); left > 0; --left) append(message.get(), 0);
    return message;
  }

 private:
  std::size_t below(std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random_);
  }
  std::string pick(const std::vector<std::string>& words) { return words[below(words.size())]; }

  std::string text() {
    return pick({"", "nightly", "org.snapshotter1.Manager", "State", "nightly/nightly/x",
                 "../../etc", std::string(100'000, 'x'), "ü\n\x7f", "%n%s", "20261124T020000Z"});
  }

  void append(sd_bus_message* message, int depth) {
    switch (below(depth < 2 ? 8 : 4)) {
      case 0:
      case 1:
        sd_bus_message_append(message, "s", text().c_str());
        break;
      case 2:
        sd_bus_message_append(message, "u", static_cast<std::uint32_t>(random_()));
        break;
      case 3:
        sd_bus_message_append(message, "b", static_cast<int>(below(2)));
        break;
      case 4:
        sd_bus_message_append(message, "t", std::uint64_t{random_()} << below(40));
        break;
      case 5:
        append_texts(message);
        break;
      default:
        append_dictionary(message);
    }
  }

  void append_texts(sd_bus_message* message) {
    sd_bus_message_open_container(message, 'a', "s");
    for (auto left = below(5); left > 0; --left)
      sd_bus_message_append(message, "s", text().c_str());
    sd_bus_message_close_container(message);
  }

  void append_dictionary(sd_bus_message* message) {
    sd_bus_message_open_container(message, 'a', "{sv}");
    for (auto left = below(4); left > 0; --left) {
      const auto key = pick({"targets", "job", "failed", "since", "limit", "", text()});
      sd_bus_message_open_container(message, 'e', "sv");
      sd_bus_message_append(message, "s", key.c_str());
      if (below(2) == 0) {
        sd_bus_message_append(message, "v", "s", text().c_str());
      } else {
        sd_bus_message_append(message, "v", "t", std::uint64_t{random_()});
      }
      sd_bus_message_close_container(message);
    }
    sd_bus_message_close_container(message);
  }

  std::mt19937 random_;
};

// How many of the calls were answered, in one way or the other.
int send_nonsense(const std::string& address, int calls, unsigned seed) {
  const auto bus = connect(address);
  Nonsense nonsense(seed);
  int answered = 0;
  for (int i = 0; i < calls; ++i) {
    const auto message = nonsense.next(bus.get());
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message* reply = nullptr;
    constexpr std::uint64_t kPatience = 20'000'000;
    const auto sent = sd_bus_call(bus.get(), message.get(), kPatience, &error, &reply);
    if (sent >= 0 || sd_bus_error_has_name(&error, SD_BUS_ERROR_NO_REPLY) == 0) ++answered;
    sd_bus_message_unref(reply);
    sd_bus_error_free(&error);
  }
  return answered;
}

Task<> survive_nonsense(World& world) {
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  const auto address = world.address();
  async::WorkerPool pool("nonsense", 1);
  const auto answered = co_await async::offload(
      pool, [&](std::stop_token) { return send_nonsense(address, 1000, seed); });
  CHECK(answered == 1000);
  const auto jobs = co_await world.call("ListJobs");
  CHECK_THAT(jobs, ContainsText("nightly"));
}

TEST_CASE("a thousand malformed calls are answered and harm nobody", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.add_job("nightly");
  world.run(survive_nonsense);
}

// Sends calls without looking at the answers, then waits for the last one.
void flood(const std::string& address, int calls) {
  const auto bus = connect(address);
  for (int i = 0; i < calls; ++i) {
    const auto message =
        method_call(bus.get(), "/org/snapshotter1", "org.freedesktop.DBus.Properties", "GetAll");
    sd_bus_message_append(message.get(), "s", "org.snapshotter1.Manager");
    sd_bus_message_set_expect_reply(message.get(), 0);
    sd_bus_send(bus.get(), message.get(), nullptr);
  }
  const auto last = method_call(bus.get(), "/", "org.freedesktop.DBus.Peer", "Ping");
  sd_bus_error error = SD_BUS_ERROR_NULL;
  sd_bus_call(bus.get(), last.get(), 0, &error, nullptr);
  sd_bus_error_free(&error);
}

struct Turns {
  bool over = false;
  int asked = 0;  // since the last turn
  int most = 0;
  int in_all = 0;
};

Task<> count_turns(Turns& turns) {
  while (!turns.over) {
    turns.most = std::max(turns.most, turns.asked);
    turns.in_all += std::exchange(turns.asked, 0);
    // A task of its own is a turn of the loop.
    co_await async::shielded([]() -> Task<> { co_return; }());
  }
}

TEST_CASE("a flood of calls leaves the loop to others", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  static Turns turns;
  turns = {};
  world.on_state = [] { ++turns.asked; };
  world.run([](World& w) -> Task<> {
    async::TaskGroup group(w.loop());
    group.spawn("turns", count_turns(turns));
    const auto address = w.address();
    async::WorkerPool pool("flood", 1);
    co_await async::offload(pool, [&](std::stop_token) { flood(address, 2000); });
    turns.over = true;
    co_await group.join();
    CHECK(turns.in_all + turns.asked >= 2000);
    CHECK(turns.most <= bus::Pump::kBatch);
  });
}

// Below the 32 MiB that a bus lets pass.
constexpr std::size_t kLarge = 24U << 20U;

TEST_CASE("an answer that does not fit into the socket arrives", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.state = std::string(kLarge, 'x');
  world.run([](World& w) -> Task<> {
    const auto state = co_await w.property("/org/snapshotter1", "Manager", "State");
    CHECK(state.size() > kLarge);
  });
}

TEST_CASE("a signal that does not fit into the socket arrives", "[bus]") {
  const BusDaemon bus;
  World world(bus);
  world.run([](World& w) -> Task<> {
    const auto address = w.address();
    Listener listener(address);
    w.state = std::string(kLarge, 'x');
    w.service->state_changed();
    async::WorkerPool pool("listener", 1);
    const bool heard =
        co_await async::offload(pool, [&](std::stop_token) { return listener.wait_for_change(); });
    CHECK(heard);
  });
}

}  // namespace
}  // namespace snapshotter::test
