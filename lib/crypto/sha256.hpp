// SHA-256 (FIPS 180-4): the checksum of every archive.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace snapshotter::crypto {

using Digest = std::array<std::byte, 32>;

// A digest of bytes that come in pieces. One thread at a time. Throws Error only where OpenSSL
// can't give the algorithm at all (a broken installation).
class Sha256 {
 public:
  Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;
  ~Sha256();

  void update(std::span<const std::byte> bytes);
  // The digest of everything since the construction or the last finish(); then it begins anew.
  [[nodiscard]] Digest finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

[[nodiscard]] Digest sha256(std::span<const std::byte> bytes);

// 64 lower-case digits, as sha256sum(1) writes them.
[[nodiscard]] std::string to_hex(const Digest& digest);
// Takes both cases; nullopt for anything but 64 digits.
[[nodiscard]] std::optional<Digest> parse_hex(std::string_view text);

}  // namespace snapshotter::crypto
