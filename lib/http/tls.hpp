// Inside lib/http only: TLS on a socket.
#pragma once

#include "http/client.hpp"
#include "http/socket.hpp"
#include "http/stream.hpp"

#include <memory>
#include <string>

namespace snapshotter::http {

// TLS 1.2 or 1.3 with options.url's host, its certificate checked. Reads the files of `options`
// each time, so that renewed ones count: a few kilobytes, on the loop. Throws HttpError::tls, or
// HttpError::receive when the connection broke in the handshake.
[[nodiscard]] Task<std::unique_ptr<Stream>> tls_stream(Socket socket, const ClientOptions& options);

// An error of OpenSSL, in plain words; `verdict` is the X509_V_… of the peer's certificate.
[[nodiscard]] HttpError tls_failure(const std::string& origin, int error, long verdict = 0);

}  // namespace snapshotter::http
