// Inside lib/bus only: method calls that are answered later.
#pragma once

#include "async/task.hpp"
#include "async/task_group.hpp"
#include "bus/authority.hpp"
#include "bus/errors.hpp"
#include "bus/sdbus_compat.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace snapshotter::bus {

// Owns the coroutines that work on calls. A coroutine begins when its caller has been found to be
// allowed the action. Each call is answered exactly once: with what its coroutine returns, with the
// error it throws, with AccessDenied, or with ShuttingDown when close() comes first.
//
// Loop thread only. close() before destruction, and the connection outlives both.
class Calls {
 public:
  // `sent` is called after each answer.
  Calls(Authority& authority, boost::asio::any_io_executor loop, std::function<void()> sent);

  // From within a method of `object`, whose caller it is that asks.
  template <class Value>
  void answer(const sdbus::IObject& object, Action action, std::string method,
              sdbus::Result<Value>&& result, Task<Value> work) {
    auto call = std::make_shared<sdbus::Result<Value>>(std::move(result));
    start(std::move(method), when_allowed(caller_of(object), action, reply(call, std::move(work))),
          [call](const sdbus::Error& error) { call->returnError(error); });
  }
  void answer(const sdbus::IObject& object, Action action, std::string method,
              sdbus::Result<>&& result, Task<> work);

  // Ends what is under way; refuses what comes after.
  [[nodiscard]] Task<> close();

 private:
  using Refuse = std::function<void(const sdbus::Error&)>;

  template <class Value>
  static Task<> reply(std::shared_ptr<sdbus::Result<Value>> call, Task<Value> work) {
    call->returnResults(co_await std::move(work));
  }
  static Task<> reply(std::shared_ptr<sdbus::Result<>> call, Task<> work);
  Task<> when_allowed(Caller caller, Action action, Task<> work);
  void start(std::string method, Task<> task, Refuse refuse);
  void end(const std::exception_ptr& error, const Refuse& refuse) const;

  Authority& authority_;
  async::TaskGroup tasks_;
  std::function<void()> sent_;
  bool closed_ = false;
};

}  // namespace snapshotter::bus
