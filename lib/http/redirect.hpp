// Inside lib/http only: what to ask next when the answer is elsewhere; pure.
#pragma once

#include "http/client.hpp"

#include <optional>
#include <string_view>

namespace snapshotter::http {

struct Redirect {
  ClientOptions options;
  Request request;
};

// nullopt: `response` is the answer. 307, 308: the same again; 303, and 301 or 302 to a POST: as
// GET; else 301 and 302 as they are. To another origin nothing goes along that may be a credential:
// user, bearer, client certificate, and of the request's headers all but those about content.
// Throws HttpError::protocol for a Location that is none, leads from https to http, or from or to a
// unix socket.
[[nodiscard]] std::optional<Redirect> redirect(const ClientOptions& options, const Request& request,
                                               const Response& response);

// RFC 3986, 5.2: `reference` seen from `path` (with its query) at `base`; without credentials.
// Throws ConfigError as Url::parse() does.
[[nodiscard]] Url resolve_reference(const Url& base, std::string_view path,
                                    std::string_view reference);

}  // namespace snapshotter::http
