#include "snapshotctl/parts/interrupts.hpp"

#include "support/catch.hpp"

#include <csignal>
#include <thread>

using namespace snapshotter::ctl;
using namespace std::chrono_literals;

TEST_CASE("A wait for Ctrl-C ends at once when it is woken") {
  const Interrupts interrupts;
  bool interrupted = true;
  std::thread waiter([&] { interrupted = interrupts.wait(24h); });
  Interrupts::wake(waiter.native_handle());
  waiter.join();
  CHECK_FALSE(interrupted);
}

TEST_CASE("To be woken before the wait is enough") {
  const Interrupts interrupts;
  Interrupts::wake(::pthread_self());
  CHECK_FALSE(interrupts.wait(24h));
}

TEST_CASE("Ctrl-C and SIGTERM end a wait and nothing else") {
  const auto signal = GENERATE(SIGINT, SIGTERM);
  const Interrupts interrupts;
  ::pthread_kill(::pthread_self(), signal);
  CHECK(interrupts.wait(24h));
  CHECK_FALSE(interrupts.wait(0s));
}
