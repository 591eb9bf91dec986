#include "target/prometheus/block_meta.hpp"

#include "support/catch.hpp"
#include "support/prometheus_blocks.hpp"

using namespace snapshotter;
using namespace snapshotter::test;
using namespace snapshotter::target::prometheus;

namespace {

std::string refused(const std::string& json) {
  std::string why;
  CHECK_FALSE(parse_block_meta(json, why));
  return why;
}

std::string with(const std::string& times, const std::string& version = "1",
                 const std::string& stats = R"({"numSeries":1})") {
  return R"({"ulid":"01M86FM50S1C6R4N5KTG3KS7WG",)" + times + R"(,"version":)" + version +
         R"(,"stats":)" + stats + "}";
}

}  // namespace

TEST_CASE("a block of promtool's says what is in it") {
  const TempDir dir;
  const auto names = make_blocks(dir.path() / "blocks", 1, {.series = 4, .samples = 200});
  REQUIRE(names.size() == 1);
  CHECK(is_ulid(names[0]));
  std::string why;
  const auto meta =
      parse_block_meta(read_file(dir.path() / "blocks" / names[0] / "meta.json"), why);
  REQUIRE(meta);
  CHECK(meta->ulid == names[0]);
  CHECK(to_rfc3339(meta->min_time) == "2026-11-24T00:00:00Z");
  CHECK(to_rfc3339(meta->max_time) == "2026-11-24T00:03:19.001000Z");
  CHECK(meta->series == 4);
  CHECK(meta->samples == 800);
  CHECK(meta->chunks == 8);
  CHECK(meta->level == 1);
}

TEST_CASE("numbers that a block leaves out are zero") {
  std::string why;
  const auto meta = parse_block_meta(with(R"("minTime":1,"maxTime":2)"), why);
  REQUIRE(meta);
  CHECK(meta->series == 1);
  CHECK(meta->samples == 0);
  CHECK(meta->level == 0);
}

TEST_CASE("a block that says nonsense of itself is refused, with the reason") {
  CHECK(refused("") == "is no JSON object");
  CHECK(refused("[1]") == "is no JSON object");
  CHECK(refused("{") == "is no JSON object");
  CHECK(refused("{}") == "is not of version 1");
  CHECK(refused(with(R"("minTime":1,"maxTime":2)", "2")) == "is not of version 1");
  CHECK(refused(with(R"("minTime":1,"maxTime":2)", "\"1\"")) == "is not of version 1");
  CHECK(refused(with(R"("minTime":2,"maxTime":2)")) == "ends before it begins");
  const std::string lacks = "lacks its ulid, its times or its numbers";
  CHECK(refused(with(R"("maxTime":2)")) == lacks);
  CHECK(refused(with(R"("minTime":"1","maxTime":2)")) == lacks);
  CHECK(refused(with(R"("minTime":1,"maxTime":2)", "1", "[]")) == lacks);
  CHECK(refused(with(R"("minTime":1,"maxTime":2)", "1", R"({"numChunks":-1})")) == lacks);
  CHECK(refused(R"({"ulid":5,"minTime":1,"maxTime":2,"stats":{},"version":1})") == lacks);
}

TEST_CASE("times that no clock shows do not overflow") {
  std::string why;
  const auto meta = parse_block_meta(
      with(R"("minTime":-9223372036854775808,"maxTime":9223372036854775807)"), why);
  REQUIRE(meta);
  CHECK(meta->min_time < meta->max_time);
}

TEST_CASE("only ULIDs are names of blocks") {
  CHECK(is_ulid("01M86FM50S1C6R4N5KTG3KS7WG"));
  CHECK_FALSE(is_ulid("81M86FM50S1C6R4N5KTG3KS7WG"));
  CHECK_FALSE(is_ulid("01M86FM50S1C6R4N5KTG3KS7W"));
  CHECK_FALSE(is_ulid("01M86FM50S1C6R4N5KTG3KS7WGG"));
  CHECK_FALSE(is_ulid("01m86fm50s1c6r4n5ktg3ks7wg"));
  CHECK_FALSE(is_ulid("01M86FM50S1C6R4N5KTG3KS7WU"));
  CHECK_FALSE(is_ulid("01M86FM50S1C6R4N5KTG3KS7W/"));
  CHECK_FALSE(is_ulid(""));
}
