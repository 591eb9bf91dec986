#include "async/event.hpp"

#include "async/cleanup.hpp"
#include "async/suspend.hpp"

#include <boost/asio/post.hpp>

#include <atomic>
#include <utility>

namespace snapshotter::async {

struct Event::Impl {
  explicit Impl(boost::asio::any_io_executor executor) : loop(std::move(executor)) {}

  void wake() {
    if (const auto resume = std::exchange(waiter, {})) resume({});
  }

  const boost::asio::any_io_executor loop;
  std::atomic<bool> signalled = false;
  detail::Resume waiter;  // loop only
};

Event::Event(boost::asio::any_io_executor loop) : impl_(std::make_shared<Impl>(std::move(loop))) {}

// The waiter's coroutine refers to the Impl and the Impl to the waiter.
Event::~Event() { impl_->waiter = {}; }

void Event::set() {
  if (impl_->signalled.exchange(true)) return;
  boost::asio::post(impl_->loop, [impl = impl_] { impl->wake(); });
}

Task<> Event::wait() {
  const auto impl = impl_;
  const auto on_cancel = [impl] { impl->wake(); };
  co_await check_cancelled();
  // A wake() that was posted for a signal taken long ago is possible; hence the loop.
  while (!impl->signalled.exchange(false)) {
    co_await detail::suspend([&](detail::Resume resume) { impl->waiter = std::move(resume); },
                             on_cancel);
    co_await check_cancelled();
  }
}

}  // namespace snapshotter::async
