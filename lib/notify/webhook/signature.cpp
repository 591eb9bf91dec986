#include "notify/webhook/signature.hpp"

#include "crypto/base64.hpp"
#include "crypto/hmac.hpp"

namespace snapshotter::notify {

std::optional<Secret> signing_key(const Secret& configured) {
  static constexpr std::string_view kPrefix = "whsec_";
  const std::string_view text = configured.reveal();
  if (text.empty()) return std::nullopt;
  if (!text.starts_with(kPrefix)) return configured;
  std::optional<std::string> key = crypto::parse_base64(text.substr(kPrefix.size()));
  if (!key || key->empty()) return std::nullopt;
  return Secret(std::move(*key));
}

std::string signature(const std::vector<Secret>& keys, std::string_view id,
                      std::string_view timestamp, std::string_view body) {
  std::string content(id);
  content.append(".").append(timestamp).append(".").append(body);
  std::string value;
  for (const Secret& key : keys) {
    value += value.empty() ? "v1," : " v1,";
    value += crypto::to_base64(crypto::hmac_sha256(key.reveal(), content));
  }
  return value;
}

}  // namespace snapshotter::notify
