#include "archive/format.hpp"

#include "archive_support.hpp"

namespace snapshotter::archive::test {

TEST_CASE("formats have names") {
  CHECK(name(Format::tar_gz) == "tar.gz");
  CHECK(name(Format::tar_zst) == "tar.zst");
  CHECK(parse_format("tar.gz") == Format::tar_gz);
  CHECK(parse_format("tar.zst") == Format::tar_zst);
  for (const char* const bad : {"", "gz", "tar", "TAR.GZ", "tar.gz ", "tar.xz"}) {
    CHECK_FALSE(parse_format(bad));
  }
}

TEST_CASE("formats are known by their first bytes") {
  using namespace std::string_view_literals;
  CHECK(detect_format("\x1f\x8b\x08\x00"sv) == Format::tar_gz);
  CHECK(detect_format("\x28\xb5\x2f\xfd"sv) == Format::tar_zst);
  CHECK(detect_format("\x5e\x2a\x4d\x18"sv) == Format::tar_zst);
  for (const auto bad : {""sv, "\x1f"sv, "\x28\xb5\x2f"sv, "PK\x03\x04"sv, "\x4e\x2a\x4d\x18"sv}) {
    CHECK_FALSE(detect_format(bad));
  }
}

TEST_CASE("levels are parsed and printed") {
  for (const Format format : {Format::tar_gz, Format::tar_zst}) {
    for (const char* const text : {"fast", "balanced", "small", "1", "6", "12"}) {
      const auto level = parse_level(text, format);
      REQUIRE(level);
      CHECK(to_string(*level) == text);
    }
    for (const char* const bad :
         {"", "0", "-1", "20", "6 ", " 6", "6.5", "0x6", "Fast", "best", "99999999999999999999"}) {
      INFO(bad);
      CHECK_FALSE(parse_level(bad, format));
    }
  }
  CHECK_FALSE(parse_level("13", Format::tar_gz));
  CHECK(parse_level("19", Format::tar_zst)->number == 19);
  CHECK(Level{}.name == Level::Name::balanced);
}

}  // namespace snapshotter::archive::test
