// Names and addresses, and the clock that fails.
#include "http/socket.hpp"

#include "http/watchdog.hpp"
#include "support/temp_dir.hpp"
#include "world.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

using namespace snapshotter;
using namespace snapshotter::test;
using namespace std::chrono_literals;
using http::Address;
using http::HttpError;
using Step = HttpError::Step;

namespace {

// The addresses of all these, in this order.
Task<std::vector<Address>> addresses_of(std::vector<http::Url> urls) {
  std::vector<Address> all;
  for (const auto& url : urls) {
    for (const auto& address : co_await http::resolve(url, "test")) all.push_back(address);
  }
  co_return all;
}

// Connects and says so.
Task<http::Response> connected(std::vector<http::Url> urls, platform::Clock& clock) {
  const auto addresses = co_await addresses_of(std::move(urls));
  static_cast<void>(co_await http::connect(addresses, "test", clock, 10s));
  co_return reply(200, "connected");
}

Task<http::Response> resolved(http::Url url) {
  co_return reply(200, std::to_string((co_await http::resolve(url, "test")).size()));
}

ScriptedServer::Options full(const TempDir& folder) {
  ScriptedServer::Options options;
  options.address = folder.string() + "/full.sock";
  options.accept = false;
  options.backlog = 0;
  return options;
}

http::Url absent(const TempDir& folder, const std::string& name) {
  return http::Url::parse("unix://" + folder.string() + "/" + name);
}

class FailingClock : public platform::Clock {
 public:
  [[nodiscard]] Time now() const override { return {}; }
  [[nodiscard]] Steady steady_now() const override { return {}; }
  [[nodiscard]] Task<Woke> wait_until(Time) override { fail(); }
  [[nodiscard]] Task<> sleep_for(Duration) override { fail(); }
  void wait_on(std::condition_variable_any&, std::unique_lock<std::mutex>&, const std::stop_token&,
               Duration, const std::function<bool()>&) override {
    fail();
  }

 private:
  [[noreturn]] static void fail() { throw_system_error("create a timer", "", EMFILE); }
};

}  // namespace

TEST_CASE("each address is tried, and the last failure told") {
  const TempDir folder;
  World world;
  const auto test = [&]() -> Task<> {
    ScriptedServer server(world.loop.executor());
    const std::vector<http::Url> good{absent(folder, "a"), absent(folder, "b"), server.url()};
    const auto second = co_await world.attempt(connected(good, world.clock));
    CHECK(body_of(second) == "connected");

    const std::vector<http::Url> bad{absent(folder, "a"), http::Url::parse("http://127.0.0.1:1")};
    const auto none = co_await world.attempt(connected(bad, world.clock));
    CHECK(step_of(none) == Step::connect);
    CHECK(none.error->error_number() == ECONNREFUSED);
  };
  world.run(test());
}

TEST_CASE("an address that does not answer leaves time for the next") {
  const TempDir folder;
  World world;
  const auto test = [&]() -> Task<> {
    ScriptedServer silent(world.loop.executor(), full(folder));
    ScriptedServer server(world.loop.executor());
    Attempt fills;
    world.start(fills, connected({silent.url()}, world.clock));
    co_await world.clock.settle();
    CHECK(body_of(fills) == "connected");

    Attempt attempt;
    world.start(attempt, connected({silent.url(), server.url()}, world.clock));
    co_await world.clock.advance(4900ms);
    CHECK(!attempt.ended);
    co_await world.clock.advance(100ms);
    co_await world.tasks.join();
    CHECK(body_of(attempt) == "connected");

    Attempt alone;
    world.start(alone, connected({absent(folder, "a"), silent.url()}, world.clock));
    co_await world.clock.advance(10s);
    co_await world.tasks.join();
    CHECK(step_of(alone) == Step::stalled);
  };
  world.run(test());
}

TEST_CASE("names are looked up") {
  World world;
  const auto test = [&]() -> Task<> {
    http::Url url;
    url.host = "localhost";
    const auto found = co_await world.attempt(resolved(url));
    CHECK(std::stoi(body_of(found)) >= 1);
    url.host = std::string(64, 'a') + ".invalid";  // no DNS has such a name: nobody is asked
    const auto unknown = co_await world.attempt(resolved(url));
    CHECK(step_of(unknown) == Step::resolve);
    CHECK(unknown.error->retryable());
    CHECK_THAT(unknown.why, ContainsText("is the host's name right"));
  };
  world.run(test());
}

TEST_CASE("a look-up that is cancelled is left behind") {
  World world;
  const auto test = [&]() -> Task<> {
    http::Url url;
    url.host = "localhost";
    for (int i = 0; i < 50; ++i) {
      Attempt attempt;
      world.start(attempt, resolved(url));
      co_await boost::asio::post(world.loop.executor(), boost::asio::use_awaitable);
      co_await boost::asio::post(world.loop.executor(), boost::asio::use_awaitable);
      world.tasks.cancel_all();
      co_await world.tasks.join();
      CHECK(attempt.ended);
    }
  };
  world.run(test());
}

TEST_CASE("a watchdog whose clock fails bites, and says why") {
  World world;
  const auto test = [&]() -> Task<> {
    FailingClock clock;
    bool bitten = false;
    http::Watchdog watchdog(world.loop.executor(), clock, 1s, [&] { bitten = true; });
    watchdog.expect();
    co_await world.clock.settle();
    CHECK(bitten);
    CHECK_THROWS_AS(watchdog.bitten(), SystemError);
  };
  world.run(test());
}

TEST_CASE("a watchdog bites once for each expectation") {
  World world;
  int bites = 0;
  const auto test = [&]() -> Task<> {
    {
      http::Watchdog watchdog(world.loop.executor(), world.clock, 10s, [&] { ++bites; });
      co_await world.clock.advance(15s);
      CHECK(bites == 0);
      watchdog.expect();
      co_await world.clock.advance(9s);
      watchdog.expect();
      co_await world.clock.advance(9s);
      CHECK(bites == 0);
      co_await world.clock.advance(1s);
      CHECK(bites == 1);
      CHECK(watchdog.bitten());
      co_await world.clock.advance(1min);
      CHECK(bites == 1);
      watchdog.expect();
      CHECK(!watchdog.bitten());
      watchdog.rest();
      co_await world.clock.advance(1min);
      CHECK(bites == 1);
      watchdog.expect();
    }
    co_await world.clock.advance(1min);
    CHECK(bites == 1);
    CHECK(world.clock.waiters() == 0);
  };
  world.run(test());
}
