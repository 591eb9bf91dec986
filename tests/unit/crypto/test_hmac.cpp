#include "crypto/base64.hpp"
#include "crypto/hmac.hpp"
#include "support/catch.hpp"

#include <string>

using namespace snapshotter::crypto;

namespace {

std::string hmac(const std::string& key, const std::string& message) {
  return to_hex(hmac_sha256(key, message));
}

}  // namespace

TEST_CASE("HMAC-SHA256 gives the values of RFC 4231") {
  CHECK(hmac(std::string(20, '\x0b'), "Hi There") ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(hmac("Jefe", "what do ya want for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(hmac(std::string(20, '\xaa'), std::string(50, '\xdd')) ==
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  CHECK(hmac(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First") ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST_CASE("HMAC-SHA256 takes an empty key and an empty message") {
  CHECK(hmac("", "") == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  CHECK(to_hex(hmac_sha256({}, {})) == hmac("", ""));
}

TEST_CASE("base64 gives the values of RFC 4648 and takes them back") {
  const std::vector<std::pair<std::string, std::string>> table{{"", ""},
                                                               {"f", "Zg=="},
                                                               {"fo", "Zm8="},
                                                               {"foo", "Zm9v"},
                                                               {"foob", "Zm9vYg=="},
                                                               {"fooba", "Zm9vYmE="},
                                                               {"foobar", "Zm9vYmFy"},
                                                               {"\xfb\xff", "+/8="}};
  for (const auto& [bytes, text] : table) {
    CHECK(to_base64(bytes) == text);
    CHECK(parse_base64(text) == bytes);
  }
}

TEST_CASE("base64 of bytes of any value comes back") {
  std::string bytes;
  for (int length = 0; length < 600; ++length) {
    CHECK(parse_base64(to_base64(bytes)) == bytes);
    bytes += static_cast<char>(length * 37);
  }
}

TEST_CASE("base64 takes nothing that it does not give") {
  for (const auto* text : {"Z", "Zg", "Zg=", "Zg===", "====", "=", "Z===", "Zh==", "Zm9=", " Zg==",
                           "Zg== ", "Zm9v\n", "Zm-_", "Zg==Zg==", "Zm9vZ", "Zm8=Zm9v", "Zm9\xff"}) {
    INFO(text);
    CHECK_FALSE(parse_base64(text));
  }
  CHECK_FALSE(parse_base64(std::string("Zm9\0", 4)));
}
