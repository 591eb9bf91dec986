// Inside lib/http only: sockets of every family, connected.
#pragma once

#include "async/task.hpp"
#include "http/stream.hpp"
#include "http/url.hpp"
#include "platform/clock.hpp"

#include <boost/asio/generic/stream_protocol.hpp>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace snapshotter::http {

using Socket = boost::asio::generic::stream_protocol::socket;

struct Address {
  sockaddr_storage storage = {};
  socklen_t length = 0;
};

// The addresses of url's host, in the order in which to try them (RFC 6724). Numbers and sockets
// need no thread; names are looked up in a thread of their own, which a cancellation leaves behind:
// nothing ends getaddrinfo(3) early, and neither the caller nor the loop waits for it. Throws
// HttpError::resolve about `origin`.
[[nodiscard]] Task<std::vector<Address>> resolve(const Url& url, const std::string& origin);

// Tries each in turn, each with its share of what is left of `timeout`, so that one that swallows
// packets leaves time for the next. Throws HttpError::connect with the last failure.
[[nodiscard]] Task<Socket> connect(const std::vector<Address>& addresses, const std::string& origin,
                                   platform::Clock& clock, Duration timeout);

class PlainStream final : public Stream {
 public:
  explicit PlainStream(Socket socket) : socket_(std::move(socket)) {}
  Task<Outcome> read_some(std::span<std::byte> into) override;
  Task<Outcome> write_some(std::span<const std::byte> from) override;
  void interrupt() noexcept override;
  [[nodiscard]] bool readable() const override;
  // For TLS on top; nothing must have been read too much.
  [[nodiscard]] Socket take() { return std::move(socket_); }

 private:
  Socket socket_;
};

}  // namespace snapshotter::http
