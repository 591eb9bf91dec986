#include "http/client.hpp"

#include "http/exchange.hpp"
#include "http/failure.hpp"
#include "http/open.hpp"
#include "http/redirect.hpp"
#include "http/request_head.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <utility>

namespace snapshotter::http {
namespace {

using Step = HttpError::Step;

constexpr std::size_t kPiece = 64 * 1024;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

// Connects, and sends the request with the body that it has.
Task<std::unique_ptr<HttpExchange>> begin(const ClientOptions& options, platform::Clock& clock,
                                          const Request& request, const RequestBody& body) {
  // Refuses what can't be sent before there is a connection.
  const Secret head = request_head(request, options, body);
  HttpExchange::Settings settings{options.url.origin(), options.max_header,
                                  request.stall_timeout.value_or(options.stall_timeout),
                                  request.method == "HEAD",
                                  request.body.empty() ? body : RequestBody()};
  auto stream = co_await open_stream(options, clock);
  const auto loop = co_await boost::asio::this_coro::executor;
  auto exchange =
      std::make_unique<HttpExchange>(std::move(stream), loop, clock, std::move(settings));
  bool more = co_await exchange->send(bytes_of(head.reveal()));
  if (more) more = co_await exchange->send(bytes_of(request.body));
  co_return exchange;
}

[[noreturn]] void too_large(const ClientOptions& options) {
  throw failure(Step::limit, options.url.origin(),
                "its answer is larger than " + to_string(ByteSize{options.max_body}));
}

Task<std::string> read_all(HttpExchange& exchange, const ClientOptions& options) {
  const auto& head = exchange.response_head();
  if (head.length > options.max_body) too_large(options);
  std::string body;
  body.reserve(head.length);
  std::size_t size = 0;
  for (;;) {
    // A byte more than the limit, to see whether there is one.
    body.resize(size + std::min(kPiece, options.max_body - size) + 1);
    const auto bytes =
        co_await exchange.read(std::as_writable_bytes(std::span(body).subspan(size)));
    size += bytes;
    if (size > options.max_body) too_large(options);
    if (bytes != 0) continue;
    body.resize(size);
    co_return body;
  }
}

}  // namespace

struct Client::Impl {
  ClientOptions options;
  platform::Clock& clock;
};

Client::Client(ClientOptions options, platform::Clock& clock)
    : impl_(new Impl{std::move(options), clock}) {}
Client::~Client() = default;

const ClientOptions& Client::options() const noexcept { return impl_->options; }

Task<Response> Client::send(Request request) {
  ClientOptions options = impl_->options;
  for (unsigned redirects = 0;; ++redirects) {
    RequestBody body;
    body.length = request.body.size();
    const auto exchange = co_await begin(options, impl_->clock, request, body);
    auto response = co_await exchange->head();
    auto next = options.max_redirects == 0 ? std::nullopt : redirect(options, request, response);
    if (!next) {
      response.body = co_await read_all(*exchange, options);
      co_return response;
    }
    if (redirects == options.max_redirects) {
      throw failure(Step::protocol, options.url.origin(),
                    "it redirects more than " + std::to_string(redirects) + " times");
    }
    options = std::move(next->options);
    request = std::move(next->request);
  }
}

Task<std::unique_ptr<Exchange>> Client::stream(Request request) {
  RequestBody body;
  body.length = request.body.size();
  auto exchange = co_await begin(impl_->options, impl_->clock, request, body);
  static_cast<void>(co_await exchange->head());
  co_return exchange;
}

Task<std::unique_ptr<Exchange>> Client::upload(Request request, Upload upload) {
  const RequestBody body{upload.length, !upload.length, upload.expect_continue};
  if (!request.body.empty()) {
    throw RequestError({"send a request to", impl_->options.url.origin(),
                        "a request that is uploaded has no body of its own"});
  }
  auto exchange = co_await begin(impl_->options, impl_->clock, request, body);
  if (upload.expect_continue) co_await exchange->await_continue();
  co_return exchange;
}

}  // namespace snapshotter::http
