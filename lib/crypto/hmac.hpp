// HMAC-SHA256 (RFC 2104): what webhooks are signed with.
#pragma once

#include "crypto/sha256.hpp"

#include <string_view>

namespace snapshotter::crypto {

// Bytes of any kind, a key of any length. Throws Error only where OpenSSL can't give the algorithm
// at all (a broken installation).
[[nodiscard]] Digest hmac_sha256(std::string_view key, std::string_view message);

}  // namespace snapshotter::crypto
