// Inside lib/http only: a connection, plain or under TLS.
#pragma once

#include "async/task.hpp"

#include <boost/system/error_code.hpp>

#include <cstddef>
#include <span>

namespace snapshotter::http {

// Errors come as codes, for the caller knows what it was doing: asio::error::eof for a proper end,
// asio::ssl::error::stream_truncated for one that TLS did not announce, operation_aborted after
// interrupt(). Cancellation is CancelledError. Loop thread; one reader and one writer at a time.
class Stream {
 public:
  struct Outcome {
    std::size_t bytes = 0;
    boost::system::error_code error = {};
  };

  virtual ~Stream() = default;
  [[nodiscard]] virtual Task<Outcome> read_some(std::span<std::byte> into) = 0;
  [[nodiscard]] virtual Task<Outcome> write_some(std::span<const std::byte> from) = 0;
  // Ends what is being waited for.
  virtual void interrupt() noexcept = 0;
  // Whether the peer is known to have sent something, or to have gone. Under TLS never: there, what
  // has come need not be data.
  [[nodiscard]] virtual bool readable() const = 0;
};

}  // namespace snapshotter::http
