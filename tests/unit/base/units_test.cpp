#include "base/units.hpp"

#include "support/catch.hpp"

#include <limits>
#include <random>

namespace snapshotter {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();

std::optional<std::uint64_t> bytes(std::string_view text) {
  const auto size = parse_byte_size(text);
  return size ? std::optional(size->bytes) : std::nullopt;
}

TEST_CASE("sizes print in binary units with one decimal at most") {
  CHECK(to_string(ByteSize{0}) == "0 B");
  CHECK(to_string(ByteSize{1023}) == "1023 B");
  CHECK(to_string(1_KiB) == "1 KiB");
  CHECK(to_string(ByteSize{1536}) == "1.5 KiB");
  CHECK(to_string(500_GiB) == "500 GiB");
  CHECK(to_string(1024_GiB) == "1 TiB");
  CHECK(to_string(ByteSize{kMost}) == "16 EiB");
  CHECK(to_string(ByteSize{std::uint64_t{1} << 63U}) == "8 EiB");
}

TEST_CASE("a size that rounds up to a whole unit prints as that unit") {
  CHECK(to_string(ByteSize{(1 << 20U) - 1}) == "1 MiB");
  CHECK(to_string(ByteSize{(1 << 20U) - 52}) == "1023.9 KiB");
  CHECK(to_string(ByteSize{2 * 1024 - 1}) == "2 KiB");
}

TEST_CASE("sizes parse in binary and decimal units without regard to case") {
  CHECK(bytes("0") == 0U);
  CHECK(bytes("4096") == 4096U);
  CHECK(bytes("4096B") == 4096U);
  CHECK(bytes("500GiB") == (500_GiB).bytes);
  CHECK(bytes("10 MiB") == (10_MiB).bytes);
  CHECK(bytes("10mib") == (10_MiB).bytes);
  CHECK(bytes("10M") == (10_MiB).bytes);
  CHECK(bytes("10k") == (10_KiB).bytes);
  CHECK(bytes("1KB") == 1000U);
  CHECK(bytes("1.5TB") == 1'500'000'000'000U);
  CHECK(bytes("1.5tb") == 1'500'000'000'000U);
  CHECK(bytes("1.5 GiB") == (1536_MiB).bytes);
  CHECK(bytes("2PiB") == std::uint64_t{1} << 51U);
  CHECK(bytes("3EB") == 3'000'000'000'000'000'000U);
}

TEST_CASE("fractions of a size are exact and cut to a byte") {
  CHECK(bytes("0.1KB") == 100U);
  CHECK(bytes("0.0001KB") == 0U);
  CHECK(bytes("1.9999KB") == 1999U);
  // A double would give …999 here.
  CHECK(bytes("9.007199254740993PB") == 9'007'199'254'740'993U);
  CHECK(bytes("0.99999999999999999999999999999999999999GiB") == (1_GiB).bytes - 1);
  CHECK(bytes("15.9999999999999999999EiB") == kMost);
}

TEST_CASE("sizes that do not fit into 64 bits are refused") {
  CHECK(bytes("18446744073709551615") == kMost);
  CHECK_FALSE(bytes("18446744073709551616"));
  CHECK_FALSE(bytes("99999999999999999999999999"));
  CHECK_FALSE(bytes("16EiB"));
  CHECK_FALSE(bytes("18.5EB"));
  CHECK_FALSE(bytes("17592186044416MiB"));
}

TEST_CASE("what is not a size is refused") {
  for (const char* text : {"",       " ",       "GiB",   "-1",     "+1",       "-1GiB",  "1.",
                           "1.GiB",  ".5GiB",   "1.5",   "1.5B",   "1.5.5GiB", "1,5GiB", "1e9",
                           "0x10",   "10 GiBs", "10Gi",  "10GBps", "10ZiB",    "10 G B", " 10GiB",
                           "10GiB ", "10\nGiB", "1_000", "nan",    "inf",      "ten",    "10µB"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_byte_size(text));
  }
  CHECK_FALSE(parse_byte_size(std::string_view("10\0GiB", 6)));
}

TEST_CASE("durations parse in every unit") {
  CHECK(parse_duration("90") == seconds{90});
  CHECK(parse_duration("0") == seconds{0});
  CHECK(parse_duration("90s") == seconds{90});
  CHECK(parse_duration("1h30m") == minutes{90});
  CHECK(parse_duration("1h 30m") == minutes{90});
  CHECK(parse_duration("2 days") == hours{48});
  CHECK(parse_duration("1 day 1 hour 1 minute 1 second") == seconds{90'061});
  CHECK(parse_duration("250ms") == milliseconds{250});
  CHECK(parse_duration("12us") == Duration{12});
  CHECK(parse_duration("12µs") == Duration{12});
  CHECK(parse_duration("1w") == hours{168});
  CHECK(parse_duration("2 weeks") == hours{336});
  CHECK(parse_duration("15min") == minutes{15});
  CHECK(parse_duration("3hr") == hours{3});
}

TEST_CASE("fractions of a duration are exact and cut to a microsecond") {
  CHECK(parse_duration("1.5") == milliseconds{1500});
  CHECK(parse_duration("1.5h") == minutes{90});
  CHECK(parse_duration("0.1s") == milliseconds{100});
  CHECK(parse_duration("0.0000019s") == Duration{1});
  CHECK(parse_duration("1.2s 3ms") == milliseconds{1203});
}

TEST_CASE("durations that do not fit are refused") {
  CHECK(parse_duration("9223372036854775807us") == Duration::max());
  CHECK_FALSE(parse_duration("9223372036854775808us"));
  CHECK_FALSE(parse_duration("9223372036855"));
  CHECK_FALSE(parse_duration("18446744073709551616s"));
  CHECK_FALSE(parse_duration("99999999999999999999w"));
  CHECK_FALSE(parse_duration("9223372036854s 775808us 1us"));
  CHECK_FALSE(parse_duration("15250284w 18446744073709551615us"));
}

TEST_CASE("what is not a duration is refused") {
  for (const char* text :
       {"",     " ",     "soon",   "-1s",     "+1s", "s",    "1.s",         ".5s", "1,5s",   "1e3",
        "0x10", "1h30",  "1 2",    "5 ",      "90S", "1M",   "1month",      "1y",  "1 year", "5mm",
        "5m5m", "30m1h", "1h-30m", "1h, 30m", " 5m", "1s.5", "10 minutess", "inf", "nan"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_duration(text));
  }
  CHECK_FALSE(parse_duration(std::string_view("5\0m", 3)));
}

TEST_CASE("durations print their two largest units") {
  CHECK(to_string(Duration{0}) == "0s");
  CHECK(to_string(Duration{12}) == "12us");
  CHECK(to_string(Duration{250'999}) == "250ms");
  CHECK(to_string(Duration{1'299'999}) == "1.2s");
  CHECK(to_string(Duration{5'000'000}) == "5s");
  CHECK(to_string(Duration{9'999'999}) == "9.9s");
  CHECK(to_string(Duration{10'999'999}) == "10s");
  CHECK(to_string(Duration{seconds{45}}) == "45s");
  CHECK(to_string(Duration{minutes{90}}) == "1h 30m");
  CHECK(to_string(Duration{hours{52}}) == "2d 4h");
  CHECK(to_string(Duration{hours{24} + seconds{5}}) == "1d 5s");
  CHECK(to_string(Duration{hours{25} + minutes{1} + seconds{1}}) == "1d 1h");
  CHECK(to_string(Duration{hours{24 * 30}}) == "30d");
}

TEST_CASE("durations at the ends of their type print") {
  CHECK(to_string(Duration::max()) == "106751991d 4h");
  CHECK(to_string(Duration::min()) == "-106751991d 4h");
  CHECK(to_string(Duration{-1'500'000}) == "-1.5s");
}

TEST_CASE("what units print they also parse to within what was cut") {
  constexpr unsigned kSeed = 4711;
  CAPTURE(kSeed);
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t value = random() >> (1 + random() % 63);
    CAPTURE(value);
    const Duration duration{static_cast<Duration::rep>(value)};
    const auto parsed = parse_duration(to_string(duration));
    REQUIRE(parsed);
    REQUIRE(*parsed <= duration);
    REQUIRE(duration - *parsed <= std::max<Duration>(duration / 10, milliseconds{1}));

    const auto size = parse_byte_size(to_string(ByteSize{value}));
    REQUIRE(size);
    const std::uint64_t off = size->bytes > value ? size->bytes - value : value - size->bytes;
    REQUIRE(off <= value / 20);
  }
}

}  // namespace
}  // namespace snapshotter
