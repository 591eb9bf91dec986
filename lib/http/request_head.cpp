#include "http/request_head.hpp"

#include "base/text.hpp"
#include "base/version.hpp"
#include "crypto/base64.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace snapshotter::http {
namespace {

constexpr std::array<std::string_view, 11> kOurs{
    "host",    "content-length",   "transfer-encoding",  "connection",
    "expect",  "upgrade",          "keep-alive",         "te",
    "trailer", "proxy-connection", "proxy-authorization"};

[[noreturn]] void refuse(const ClientOptions& options, std::string why) {
  throw RequestError({"send a request to", options.url.origin(), std::move(why)});
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// RFC 9110, 5.6.2.
bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

// RFC 9110, 5.5: what is refused here could end the field, or the request.
bool is_field_value(std::string_view text) {
  return std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7f;
  });
}

bool is_path(std::string_view text) {
  return text.starts_with('/') && std::ranges::none_of(text, [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte <= 0x20 || byte >= 0x7f || c == '#';
         });
}

bool has_credentials(const ClientOptions& options) {
  return !options.bearer.empty() || !options.url.user.empty() || !options.url.password.empty();
}

bool is_ours(std::string_view small, const ClientOptions& options) {
  return std::ranges::find(kOurs, small) != kOurs.end() ||
         (small == "authorization" && has_credentials(options));
}

void check(const Request& request, const ClientOptions& options) {
  if (!is_token(request.method)) refuse(options, "the method holds a character that none has");
  if (!is_path(request.path)) {
    refuse(options, "the path does not begin with '/', or is not percent-encoded");
  }
  for (const auto& [name, value] : request.headers.all()) {
    if (!is_token(name)) refuse(options, "a header's name holds a character that none has");
    std::string small = name;
    std::ranges::transform(small, small.begin(), lower);
    if (is_ours(small, options)) {
      refuse(options, "the header '" + name + "' is the client's own");
    }
    if (!is_field_value(value)) {
      refuse(options, "the header '" + name + "' holds a line break or a control character");
    }
  }
}

std::string basic(const Url& url) {
  return "Basic " + crypto::to_base64(url.user + ":" + url.password.reveal());
}

std::string authorization(const ClientOptions& options) {
  if (!options.bearer.empty()) {
    if (!is_field_value(options.bearer.reveal())) {
      refuse(options, "the bearer token holds a line break or a control character");
    }
    return "Bearer " + options.bearer.reveal();
  }
  return has_credentials(options) ? basic(options.url) : "";
}

bool by_proxy(const ClientOptions& options) {
  return options.proxy && options.url.scheme == Url::Scheme::http;
}

std::string user_agent() { return "snapshotter/" + std::string(version()); }

class Lines {
 public:
  explicit Lines(const std::string& first) : text_(first + "\r\n") {}
  void add(std::string_view name, std::string_view value) {
    text_.append(name).append(": ").append(value).append("\r\n");
  }
  [[nodiscard]] Secret take() { return Secret(std::move(text_ += "\r\n")); }

 private:
  std::string text_;
};

void add_body(Lines& lines, const std::string& method, const RequestBody& body) {
  const bool has_body = method == "POST" || method == "PUT" || method == "PATCH";
  if (body.chunked) {
    lines.add("Transfer-Encoding", "chunked");
  } else if (has_body || body.length.value_or(0) != 0) {
    lines.add("Content-Length", std::to_string(body.length.value_or(0)));
  }
  if (body.expect_continue) lines.add("Expect", "100-continue");
}

}  // namespace

Secret request_head(const Request& request, const ClientOptions& options, const RequestBody& body) {
  check(request, options);
  const std::string prefix = by_proxy(options) ? options.url.origin() : "";
  Lines lines(request.method + " " + prefix + request.path + " HTTP/1.1");
  lines.add("Host", options.url.authority());
  if (!request.headers.find("User-Agent")) lines.add("User-Agent", user_agent());
  if (!request.headers.find("Accept")) lines.add("Accept", "*/*");
  lines.add("Connection", "close");
  if (const auto value = authorization(options); !value.empty()) lines.add("Authorization", value);
  if (by_proxy(options) && !options.proxy->user.empty()) {
    lines.add("Proxy-Authorization", basic(*options.proxy));
  }
  for (const auto& [name, value] : request.headers.all()) lines.add(name, value);
  add_body(lines, request.method, body);
  return lines.take();
}

Secret connect_head(const ClientOptions& options) {
  const Url& url = options.url;
  const std::string host =
      url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  const std::string where = host + ":" + std::to_string(url.port);
  Lines lines("CONNECT " + where + " HTTP/1.1");
  lines.add("Host", where);
  lines.add("User-Agent", user_agent());
  if (!options.proxy->user.empty()) lines.add("Proxy-Authorization", basic(*options.proxy));
  return lines.take();
}

}  // namespace snapshotter::http
