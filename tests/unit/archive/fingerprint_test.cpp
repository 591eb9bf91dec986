#include "archive/fingerprint.hpp"

#include "support/catch.hpp"

using namespace snapshotter;

namespace {

archive::Fingerprint fingerprint(std::span<const std::byte> bytes, std::size_t piece) {
  archive::Fingerprinter fingerprinter;
  while (!bytes.empty()) {
    const std::size_t count = std::min(piece, bytes.size());
    fingerprinter.update(bytes.first(count));
    bytes = bytes.subspan(count);
  }
  return fingerprinter.finish();
}

}  // namespace

TEST_CASE("a fingerprint is that of the bytes, however they are cut") {
  std::vector<std::byte> bytes(5000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 31 >> 3);
  const auto whole = fingerprint(bytes, bytes.size());
  for (const std::size_t piece : {1, 7, 64, 240, 256, 1024, 4999}) {
    CHECK(fingerprint(bytes, piece) == whole);
  }
}

TEST_CASE("no bit flips unnoticed by a fingerprint") {
  std::vector<std::byte> bytes(300);
  const auto before = fingerprint(bytes, bytes.size());
  for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
    const auto mask = static_cast<std::byte>(1U << bit % 8);
    bytes[bit / 8] ^= mask;
    CHECK(fingerprint(bytes, bytes.size()) != before);
    bytes[bit / 8] ^= mask;
  }
  CHECK(fingerprint(bytes, bytes.size()) == before);
}

TEST_CASE("bytes that are missing or too many change a fingerprint") {
  const std::vector<std::byte> bytes(1000);
  const auto all = fingerprint(bytes, bytes.size());
  CHECK(fingerprint(std::span(bytes).first(999), 1000) != all);
  CHECK(fingerprint({}, 1) != all);
}
