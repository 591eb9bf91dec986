// Inside lib/http only: from options to a connection.
#pragma once

#include "http/client.hpp"
#include "http/stream.hpp"

#include <memory>

namespace snapshotter::http {

// Name, connection, proxy and TLS, all within options.connect_timeout; HttpError::stalled says
// which of them took too long. Closed on cancellation.
[[nodiscard]] Task<std::unique_ptr<Stream>> open_stream(const ClientOptions& options,
                                                        platform::Clock& clock);

}  // namespace snapshotter::http
