#include "bus/pump.hpp"

#include "async/loop.hpp"
#include "async/task_group.hpp"
#include "base/error.hpp"

#include <poll.h>

#include <exception>

namespace snapshotter::bus {

Pump::Pump(sdbus::IConnection& connection, platform::Clock& clock,
           boost::asio::any_io_executor loop)
    : connection_(connection), clock_(clock), loop_(std::move(loop)), wake_(loop_) {}

Task<> Pump::run() {
  while (!stopped_) {
    process_batch();
    co_await wait();
  }
}

void Pump::stop() {
  stopped_ = true;
  wake_.set();
}

void Pump::sent() { wake_.set(); }

void Pump::process_batch() {
  for (int handled = 0; handled < kBatch && compat::process_one(connection_); ++handled) {
  }
}

// Until there is something to do. What to wait for may change with every message, so it is asked
// anew each time.
Task<> Pump::wait() {
  const auto poll = compat::poll_state(connection_);
  async::TaskGroup waits(loop_);
  std::exception_ptr failure;
  bool awake = false;
  const auto ended = [&](std::exception_ptr error) {
    if (awake) return;
    failure = std::move(error);
    wake_.set();
  };
  if ((poll.events & POLLIN) != 0) {
    waits.spawn("bus readable", async::Loop::readable(poll.descriptor), ended);
  }
  if ((poll.events & POLLOUT) != 0) {
    waits.spawn("bus writable", async::Loop::writable(poll.descriptor), ended);
  }
  if (poll.timeout == Duration::zero()) {
    wake_.set();
  } else if (poll.timeout) {
    waits.spawn("bus timeout", clock_.sleep_for(*poll.timeout), ended);
  }
  try {
    co_await wake_.wait();
  } catch (const CancelledError&) {
    failure = std::current_exception();
  }
  awake = true;
  // Takes a turn of the loop at least, also when there is more to do already.
  waits.cancel_all();
  co_await waits.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace snapshotter::bus
