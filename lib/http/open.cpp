#include "http/open.hpp"

#include "async/deadline.hpp"
#include "http/failure.hpp"
#include "http/inbox.hpp"
#include "http/request_head.hpp"
#include "http/response_head.hpp"
#include "http/socket.hpp"
#include "http/tls.hpp"

#include <boost/asio/error.hpp>

#include <utility>

namespace snapshotter::http {
namespace {

using Step = HttpError::Step;

constexpr std::size_t kReadSize = 4096;

// What is under way, for the error of the deadline.
struct Progress {
  const char* waiting_for = "finding the address of its name";
  std::unique_ptr<Stream> stream;
};

Task<> send_all(PlainStream& stream, const Secret& text, const std::string& origin) {
  auto bytes = std::as_bytes(std::span(text.reveal()));
  while (!bytes.empty()) {
    const auto outcome = co_await stream.write_some(bytes);
    if (outcome.error) throw system_failure(Step::send, origin, outcome.error.value());
    bytes = bytes.subspan(outcome.bytes);
  }
}

Task<ResponseHead> read_head(PlainStream& stream, std::size_t limit, const std::string& origin) {
  Inbox inbox;
  for (;;) {
    const auto outcome = co_await stream.read_some(inbox.room(kReadSize));
    if (outcome.error == boost::asio::error::eof) {
      throw failure(Step::receive, origin, "the proxy closed the connection without an answer");
    }
    if (outcome.error) throw system_failure(Step::receive, origin, outcome.error.value());
    inbox.filled(outcome.bytes);
    auto head = parse_head(inbox.unread(), false, limit, origin);
    if (!head) continue;
    // In TLS the client speaks first.
    if (head->response.ok() && head->bytes != inbox.unread().size()) {
      throw failure(Step::protocol, origin, "the proxy sent more than its answer");
    }
    co_return *std::move(head);
  }
}

Task<Socket> tunnel(Socket socket, const ClientOptions& options) {
  const std::string origin = options.proxy->origin();
  PlainStream stream(std::move(socket));
  co_await send_all(stream, connect_head(options), origin);
  const auto head = co_await read_head(stream, options.max_header, origin);
  if (!head.response.ok()) {
    throw failure(Step::connect, origin,
                  "the proxy answered " + std::to_string(head.response.status) +
                      " when asked for " + options.url.origin(),
                  head.response.status == 407 ? "give the user and password in 'proxy'" : "");
  }
  co_return stream.take();
}

Task<> open(const ClientOptions& options, platform::Clock& clock, Progress& progress) {
  const bool https = options.url.scheme == Url::Scheme::https;
  const bool by_proxy = options.proxy && options.url.scheme != Url::Scheme::unix_socket;
  const Url& way = by_proxy ? *options.proxy : options.url;
  const std::string origin = way.origin();
  const auto addresses = co_await resolve(way, origin);
  progress.waiting_for = "the connection";
  auto socket = co_await connect(addresses, origin, clock, options.connect_timeout);
  if (https && by_proxy) {
    progress.waiting_for = "the proxy's answer";
    socket = co_await tunnel(std::move(socket), options);
  }
  progress.waiting_for = "the TLS handshake";
  if (https) {
    progress.stream = co_await tls_stream(std::move(socket), options);
  } else {
    progress.stream = std::make_unique<PlainStream>(std::move(socket));
  }
}

}  // namespace

Task<std::unique_ptr<Stream>> open_stream(const ClientOptions& options, platform::Clock& clock) {
  Progress progress;
  const std::string origin = options.url.origin();
  const Error::Parts late{"connect to", origin, "it took too long"};
  try {
    co_await async::with_deadline(open(options, clock, progress),
                                  clock.sleep_for(options.connect_timeout), late);
  } catch (const TimeoutError&) {
    throw failure(Step::stalled, origin,
                  std::string(progress.waiting_for) + " took longer than " +
                      to_string(options.connect_timeout),
                  "is a firewall in between, or the host overloaded?");
  }
  co_return std::move(progress.stream);
}

}  // namespace snapshotter::http
