#include "async/cancel_scope.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "base/error.hpp"

namespace snapshotter::async {

namespace asio = boost::asio;

struct CancelScope::Impl {
  asio::cancellation_signal signal;
  std::stop_source stop;
};

CancelScope::CancelScope() : impl_(std::make_unique<Impl>()) {}
CancelScope::~CancelScope() = default;

Task<> CancelScope::run(Task<> piece) {
  if (cancelled()) throw CancelledError();
  try {
    co_await asio::co_spawn(co_await asio::this_coro::executor, std::move(piece),
                            asio::bind_cancellation_slot(
                                impl_->signal.slot(),
                                asio::use_awaitable_t<asio::any_io_executor>{}));
  } catch (const boost::system::system_error& error) {
    // Asio's own way to say so, when the piece was between two of the library's awaitables.
    if (error.code() == asio::error::operation_aborted && cancelled()) throw CancelledError();
    throw;
  }
}

void CancelScope::cancel() {
  if (cancelled()) return;
  impl_->stop.request_stop();
  impl_->signal.emit(asio::cancellation_type::terminal);
}

bool CancelScope::cancelled() const noexcept { return impl_->stop.stop_requested(); }

std::stop_token CancelScope::token() const noexcept { return impl_->stop.get_token(); }

}  // namespace snapshotter::async
