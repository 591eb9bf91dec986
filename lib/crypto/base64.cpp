#include "crypto/base64.hpp"

#include <openssl/evp.h>

namespace snapshotter::crypto {
namespace {

auto* letters(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const auto* letters(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string text((bytes.size() + 2) / 3 * 4, '\0');
  // It writes a 0 behind its result: where std::string has one.
  EVP_EncodeBlock(letters(text), letters(bytes), static_cast<int>(bytes.size()));
  return text;
}

std::string to_base64(std::span<const std::byte> bytes) {
  return to_base64(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

std::optional<std::string> parse_base64(std::string_view text) {
  std::string bytes(text.size() / 4 * 3, '\0');
  if (text.size() % 4 != 0) return std::nullopt;
  if (EVP_DecodeBlock(letters(bytes), letters(text), static_cast<int>(text.size())) < 0) {
    return std::nullopt;
  }
  // OpenSSL decodes padding to zeros, and puts up with blanks around.
  for (std::size_t i = 0; i < 2 && i < text.size() && text[text.size() - 1 - i] == '='; ++i) {
    bytes.pop_back();
  }
  if (to_base64(bytes) != text) return std::nullopt;
  return bytes;
}

}  // namespace snapshotter::crypto
