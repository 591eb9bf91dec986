#include "async/loop.hpp"

#include "async/cleanup.hpp"
#include "base/error.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <utility>

namespace snapshotter::async {
namespace asio = boost::asio;

namespace {

struct Signals : std::enable_shared_from_this<Signals> {
  Signals(asio::io_context& context, std::function<void(int)> on_signal)
      : set(context), handler(std::move(on_signal)) {}

  void wait() {
    set.async_wait([self = shared_from_this()](boost::system::error_code error, int signal) {
      if (error || self->closed) return;
      self->handler(signal);
      if (!self->closed) self->wait();
    });
  }

  void close() {
    closed = true;
    boost::system::error_code ignored;
    set.cancel(ignored);
  }

  asio::signal_set set;
  std::function<void(int)> handler;
  bool closed = false;
};

// Waits for a duplicate of the descriptor: so that one can be waited for several times at once,
// which epoll allows per number only, and that closing the original meanwhile harms nobody.
Task<> wait_for(int descriptor, asio::posix::stream_descriptor::wait_type what) {
  constexpr auto kDoing = "wait for a file descriptor";
  co_await check_cancelled();
  asio::posix::stream_descriptor stream(co_await asio::this_coro::executor);
  const int duplicate = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
  if (duplicate < 0) throw_system_error(kDoing, "", errno);
  boost::system::error_code error;
  stream.assign(duplicate, error);
  if (error) {
    ::close(duplicate);
    throw_system_error(kDoing, "", error.value());
  }
  co_await stream.async_wait(what, asio::redirect_error(asio::use_awaitable, error));
  co_await check_cancelled();
  if (error) throw_system_error(kDoing, "", error.value());
}

}  // namespace

struct Loop::Impl {
  asio::io_context context{1};
};

Loop::Loop() : impl_(std::make_unique<Impl>()) {}
Loop::~Loop() = default;

asio::any_io_executor Loop::executor() const { return impl_->context.get_executor(); }

void Loop::run() {
  impl_->context.restart();
  impl_->context.run();
}

int Loop::run(Task<int> main) {
  int result = 0;
  std::exception_ptr failure;
  asio::co_spawn(impl_->context, std::move(main), [&](std::exception_ptr error, int value) {
    failure = std::move(error);
    result = value;
  });
  run();
  if (failure) std::rethrow_exception(std::move(failure));
  return result;
}

std::shared_ptr<void> Loop::on_signals(std::initializer_list<int> signals,
                                       std::function<void(int)> handler) {
  const auto state = std::make_shared<Signals>(impl_->context, std::move(handler));
  for (const int signal : signals) state->set.add(signal);
  state->wait();
  // The pending wait owns the state, so the caller's hold must end it rather than be it.
  return {state.get(), [state](Signals* owned) { owned->close(); }};
}

Task<> Loop::readable(int descriptor) {
  return wait_for(descriptor, asio::posix::stream_descriptor::wait_read);
}

Task<> Loop::writable(int descriptor) {
  return wait_for(descriptor, asio::posix::stream_descriptor::wait_write);
}

}  // namespace snapshotter::async
