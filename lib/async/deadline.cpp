#include "async/deadline.hpp"

#include "async/cleanup.hpp"
#include "async/event.hpp"
#include "async/task_group.hpp"

#include <boost/asio/this_coro.hpp>

#include <exception>
#include <utility>

namespace snapshotter::async {
namespace {

// How one of the two ended.
struct End {
  bool reached = false;
  std::exception_ptr error;
};

}  // namespace

Task<> with_deadline(Task<> work, Task<> expiry, Error::Parts on_timeout) {
  co_await check_cancelled();
  const auto loop = co_await boost::asio::this_coro::executor;
  TaskGroup group(loop);
  Event ended(loop);
  End worked;
  End expired;
  bool expired_first = false;

  group.spawn("work", std::move(work), [&](std::exception_ptr error) {
    worked = {true, std::move(error)};
    ended.set();
  });
  group.spawn("deadline", std::move(expiry), [&](std::exception_ptr error) {
    expired = {true, std::move(error)};
    expired_first = !worked.reached;
    ended.set();
  });

  bool cancelled = false;
  try {
    co_await ended.wait();
  } catch (const CancelledError&) {
    cancelled = true;
  }
  group.cancel_all();
  co_await group.join();

  if (!worked.error) co_return;
  if (expired_first && !cancelled) {
    if (expired.error) std::rethrow_exception(expired.error);
    throw TimeoutError(std::move(on_timeout));
  }
  std::rethrow_exception(worked.error);
}

}  // namespace snapshotter::async
