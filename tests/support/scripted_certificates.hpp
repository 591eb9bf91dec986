// Certificates for tests, made on the spot (P-256, so at once).
#pragma once

#include <chrono>
#include <string>

namespace snapshotter::test {

struct Certificate {
  std::string certificate;  // PEM
  std::string key;          // PEM
};

struct CertificateWish {
  // As OpenSSL's configuration has them: "DNS:localhost,IP:127.0.0.1"; empty: none.
  std::string names = "DNS:localhost,IP:127.0.0.1,IP:::1";
  const Certificate* issuer = nullptr;  // none: self-signed
  bool authority = false;
  std::chrono::hours valid_from{-1};  // from now
  std::chrono::hours valid_for{24};
};

[[nodiscard]] Certificate make_certificate(const CertificateWish& wish);

}  // namespace snapshotter::test
