#include "bus/service.hpp"

#include "base/error.hpp"
#include "bus/authority.hpp"
#include "bus/calls.hpp"
#include "bus/connect.hpp"
#include "bus/exports.hpp"
#include "bus/inhibitor.hpp"
#include "bus/pump.hpp"

namespace snapshotter::bus {

// Destroyed from the last to the first: the objects go before the connection.
struct Service::Impl {
  Impl(Bus bus, engine::Engine& engine, platform::Clock& clock,
       const boost::asio::any_io_executor& loop, Hooks given)
      : hooks(std::move(given)),
        connection(connect(bus)),
        pump(*connection, clock, loop),
        authority(*connection, bus, clock, loop, [this] { pump.sent(); }),
        calls(authority, loop, [this] { pump.sent(); }),
        exports(*connection, engine, clock, loop, hooks, calls, [this] { pump.sent(); }),
        inhibitor(*connection, bus, engine, [this] { pump.sent(); }) {
    // Only now, so that nobody finds the name without the objects.
    take_name(*connection, bus);
  }

  void release_name() {
    try {
      connection->releaseName(compat::ServiceName(kName));
    } catch (const sdbus::Error&) {
      // The connection is lost, and the name with it.
    }
  }

  Hooks hooks;
  std::unique_ptr<sdbus::IConnection> connection;
  Pump pump;
  Authority authority;
  Calls calls;
  Exports exports;
  Inhibitor inhibitor;
  bool stopped = false;
};

Service::Service(Bus bus, engine::Engine& engine, platform::Clock& clock,
                 boost::asio::any_io_executor loop, Hooks hooks)
    : impl_(std::make_unique<Impl>(bus, engine, clock, loop, std::move(hooks))) {}

Service::~Service() = default;

Task<> Service::run() {
  if (impl_->stopped) co_return;
  impl_->exports.start();
  try {
    co_await impl_->pump.run();
  } catch (const sdbus::Error& error) {
    throw CannotStartError({"serve " + std::string(kName), "",
                            "the connection to the bus is lost: " + error.getMessage(),
                            "restart the daemon once the bus is back; systemd does so by itself"});
  }
}

Task<> Service::stop() {
  impl_->stopped = true;
  co_await impl_->calls.close();
  co_await impl_->exports.stop();
  impl_->release_name();
  impl_->pump.stop();
}

void Service::state_changed() { impl_->exports.changed(); }

}  // namespace snapshotter::bus
