// Inside lib/http only: requests in the form of the wire; pure.
#pragma once

#include "base/secret.hpp"
#include "http/client.hpp"
#include "http/message.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace snapshotter::http {

// How the body of a request travels.
struct RequestBody {
  std::optional<std::uint64_t> length = {};
  bool chunked = false;
  bool expect_continue = false;
};

// Everything up to and with the empty line. Throws RequestError, without the values, for what would
// break the message (CR, LF, NUL, a blank in the path) or is not the caller's to say (Host,
// Content-Length, Authorization, Connection, …). Secret, for credentials are in it.
[[nodiscard]] Secret request_head(const Request& request, const ClientOptions& options,
                                  const RequestBody& body);
// "CONNECT host:port" for the proxy of `options`.
[[nodiscard]] Secret connect_head(const ClientOptions& options);

}  // namespace snapshotter::http
