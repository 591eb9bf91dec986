#include "notify/webhook/signature.hpp"
#include "support/catch.hpp"

using namespace snapshotter;
using notify::signature;
using notify::signing_key;

namespace {

constexpr const char* kId = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr const char* kTimestamp = "1614265330";
constexpr const char* kBody = R"({"test": 2432232314})";

Secret key(const std::string& configured) {
  const auto result = signing_key(Secret(configured));
  REQUIRE(result);
  return *result;
}

}  // namespace

// The first is the vector that Standard Webhooks' libraries test with; both were computed again
// with openssl dgst -mac HMAC and with Python's hmac.
TEST_CASE("signatures are those of Standard Webhooks") {
  const Secret published = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  CHECK(signature({published}, kId, kTimestamp, kBody) ==
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  CHECK(signature({key("plain secret")}, kId, kTimestamp, kBody) ==
        "v1,gke7k785FD6W2FuaDcrvG3sQcmFE9YVaaAmarK4oi68=");
}

TEST_CASE("each key signs, in the order of the configuration") {
  const Secret old = key("old");
  const Secret next = key("new");
  const std::string both = signature({old, next}, kId, kTimestamp, kBody);
  CHECK(both ==
        signature({old}, kId, kTimestamp, kBody) + " " + signature({next}, kId, kTimestamp, kBody));
}

TEST_CASE("id, time and body are all signed") {
  const std::vector<Secret> keys{key("secret")};
  const std::string whole = signature(keys, kId, kTimestamp, kBody);
  CHECK(signature(keys, "msg_other", kTimestamp, kBody) != whole);
  CHECK(signature(keys, kId, "1614265331", kBody) != whole);
  CHECK(signature(keys, kId, kTimestamp, "{}") != whole);
  CHECK(signature({key("Secret")}, kId, kTimestamp, kBody) != whole);
  CHECK(signature({}, kId, kTimestamp, kBody).empty());
}

TEST_CASE("a secret is decoded behind whsec_ and taken as it is otherwise") {
  CHECK(key("whsec_AAEC/w==").reveal() == std::string("\0\1\2\xff", 4));
  CHECK(key("AAEC/w==").reveal() == "AAEC/w==");
  CHECK(key("WHSEC_AAEC/w==").reveal() == "WHSEC_AAEC/w==");
  CHECK(key(" x ").reveal() == " x ");
}

TEST_CASE("what is no secret is refused") {
  for (const auto* text : {"", "whsec_", "whsec_%%%%", "whsec_AAEC/w", "whsec_ AAEC/w=="}) {
    INFO(text);
    CHECK_FALSE(signing_key(Secret(std::string(text))));
  }
}
