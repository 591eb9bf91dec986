#include "http/response_head.hpp"

#include "http/failure.hpp"

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include <algorithm>
#include <limits>
#include <string_view>

namespace snapshotter::http {
namespace beast = boost::beast;

namespace {

using Step = HttpError::Step;
using Parser = beast::http::response_parser<beast::http::empty_body>;

constexpr std::string_view kBeginning = "HTTP/1.";

// Anything else would only be found out when its "\r\n\r\n" does not come.
void check_beginning(std::string_view text, const std::string& origin) {
  const auto length = std::min(text.size(), kBeginning.size());
  if (text.substr(0, length) == kBeginning.substr(0, length)) return;
  // A TLS record: an alert (21), or a handshake (22).
  if (text.front() == '\x15' || text.front() == '\x16') {
    throw failure(Step::protocol, origin, "it speaks TLS", "write https:// in the URL");
  }
  throw failure(Step::protocol, origin, "what it sent is no answer in HTTP/1.1",
                "is another service at this address?");
}

ResponseHead::Body body_of(const Parser& parser) {
  const unsigned status = parser.get().result_int();
  if (parser.is_done() || status < 200 || status == 204 || status == 304) {
    return ResponseHead::Body::none;
  }
  if (parser.chunked()) return ResponseHead::Body::chunked;
  return parser.content_length() ? ResponseHead::Body::length : ResponseHead::Body::until_close;
}

}  // namespace

std::optional<ResponseHead> parse_head(std::span<const std::byte> bytes, bool to_head_request,
                                       std::size_t limit, const std::string& origin) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.empty()) return std::nullopt;
  check_beginning(text, origin);
  const auto end = text.find("\r\n\r\n");
  const auto size = end == std::string_view::npos ? text.size() : end + 4;
  if (size > limit) {
    throw failure(Step::limit, origin,
                  "the head of its answer is larger than " + to_string(ByteSize{limit}));
  }
  if (end == std::string_view::npos) return std::nullopt;

  Parser parser;
  parser.header_limit(std::numeric_limits<std::uint32_t>::max());
  parser.body_limit(boost::none);
  parser.skip(to_head_request);
  beast::error_code error;
  for (std::size_t taken = 0; !error && !parser.is_header_done();) {
    taken += parser.put(boost::asio::buffer(text.data() + taken, size - taken), error);
  }
  if (error) throw failure(Step::protocol, origin, "its answer is no HTTP: " + error.message());

  ResponseHead head;
  head.bytes = size;
  head.body = body_of(parser);
  if (head.body == ResponseHead::Body::length) head.length = *parser.content_length();
  const auto& message = parser.get();
  head.response.status = message.result_int();
  head.response.reason = std::string(message.reason());
  for (const auto& field : message) {
    head.response.headers.add(std::string(field.name_string()), std::string(field.value()));
  }
  return head;
}

}  // namespace snapshotter::http
