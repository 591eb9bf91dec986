#include "support/scripted_peer.hpp"

#include "async/cleanup.hpp"
#include "async/task_group.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <sys/socket.h>

#include <array>
#include <utility>

namespace snapshotter::test {
namespace asio = boost::asio;

namespace {

using Socket = asio::generic::stream_protocol::socket;
using TlsStream = asio::ssl::stream<Socket>;

Socket& lowest(Socket& socket) { return socket; }
Socket& lowest(TlsStream& stream) { return stream.next_layer(); }

http::Request parse_head(const std::string& text) {
  http::Request request;
  const auto lines = split(text, '\n');
  const auto first = split(lines.front().substr(0, lines.front().size() - 1), ' ');
  if (first.size() != 3) throw std::runtime_error("no request line: " + lines.front());
  request.method = first[0];
  request.path = first[1];
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto colon = lines[i].find(": ");
    if (colon == std::string::npos) continue;
    request.headers.add(lines[i].substr(0, colon),
                        lines[i].substr(colon + 2, lines[i].size() - colon - 3));
  }
  return request;
}

template <class Layer>
class PeerOn final : public ConnectedPeer {
 public:
  PeerOn(Layer layer, std::shared_ptr<asio::ssl::context> context,
         std::vector<http::Request>& record)
      : context_(std::move(context)), layer_(std::move(layer)), record_(record) {}

  Task<http::Request> request() override {
    const auto end = co_await find("\r\n\r\n");
    auto request = parse_head(take(end + 4));
    const bool waits = request.headers.find("Expect").has_value();
    if (const auto length = request.headers.find("Content-Length"); length && !waits) {
      request.body = co_await exactly(std::stoul(*length));
    } else if (request.headers.find("Transfer-Encoding") && !waits) {
      request.body = co_await chunks();
    }
    record_.push_back(request);
    co_return request;
  }

  Task<std::string> receive() override {
    if (unread_.empty()) co_await more();
    co_return std::exchange(unread_, {});
  }

  Task<> send(std::string bytes) override {
    co_await async::check_cancelled();
    co_await asio::async_write(layer_, asio::buffer(bytes), asio::use_awaitable);
  }

  Task<> drip(std::string bytes, Duration interval, platform::Clock& clock) override {
    for (const char byte : bytes) {
      co_await clock.sleep_for(interval);
      co_await send(std::string(1, byte));
    }
  }

  // The descriptor hangs up, or is in error, without a look at what has come.
  Task<> stall() override {
    co_await async::check_cancelled();
    co_await lowest(layer_).async_wait(Socket::wait_error, asio::use_awaitable);
  }

  Task<> drain() override {
    for (std::string piece = "x"; !piece.empty();) piece = co_await receive();
  }

  Task<> relay(std::uint16_t port) override {
    const auto loop = co_await asio::this_coro::executor;
    asio::ip::tcp::socket other(loop);
    const asio::ip::tcp::endpoint there(asio::ip::address_v4::loopback(), port);
    co_await other.async_connect(there, asio::use_awaitable);
    async::TaskGroup back(loop);
    back.spawn("relay back", pass(other, layer_), [](std::exception_ptr) {});
    std::exception_ptr failure;
    try {
      co_await pass(layer_, other);
    } catch (...) {
      failure = std::current_exception();
    }
    back.cancel_all();
    co_await back.join();
    if (failure) std::rethrow_exception(failure);
  }

  void reset() override {
    lowest(layer_).set_option(asio::socket_base::linger(true, 0));
    cut();
  }

  void cut() override { lowest(layer_).close(); }

  Task<> end() override {
    if (!lowest(layer_).is_open()) co_return;
    if constexpr (std::is_same_v<Layer, TlsStream>) {
      // Sends the close_notify; the client's answer to it does not matter.
      lowest(layer_).shutdown(asio::socket_base::shutdown_receive);
      co_await layer_.async_shutdown(asio::use_awaitable);
    }
  }

 private:
  template <class From, class To>
  static Task<> pass(From& from, To& to) {
    std::array<char, 16384> piece{};
    for (;;) {
      co_await async::check_cancelled();
      const auto bytes = co_await from.async_read_some(asio::buffer(piece), asio::use_awaitable);
      co_await asio::async_write(to, asio::buffer(piece.data(), bytes), asio::use_awaitable);
    }
  }

  Task<> more() {
    co_await async::check_cancelled();
    std::array<char, 16384> piece{};
    boost::system::error_code error;
    const auto bytes = co_await layer_.async_read_some(
        asio::buffer(piece), asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted) throw CancelledError();
    unread_.append(piece.data(), bytes);
  }

  Task<> more_or_fail() {
    const auto before = unread_.size();
    co_await more();
    if (unread_.size() == before) throw std::runtime_error("the client has gone");
  }

  Task<std::size_t> find(std::string text) {
    while (unread_.find(text) == std::string::npos) co_await more_or_fail();
    co_return unread_.find(text);
  }

  std::string take(std::size_t bytes) {
    std::string taken = unread_.substr(0, bytes);
    unread_.erase(0, bytes);
    return taken;
  }

  Task<std::string> exactly(std::size_t bytes) {
    while (unread_.size() < bytes) co_await more_or_fail();
    co_return take(bytes);
  }

  Task<std::string> chunks() {
    std::string body;
    for (;;) {
      const auto line = co_await find("\r\n");
      const auto size = std::stoul(take(line + 2), nullptr, 16);
      body += co_await exactly(size);
      static_cast<void>(co_await exactly(2));
      if (size == 0) co_return body;
    }
  }

  std::shared_ptr<asio::ssl::context> context_;
  Layer layer_;
  std::vector<http::Request>& record_;
  std::string unread_;
};

std::shared_ptr<asio::ssl::context> make_context(const ScriptedServer::Tls& tls) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  context->use_certificate_chain(asio::buffer(tls.certificate));
  context->use_private_key(asio::buffer(tls.key), asio::ssl::context::pem);
  if (tls.only_tls_1_1) {
    // Level 0, for OpenSSL 3 takes the digests of old versions for too weak.
    SSL_CTX_set_cipher_list(context->native_handle(), "ALL:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(context->native_handle(), TLS1_1_VERSION);
  }
  if (!tls.client_ca.empty()) {
    context->add_certificate_authority(asio::buffer(tls.client_ca));
    context->set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
  }
  return context;
}

}  // namespace

Task<std::unique_ptr<ConnectedPeer>> make_peer(int descriptor,
                                               const ScriptedServer::Options& options,
                                               std::vector<http::Request>& record) {
  Socket socket(co_await asio::this_coro::executor);
  socket.assign(asio::generic::stream_protocol(AF_UNSPEC, 0), descriptor);
  if (!options.tls || !options.handshake) {
    co_return std::make_unique<PeerOn<Socket>>(std::move(socket), nullptr, record);
  }
  const auto context = make_context(*options.tls);
  TlsStream stream(std::move(socket), *context);
  co_await stream.async_handshake(asio::ssl::stream_base::server, asio::use_awaitable);
  co_return std::make_unique<PeerOn<TlsStream>>(std::move(stream), context, record);
}

}  // namespace snapshotter::test
