// Where a request goes.
#pragma once

#include "base/secret.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace snapshotter::http {

// "https://user:password@host:8443/base?x=y", "http://[::1]:9090", "unix:///run/docker.sock".
struct Url {
  enum class Scheme { http, https, unix_socket };
  Scheme scheme = Scheme::http;
  std::string host;         // a name, an IPv4 address, an IPv6 address without brackets; of a unix
                            // socket: its absolute path
  std::uint16_t port = 80;  // 443 for https
  std::string path = "/";   // as written, percent-encoding and all; of a unix socket: "/"
  std::string query;        // without '?'; may be empty
  std::string user;         // percent-decoded
  Secret password;

  // Only these three schemes; a fragment is dropped. Throws ConfigError, without the URL in it: it
  // may hold a secret. `why` says what is wrong.
  [[nodiscard]] static Url parse(std::string_view text);

  // What Host: says: "host", "host:8443", "[::1]:9090"; "localhost" of a unix socket.
  [[nodiscard]] std::string authority() const;
  // For messages: scheme, host and port, no path: services put tokens there. "https://host:8443",
  // "unix:///run/docker.sock".
  [[nodiscard]] std::string origin() const;
};

// RFC 3986, everything but unreserved characters as %XX: for parts of a path or a query.
[[nodiscard]] std::string percent_encode(std::string_view text);

}  // namespace snapshotter::http
