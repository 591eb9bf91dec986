// Signatures after Standard Webhooks, version 1 (standardwebhooks.com): receivers check them with a
// library of their language. Pure.
#pragma once

#include "base/secret.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snapshotter::notify {

// The key that a configured secret stands for: "whsec_" and Base64 is decoded, any other text is
// the key itself. nullopt: "whsec_" before what is no Base64, or nothing at all.
[[nodiscard]] std::optional<Secret> signing_key(const Secret& configured);

// The value of webhook-signature: "v1,BASE64" for each key, separated by blanks, so that a receiver
// accepts an old and a new one while they are changed. `timestamp` is what webhook-timestamp says:
// seconds since 1970 of this attempt.
[[nodiscard]] std::string signature(const std::vector<Secret>& keys, std::string_view id,
                                    std::string_view timestamp, std::string_view body);

}  // namespace snapshotter::notify
