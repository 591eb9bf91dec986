// Base64 (RFC 4648, section 4): with padding, without line breaks. For secrets, signatures and
// headers: texts of at most 1 GiB.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace snapshotter::crypto {

[[nodiscard]] std::string to_base64(std::string_view bytes);
[[nodiscard]] std::string to_base64(std::span<const std::byte> bytes);
// Takes exactly what to_base64 gives; nullopt for anything else: blanks, missing padding, the
// alphabet for URLs, bits that are left over and not zero.
[[nodiscard]] std::optional<std::string> parse_base64(std::string_view text);

}  // namespace snapshotter::crypto
