#include "crypto/hmac.hpp"

#include "base/error.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <limits>

namespace snapshotter::crypto {

Digest hmac_sha256(std::string_view key, std::string_view message) {
  Digest digest{};
  const bool key_fits = key.size() <= static_cast<std::size_t>(std::numeric_limits<int>::max());
  // A null key would mean "the one from before".
  const char* const bytes = key.empty() ? "" : key.data();
  if (!key_fits || HMAC(EVP_sha256(), bytes, static_cast<int>(key.size()),
                        reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                        reinterpret_cast<unsigned char*>(digest.data()), nullptr) == nullptr) {
    throw Error({"compute HMAC-SHA256", "", "OpenSSL refuses", "check its installation"});
  }
  return digest;
}

}  // namespace snapshotter::crypto
