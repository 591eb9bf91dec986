#include "http/socket.hpp"

#include "async/cleanup.hpp"
#include "async/deadline.hpp"
#include "http/failure.hpp"
#include "platform/unique_fd.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <cerrno>
#include <exception>
#include <optional>
#include <utility>

namespace snapshotter::http {
namespace asio = boost::asio;

namespace {

using Step = HttpError::Step;

// How often a unix socket whose queue is full is tried again: nothing tells when it has room.
constexpr Duration kFullQueue = std::chrono::milliseconds{50};

// Asio's own sockets are not close-on-exec, and programs are started here.
Socket open_socket(const asio::any_io_executor& loop, int family, const std::string& origin) {
  platform::UniqueFd descriptor(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!descriptor) throw system_failure(Step::connect, origin, errno);
  if (family != AF_UNIX) {
    // Requests are written whole, and pieces of a body as they are.
    const int on = 1;
    ::setsockopt(descriptor.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  Socket socket(loop);
  boost::system::error_code error;
  socket.assign(asio::generic::stream_protocol(family, 0), descriptor.get(), error);
  if (error) throw system_failure(Step::connect, origin, error.value());
  static_cast<void>(descriptor.release());
  return socket;
}

// 0, or the number of what went wrong.
Task<int> connect_socket(Socket& socket, const Address& address, platform::Clock& clock) {
  const auto* const where = reinterpret_cast<const sockaddr*>(&address.storage);
  while (::connect(socket.native_handle(), where, address.length) != 0) {
    if (errno == EAGAIN) {
      co_await clock.sleep_for(kFullQueue);
      continue;
    }
    if (errno != EINPROGRESS && errno != EINTR) co_return errno;
    co_await async::check_cancelled();
    boost::system::error_code error;
    co_await socket.async_wait(Socket::wait_write,
                               asio::redirect_error(asio::use_awaitable, error));
    co_await async::check_cancelled();
    if (error) co_return error.value();
    int result = 0;
    socklen_t size = sizeof result;
    ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_ERROR, &result, &size);
    co_return result;
  }
  co_return 0;
}

Task<> attempt(const Address& address, const std::string& origin, platform::Clock& clock,
               std::optional<Socket>& result) {
  auto socket = open_socket(co_await asio::this_coro::executor, address.storage.ss_family, origin);
  const int error = co_await connect_socket(socket, address, clock);
  if (error != 0) throw system_failure(Step::connect, origin, error);
  result.emplace(std::move(socket));
}

}  // namespace

Task<Socket> connect(const std::vector<Address>& addresses, const std::string& origin,
                     platform::Clock& clock, Duration timeout) {
  const auto end = clock.steady_now() + timeout;
  std::exception_ptr failure;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    std::optional<Socket> socket;
    const auto share = (end - clock.steady_now()) / static_cast<int>(addresses.size() - i);
    Error::Parts late{"connect to", origin, "no answer within " + to_string(share)};
    try {
      co_await async::with_deadline(attempt(addresses[i], origin, clock, socket),
                                    clock.sleep_for(share), late);
      co_return *std::move(socket);
    } catch (const HttpError&) {
      failure = std::current_exception();
    } catch (const TimeoutError& error) {
      failure = std::make_exception_ptr(
          http::failure(Step::stalled, origin, error.why(), "is a firewall in between?"));
    }
  }
  std::rethrow_exception(failure);
}

Task<Stream::Outcome> PlainStream::read_some(std::span<std::byte> into) {
  co_await async::check_cancelled();
  Outcome outcome;
  outcome.bytes =
      co_await socket_.async_read_some(asio::buffer(into.data(), into.size()),
                                       asio::redirect_error(asio::use_awaitable, outcome.error));
  if (outcome.error) co_await async::check_cancelled();
  co_return outcome;
}

Task<Stream::Outcome> PlainStream::write_some(std::span<const std::byte> from) {
  co_await async::check_cancelled();
  Outcome outcome;
  outcome.bytes =
      co_await socket_.async_write_some(asio::buffer(from.data(), from.size()),
                                        asio::redirect_error(asio::use_awaitable, outcome.error));
  if (outcome.error) co_await async::check_cancelled();
  co_return outcome;
}

void PlainStream::interrupt() noexcept {
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

bool PlainStream::readable() const {
  // native_handle() is not const, and only looks.
  pollfd look{const_cast<Socket&>(socket_).native_handle(), POLLIN, 0};
  return ::poll(&look, 1, 0) > 0;
}

}  // namespace snapshotter::http
