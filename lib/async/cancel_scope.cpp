#include "async/cancel_scope.hpp"

#include "async/task_group.hpp"
#include "base/error.hpp"

#include <boost/asio/this_coro.hpp>

#include <exception>
#include <utility>

namespace snapshotter::async {

struct CancelScope::Impl {
  TaskGroup* piece = nullptr;  // while one runs
  std::stop_source stop;
};

CancelScope::CancelScope() : impl_(std::make_unique<Impl>()) {}
CancelScope::~CancelScope() = default;

Task<> CancelScope::run(Task<> piece) {
  if (cancelled()) throw CancelledError();
  TaskGroup group(co_await boost::asio::this_coro::executor);
  std::exception_ptr failure;
  group.spawn("cancellable piece", std::move(piece),
              [&](std::exception_ptr error) { failure = std::move(error); });
  impl_->piece = &group;
  co_await group.join();
  impl_->piece = nullptr;
  if (failure) std::rethrow_exception(std::move(failure));
}

void CancelScope::cancel() {
  impl_->stop.request_stop();
  if (impl_->piece != nullptr) impl_->piece->cancel_all();
}

bool CancelScope::cancelled() const noexcept { return impl_->stop.stop_requested(); }

std::stop_token CancelScope::token() const noexcept { return impl_->stop.get_token(); }

}  // namespace snapshotter::async
