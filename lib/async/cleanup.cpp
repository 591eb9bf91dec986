#include "async/cleanup.hpp"

#include "async/cancel_scope.hpp"
#include "base/error.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include <utility>

namespace snapshotter::async {

Task<> shielded(Task<> task) {
  CancelScope never_cancelled;
  co_await never_cancelled.run(std::move(task));
}

Task<> check_cancelled() {
  const auto state = co_await boost::asio::this_coro::cancellation_state;
  if (state.cancelled() != boost::asio::cancellation_type::none) throw CancelledError();
}

}  // namespace snapshotter::async
