#include "crypto/sha256.hpp"
#include "support/catch.hpp"

#include <algorithm>
#include <cctype>
#include <span>
#include <string>
#include <utility>

using namespace snapshotter::crypto;

namespace {

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

}  // namespace

TEST_CASE("SHA-256 gives the digests of FIPS 180-4") {
  CHECK(to_hex(sha256(bytes("abc"))) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(to_hex(sha256({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(to_hex(sha256(bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(to_hex(sha256(bytes(std::string(1'000'000, 'a')))) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("SHA-256 in pieces of any size equals SHA-256 at once") {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>(i * 7);
  const auto expected = sha256(bytes(text));
  for (const std::size_t piece : {1U, 3U, 55U, 56U, 63U, 64U, 65U, 999U}) {
    Sha256 hash;
    for (std::size_t at = 0; at < text.size(); at += piece) {
      hash.update(bytes(text).subspan(at, std::min(piece, text.size() - at)));
    }
    CHECK(hash.finish() == expected);
  }
}

TEST_CASE("a hash begins anew after finish and can be moved in between") {
  Sha256 hash;
  hash.update(bytes("something else"));
  CHECK(hash.finish() != sha256(bytes("abc")));
  hash.update(bytes("ab"));
  Sha256 moved = std::move(hash);
  moved.update(bytes("c"));
  CHECK(moved.finish() == sha256(bytes("abc")));
  CHECK(moved.finish() == sha256({}));
}

TEST_CASE("a digest survives being written and read") {
  const auto digest = sha256(bytes("abc"));
  auto text = to_hex(digest);
  CHECK(parse_hex(text) == digest);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  CHECK(parse_hex(text) == digest);
}

TEST_CASE("what is not 64 hexadecimal digits is no digest") {
  const auto good = to_hex(sha256({}));
  CHECK_FALSE(parse_hex(""));
  CHECK_FALSE(parse_hex(good.substr(1)));
  CHECK_FALSE(parse_hex(good + "0"));
  for (const char wrong : {'g', 'G', ' ', '/', ':', '@', '`', '\0', '-'}) {
    for (const std::size_t place : {0U, 31U, 63U}) {
      auto text = good;
      text[place] = wrong;
      CHECK_FALSE(parse_hex(text));
    }
  }
}
