// Inside lib/http only: the head of a response, and what it says of the body; pure.
#pragma once

#include "http/client.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace snapshotter::http {

struct ResponseHead {
  enum class Body { none, length, chunked, until_close };
  Response response;  // without its body
  Body body = Body::none;
  std::uint64_t length = 0;
  std::size_t bytes = 0;  // of the head itself
};

// nullopt: more bytes are needed. `bytes` begins where the response begins. Throws
// HttpError::protocol for what can't become a head, as soon as that shows, and HttpError::limit for
// more than `limit` bytes.
[[nodiscard]] std::optional<ResponseHead> parse_head(std::span<const std::byte> bytes,
                                                     bool to_head_request, std::size_t limit,
                                                     const std::string& origin);

}  // namespace snapshotter::http
