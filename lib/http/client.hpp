// An asynchronous HTTP/1.1 client over TCP, TLS and unix sockets. Beast is inside the .cpp files.
//
// It speaks to one origin. Each exchange has a connection of its own, closed at its end: what is
// asked here is asked once a night. Any status is an answer, not an error; what did not become an
// answer is an HttpError. Proxy variables of the environment are ignored.
//
// Limits, each a setting below: time for getting a connection, time without a byte in either
// direction, size of a response's header, size of a body that is read into memory.
#pragma once

#include "async/task.hpp"
#include "base/error.hpp"
#include "base/secret.hpp"
#include "base/settings.hpp"
#include "http/message.hpp"
#include "http/url.hpp"
#include "platform/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace snapshotter::http {

// Why there was no answer. Retryable but for `tls`, `protocol` and `limit`. subject() is the
// origin; never a path, a query or credentials.
class HttpError : public ErrorOf<Error, ErrorKind::network> {
 public:
  // resolve: no address for the name. connect: refused, unreachable, no such socket, no right to
  // it; error_number() tells. tls: the handshake – certificate, name, version. send, receive: the
  // connection broke, or ended before the answer did. stalled: a deadline of ClientOptions passed.
  // protocol: what came is no HTTP. limit: it was too large.
  enum class Step { resolve, connect, tls, send, receive, stalled, protocol, limit };
  HttpError(Step step, Error::Parts parts) : ErrorOf(std::move(parts)), step_(step) {}
  [[nodiscard]] Step step() const noexcept { return step_; }

 private:
  Step step_;
};

struct TlsOptions {
  std::string ca_file;           // PEM; empty: the system's
  std::string certificate_file;  // PEM, of this client; empty: none
  std::string key_file;
  std::string server_name;  // what the certificate must name; empty: the URL's host
};

struct ClientOptions {
  Url url;                   // its user and password are sent as basic authentication
  Secret bearer;             // "Authorization: Bearer …" instead
  TlsOptions tls;            // TLS 1.2 at least, certificate and host name always checked
  std::optional<Url> proxy;  // http:// only: CONNECT for https, absolute form for http
  Duration connect_timeout = std::chrono::seconds{10};  // name, connection and handshake together
  // Without a byte in either direction while one is waited for; and a response's head must be
  // complete this long after its request.
  Duration stall_timeout = std::chrono::seconds{30};
  std::size_t max_header = 64 * 1024;       // with those of interim responses; trailers as well
  std::size_t max_body = 16 * 1024 * 1024;  // of send(); a streamed body has no limit
  // Redirects followed by send(), with their method kept (307, 308) or as GET (301, 302, 303 after
  // POST). To another origin credentials do not go along.
  unsigned max_redirects = 0;
};

// The keys that every HTTP service of a configuration shares, read from its section: `url`
// (required, http or https unless `schemes_too` says unix as well), `username` and `password`,
// `bearer_token`, `ca_file`, `client_certificate`, `client_key`, `server_name`, `proxy`. Bad values
// become problems there.
enum class UnixSockets { no, yes };
[[nodiscard]] ClientOptions read_client_options(settings::Section& section,
                                                UnixSockets sockets = UnixSockets::no);

// A request under way whose response has begun, or whose body is still being sent. Loop thread,
// one call at a time. Destroying it closes the connection, also in the middle.
class Exchange {
 public:
  virtual ~Exchange() = default;
  // Only after Client::upload(): the next bytes of the request's body. False: the peer takes no
  // more, and head() tells why, by an answer that came early or an error.
  [[nodiscard]] virtual Task<bool> write(std::span<const std::byte> bytes) = 0;
  // Ends the request's body (nothing to end after Client::stream()) and reads the response's head;
  // again: the same head. Its body is empty.
  [[nodiscard]] virtual Task<Response> head() = 0;
  // The next bytes of the response's body, as they come, into a place for at least one; 0: it ended
  // as HTTP says it must – the length reached, the last chunk seen, or, without either, the
  // connection closed. Throws HttpError::receive when it broke off before.
  [[nodiscard]] virtual Task<std::size_t> read(std::span<std::byte> into) = 0;
};

// Loop thread; any number of exchanges at once. Everything throws HttpError, RequestError for what
// can't be sent as it is (a line break in a header, a header that is the client's own), before
// anything is, and CancelledError on cancellation, which closes the connection.
//
// Request is an aggregate: give it a name before the statement that awaits (async/task.hpp).
class Client {
 public:
  // No I/O. The clock outlives it and every exchange by one turn of the loop, in which what watched
  // them ends: run the loop dry before the clock goes.
  Client(ClientOptions options, platform::Clock& clock);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // The whole exchange. HttpError::limit when the body is larger than max_body.
  [[nodiscard]] Task<Response> send(Request request);
  // The response's body is read piece by piece.
  [[nodiscard]] Task<std::unique_ptr<Exchange>> stream(Request request);
  // The request's body is written piece by piece (and the response's read so): of `length` bytes
  // (RequestError when it becomes another), or chunked without one. With expect_continue nothing
  // of it is sent before the peer has said 100; if it answers otherwise, write() returns false and
  // head() that answer; if it says nothing for a second, the body is sent (RFC 9110, 10.1.1).
  struct Upload {
    std::optional<std::uint64_t> length = {};
    bool expect_continue = false;
  };
  [[nodiscard]] Task<std::unique_ptr<Exchange>> upload(Request request, Upload upload);

  [[nodiscard]] const ClientOptions& options() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace snapshotter::http
