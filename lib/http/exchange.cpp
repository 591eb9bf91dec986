#include "http/exchange.hpp"

#include "async/deadline.hpp"
#include "http/failure.hpp"
#include "http/tls.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace snapshotter::http {
namespace asio = boost::asio;

namespace {

using Step = HttpError::Step;

constexpr std::size_t kReadSize = 64 * 1024;
// A chunk with at least this much left is read right to where it is wanted.
constexpr std::size_t kWorthADirectRead = 16 * 1024;
constexpr Duration kContinueWait = std::chrono::seconds{1};

class Expectation {
 public:
  explicit Expectation(Watchdog& watchdog) : watchdog_(watchdog) { watchdog_.expect(); }
  ~Expectation() { watchdog_.rest(); }
  Expectation(const Expectation&) = delete;
  Expectation& operator=(const Expectation&) = delete;

 private:
  Watchdog& watchdog_;
};

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

HttpExchange::HttpExchange(std::unique_ptr<Stream> stream, asio::any_io_executor loop,
                           platform::Clock& clock, Settings settings)
    : settings_(std::move(settings)), clock_(clock), stream_(std::move(stream)) {
  watchdog_.emplace(std::move(loop), clock, settings_.stall_timeout,
                    [this] { stream_->interrupt(); });
}

void HttpExchange::close() noexcept {
  watchdog_.reset();
  stream_.reset();
}

void HttpExchange::check_open() const {
  if (!stream_) throw failure(Step::receive, settings_.origin, "the connection is closed already");
}

// --- sending

void HttpExchange::stop_sending(std::exception_ptr failure) {
  sending_over_ = true;
  send_failure_ = std::move(failure);
}

HttpError HttpExchange::send_error(const boost::system::error_code& error) const {
  if (watchdog_->bitten()) {
    return failure(Step::stalled, settings_.origin,
                   "it took nothing of the request for " + to_string(watchdog_->limit()));
  }
  if (error.category() == asio::error::get_ssl_category()) {
    return tls_failure(settings_.origin, error.value());
  }
  return system_failure(Step::send, settings_.origin, error.value());
}

Task<bool> HttpExchange::send(std::span<const std::byte> bytes) {
  try {
    co_await send_on(bytes);
  } catch (...) {
    close();
    throw;
  }
  co_return !sending_over_;
}

Task<> HttpExchange::send_on(std::span<const std::byte> bytes) {
  if (!sending_over_) check_open();
  while (!bytes.empty() && !sending_over_) {
    if (stream_->readable()) {
      co_await look_for_early_answer();
    } else {
      co_await send_piece(bytes);
    }
  }
}

// A failure ends the sending only: an answer may have come before it.
Task<> HttpExchange::send_piece(std::span<const std::byte>& bytes) {
  const Expectation expectation(*watchdog_);
  const auto outcome = co_await stream_->write_some(bytes);
  bytes = bytes.subspan(outcome.bytes);
  if (!outcome.error) co_return;
  const auto error = send_error(outcome.error);
  if (error.step() == Step::stalled && !stream_->readable()) throw error;
  stop_sending(std::make_exception_ptr(error));
}

Task<> HttpExchange::look_for_early_answer() {
  std::exception_ptr broken;
  bool ended = false;
  try {
    ended = !co_await fill_inbox();
  } catch (const HttpError& error) {
    broken = std::make_exception_ptr(
        failure(Step::send, settings_.origin, error.why(), error.advice(), error.error_number()));
  }
  if (ended) {
    broken = std::make_exception_ptr(failure(
        Step::send, settings_.origin, "it closed the connection before the end of the request"));
  }
  if (broken) {
    stop_sending(std::move(broken));
    co_return;
  }
  while (take_head() == Took::interim) {
  }
  if (head_) stop_sending();
}

Task<> HttpExchange::await_continue() {
  if (sending_over_) co_return;
  const Error::Parts late{"get an answer from", settings_.origin, "no word about going on"};
  try {
    co_await async::with_deadline(
        read_continue(), clock_.sleep_for(std::min(kContinueWait, watchdog_->limit())), late);
  } catch (const TimeoutError&) {
  } catch (const HttpError&) {
    stop_sending(std::current_exception());
  } catch (...) {
    close();
    throw;
  }
}

Task<> HttpExchange::read_continue() {
  for (;;) {
    const auto took = take_head();
    if (took == Took::answer) stop_sending();
    if (took != Took::nothing) co_return;
    if (!co_await fill_inbox()) {
      throw failure(Step::send, settings_.origin,
                    "it closed the connection before the request's body");
    }
  }
}

Task<bool> HttpExchange::write(std::span<const std::byte> bytes) {
  try {
    co_await write_piece(bytes);
  } catch (...) {
    close();
    throw;
  }
  co_return !sending_over_;
}

Task<> HttpExchange::write_piece(std::span<const std::byte> bytes) {
  if (bytes.empty() || sending_over_) co_return;
  if (!settings_.body.chunked) {
    if (bytes.size() > settings_.body.length.value_or(0) - written_) {
      throw RequestError(
          {"send a request to", settings_.origin, "its body became longer than was announced"});
    }
    written_ += bytes.size();
    co_await send_on(bytes);
    co_return;
  }
  std::array<char, 20> line{};
  char* end = std::to_chars(line.data(), line.data() + 16, bytes.size(), 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  co_await send_on(std::as_bytes(std::span(line.data(), end)));
  co_await send_on(bytes);
  co_await send_on(bytes_of("\r\n"));
}

Task<> HttpExchange::end_request() {
  if (sending_over_) co_return;
  if (settings_.body.chunked) {
    co_await send_on(bytes_of("0\r\n\r\n"));
  } else if (written_ < settings_.body.length.value_or(0)) {
    throw RequestError(
        {"send a request to", settings_.origin, "its body is shorter than was announced"});
  }
  sending_over_ = true;
}

// --- receiving

HttpError HttpExchange::receive_error(const boost::system::error_code& error) const {
  if (watchdog_->bitten()) {
    return failure(Step::stalled, settings_.origin,
                   head_ ? "nothing more came for " + to_string(watchdog_->limit())
                         : "no answer came within " + to_string(watchdog_->limit()));
  }
  if (error.category() == asio::error::get_ssl_category()) {
    // With TLS 1.3 a peer refuses our certificate after the handshake.
    if (!head_) return tls_failure(settings_.origin, error.value());
    return failure(Step::receive, settings_.origin, "TLS: " + error.message());
  }
  return system_failure(Step::receive, settings_.origin, error.value());
}

// 0: the peer has ended. Asio waits for ever when a socket is read again after its end.
Task<std::size_t> HttpExchange::receive(std::span<std::byte> into) {
  if (peer_ended_) co_return 0;
  const auto outcome = co_await stream_->read_some(into);
  if (!outcome.error) co_return outcome.bytes;
  truncated_ = outcome.error == asio::ssl::error::stream_truncated;
  peer_ended_ = truncated_ || outcome.error == asio::error::eof;
  if (peer_ended_) co_return 0;
  throw receive_error(outcome.error);
}

Task<std::size_t> HttpExchange::receive_watched(std::span<std::byte> into) {
  const Expectation expectation(*watchdog_);
  co_return co_await receive(into);
}

Task<bool> HttpExchange::fill_inbox() {
  const auto bytes = co_await receive(inbox_.room(kReadSize));
  inbox_.filled(bytes);
  co_return bytes != 0;
}

HttpExchange::Took HttpExchange::take_head() {
  auto head = parse_head(inbox_.unread(), settings_.head_request,
                         settings_.max_header - head_bytes_, settings_.origin);
  if (!head) return Took::nothing;
  head_bytes_ += head->bytes;
  inbox_.drop(head->bytes);
  if (head->response.status == 101) {
    throw failure(Step::protocol, settings_.origin,
                  "it changes to a protocol that was not asked for");
  }
  if (head->response.status < 200) return Took::interim;
  remaining_ = head->length;
  if (head->body == ResponseHead::Body::chunked) chunks_.emplace(settings_.max_header);
  head_ = std::move(head);
  return Took::answer;
}

Task<Response> HttpExchange::head() {
  if (head_) co_return head_->response;
  try {
    co_await end_request();
    if (!head_) co_await read_head();
  } catch (...) {
    close();
    throw;
  }
  co_return head_->response;
}

// One expectation for all of it, so that no drip of bytes or interim answers can go on for ever.
Task<> HttpExchange::read_head() {
  check_open();
  const Expectation expectation(*watchdog_);
  try {
    for (;;) {
      const auto took = take_head();
      if (took == Took::answer) co_return;
      if (took == Took::interim) continue;
      if (!co_await fill_inbox()) {
        throw failure(Step::receive, settings_.origin,
                      inbox_.empty() ? "it closed the connection without an answer"
                                     : "the connection ended in the head of the answer");
      }
    }
  } catch (const HttpError& error) {
    const bool nothing_came = error.step() == Step::receive || error.step() == Step::stalled;
    if (send_failure_ && nothing_came) std::rethrow_exception(send_failure_);
    throw;
  }
}

Task<std::size_t> HttpExchange::read(std::span<std::byte> into) {
  if (!head_) static_cast<void>(co_await head());
  if (complete_) co_return 0;
  try {
    check_open();
    const auto bytes = co_await read_body(into);
    if (bytes == 0) {
      complete_ = true;
      close();
    }
    co_return bytes;
  } catch (...) {
    close();
    throw;
  }
}

Task<std::size_t> HttpExchange::read_body(std::span<std::byte> into) {
  switch (head_->body) {
    case ResponseHead::Body::length:
      return read_length(into);
    case ResponseHead::Body::chunked:
      return read_chunked(into);
    case ResponseHead::Body::until_close:
      return read_to_close(into);
    case ResponseHead::Body::none:
      break;
  }
  return read_length({});
}

Task<std::size_t> HttpExchange::read_length(std::span<std::byte> into) {
  into = into.first(std::min<std::uint64_t>(into.size(), remaining_));
  if (into.empty()) co_return 0;
  auto bytes = inbox_.take(into);
  if (bytes == 0) bytes = co_await receive_watched(into);
  if (bytes == 0) {
    throw failure(Step::receive, settings_.origin,
                  "the connection ended " + to_string(ByteSize{remaining_}) +
                      " before the end of the answer");
  }
  remaining_ -= bytes;
  co_return bytes;
}

Task<std::size_t> HttpExchange::read_to_close(std::span<std::byte> into) {
  auto bytes = inbox_.take(into);
  if (bytes == 0) bytes = co_await receive_watched(into);
  if (bytes == 0 && truncated_) {
    throw failure(Step::receive, settings_.origin,
                  "the connection was cut: TLS ended without saying so");
  }
  co_return bytes;
}

Task<> HttpExchange::next_chunk() {
  while (chunks_->data() == 0 && !chunks_->done()) {
    if (inbox_.empty()) {
      const Expectation expectation(*watchdog_);
      if (!co_await fill_inbox()) {
        throw failure(Step::receive, settings_.origin,
                      "the connection ended before the last chunk of the answer");
      }
    }
    inbox_.drop(chunks_->take(inbox_.unread()));
    switch (chunks_->verdict()) {
      case ChunkDecoder::Verdict::good:
        break;
      case ChunkDecoder::Verdict::malformed:
        throw failure(Step::protocol, settings_.origin, "its answer is badly chunked");
      case ChunkDecoder::Verdict::too_large:
        throw failure(Step::limit, settings_.origin,
                      "a chunk's header, or the trailers, are larger than " +
                          to_string(ByteSize{settings_.max_header}));
    }
  }
}

Task<std::size_t> HttpExchange::read_chunked(std::span<std::byte> into) {
  co_await next_chunk();
  into = into.first(std::min<std::uint64_t>(into.size(), chunks_->data()));
  if (into.empty()) co_return 0;
  if (inbox_.empty() && into.size() < kWorthADirectRead) {
    const Expectation expectation(*watchdog_);
    static_cast<void>(co_await fill_inbox());
  }
  auto bytes = inbox_.take(into);
  if (bytes == 0) bytes = co_await receive_watched(into);
  if (bytes == 0) {
    throw failure(Step::receive, settings_.origin,
                  "the connection ended within a chunk of the answer");
  }
  chunks_->took_data(bytes);
  co_return bytes;
}

}  // namespace snapshotter::http
