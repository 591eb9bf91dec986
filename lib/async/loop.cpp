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
    set.clear(ignored);
  }

  asio::signal_set set;
  std::function<void(int)> handler;
  bool closed = false;
};

// A duplicate of a descriptor: so one can be waited for twice, to read and to write, which epoll
// allows per number only; and so closing the original meanwhile harms nobody.
class Duplicate {
 public:
  Duplicate(const asio::any_io_executor& loop, int descriptor) : stream_(loop) {
    const int copy = ::fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) throw_system_error("wait for a file descriptor", "", errno);
    boost::system::error_code error;
    stream_.assign(copy, error);
    if (error) {
      ::close(copy);
      throw_system_error("wait for a file descriptor", "", error.value());
    }
  }
  // Released first: Asio leaves a descriptor that it closes in the epoll set, where the original
  // would keep it alive.
  ~Duplicate() { ::close(stream_.release()); }
  Duplicate(const Duplicate&) = delete;
  Duplicate& operator=(const Duplicate&) = delete;

  Task<> wait(asio::posix::stream_descriptor::wait_type what) {
    boost::system::error_code error;
    co_await stream_.async_wait(what, asio::redirect_error(asio::use_awaitable, error));
    co_await check_cancelled();
    if (error) throw_system_error("wait for a file descriptor", "", error.value());
  }

 private:
  asio::posix::stream_descriptor stream_;
};

Task<> wait_for(int descriptor, asio::posix::stream_descriptor::wait_type what) {
  co_await check_cancelled();
  Duplicate duplicate(co_await asio::this_coro::executor, descriptor);
  co_await duplicate.wait(what);
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
