// Inside lib/bus only: drives an sdbus-c++ connection from the loop.
#pragma once

#include "async/event.hpp"
#include "async/task.hpp"
#include "bus/sdbus_compat.hpp"
#include "platform/clock.hpp"

namespace snapshotter::bus {

// Loop thread only. Connection and clock outlive it.
class Pump {
 public:
  // So many messages are handled before the rest of the loop has its turn again: somebody who
  // floods the bus does not hold up the runs.
  static constexpr int kBatch = 16;

  Pump(sdbus::IConnection& connection, platform::Clock& clock, boost::asio::any_io_executor loop);

  // Handles messages as they come, and sends what could not be sent at once, until stop(). Throws
  // sdbus::Error when the connection is lost, CancelledError on cancellation.
  [[nodiscard]] Task<> run();
  // Makes run() return, soon. What it has not sent by then, the connection's destructor sends.
  void stop();
  // To be called after anything was sent from outside of run(): what the socket did not take at
  // once waits in the connection, and the pump must learn of it.
  void sent();

 private:
  void process_batch();
  Task<> wait();

  sdbus::IConnection& connection_;
  platform::Clock& clock_;
  boost::asio::any_io_executor loop_;
  async::Event wake_;
  bool stopped_ = false;
};

}  // namespace snapshotter::bus
