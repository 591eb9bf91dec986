#include "bus/calls.hpp"

#include "base/error.hpp"

namespace snapshotter::bus {

Calls::Calls(Authority& authority, boost::asio::any_io_executor loop, std::function<void()> sent)
    : authority_(authority), tasks_(std::move(loop)), sent_(std::move(sent)) {}

void Calls::answer(const sdbus::IObject& object, Action action, std::string method,
                   sdbus::Result<>&& result, Task<> work) {
  auto call = std::make_shared<sdbus::Result<>>(std::move(result));
  start(std::move(method), when_allowed(caller_of(object), action, reply(call, std::move(work))),
        [call](const sdbus::Error& error) { call->returnError(error); });
}

Task<> Calls::reply(std::shared_ptr<sdbus::Result<>> call, Task<> work) {
  co_await std::move(work);
  call->returnResults();
}

Task<> Calls::when_allowed(Caller caller, Action action, Task<> work) {
  co_await authority_.require(std::move(caller), action);
  co_await std::move(work);
}

void Calls::start(std::string method, Task<> task, Refuse refuse) {
  if (closed_) return end(std::make_exception_ptr(CancelledError(method)), refuse);
  tasks_.spawn(
      std::move(method), std::move(task),
      [this, refuse = std::move(refuse)](const std::exception_ptr& error) { end(error, refuse); });
}

void Calls::end(const std::exception_ptr& error, const Refuse& refuse) const {
  try {
    // Also where the answer itself could not be sent: then nothing of it was.
    if (error) refuse(to_dbus_error(error));
  } catch (const sdbus::Error&) {
    // The connection is lost, and the caller with it. The pump tells.
  }
  sent_();
}

Task<> Calls::close() {
  closed_ = true;
  tasks_.cancel_all();
  co_await tasks_.join();
}

}  // namespace snapshotter::bus
