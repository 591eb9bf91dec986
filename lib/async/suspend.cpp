#include "async/suspend.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace snapshotter::async::detail {
namespace asio = boost::asio;

namespace {

// std::function wants copies, Asio's handlers can only be moved: so they share one.
template <class Handler>
Resume resume_of(Handler handler) {
  auto shared = std::make_shared<std::optional<Handler>>(std::move(handler));
  return [shared](std::exception_ptr error) {
    if (!*shared) return;
    auto taken = std::move(**shared);
    shared->reset();
    const auto executor = asio::get_associated_executor(taken);
    asio::post(executor, [taken = std::move(taken), error = std::move(error)]() mutable {
      std::move(taken)(std::move(error));
    });
  };
}

}  // namespace

Task<> suspend(std::function<void(Resume)> start, std::function<void()> on_cancel) {
  auto initiate = [&](auto handler) {
    const auto slot = asio::get_associated_cancellation_slot(handler);
    if (on_cancel && slot.is_connected()) {
      asio::cancellation_slot(slot).assign([on_cancel](asio::cancellation_type) { on_cancel(); });
    }
    start(resume_of(std::move(handler)));
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>&, void(std::exception_ptr)>(
      initiate, asio::use_awaitable);
}

}  // namespace snapshotter::async::detail
