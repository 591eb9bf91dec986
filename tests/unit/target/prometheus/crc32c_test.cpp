#include "target/prometheus/crc32c.hpp"

#include "support/catch.hpp"

#include <cstdio>
#include <random>
#include <string_view>
#include <vector>

using namespace snapshotter::target::prometheus;

namespace {
using Crc = std::uint32_t (*)(std::uint32_t, std::span<const std::byte>) noexcept;

std::vector<std::byte> repeated(std::size_t count, unsigned char byte) {
  return std::vector<std::byte>(count, std::byte{byte});
}
}  // namespace

TEST_CASE("CRC-32C gives what RFC 3720 gives") {
  for (const Crc crc : {Crc{crc32c}, Crc{crc32c_by_tables}}) {
    CHECK(crc(0, {}) == 0);
    CHECK(crc(0, std::as_bytes(std::span(std::string_view("123456789")))) == 0xE3069283);
    CHECK(crc(0, repeated(32, 0)) == 0x8A9136AA);
    CHECK(crc(0, repeated(32, 0xFF)) == 0x62A8AB43);
  }
}

TEST_CASE("CRC-32C by instruction and by tables agree at every length and split") {
  const auto seed = std::random_device{}();
  std::printf("seed of the bytes: %u\n", seed);
  std::minstd_rand random(seed);
  std::vector<std::byte> bytes(300);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() >> 8U);
  for (std::size_t length = 0; length <= bytes.size(); ++length) {
    const auto all = std::span<const std::byte>(bytes).first(length);
    const auto expected = crc32c_by_tables(0, all);
    CAPTURE(seed, length);
    REQUIRE(crc32c(0, all) == expected);
    const std::size_t split = length / 3;
    REQUIRE(crc32c(crc32c(0, all.first(split)), all.subspan(split)) == expected);
    REQUIRE(crc32c_by_tables(crc32c_by_tables(0, all.first(split)), all.subspan(split)) ==
            expected);
  }
}
