#include "base/version.hpp"

#include "base/text.hpp"
#include "support/catch.hpp"

namespace snapshotter {
namespace {

TEST_CASE("the version is three numbers") {
  const std::vector<std::string> numbers = split(version(), '.');
  REQUIRE(numbers.size() == 3);
  for (const std::string& number : numbers) {
    CAPTURE(number);
    CHECK_FALSE(number.empty());
    CHECK(number.find_first_not_of("0123456789") == std::string::npos);
  }
}

}  // namespace
}  // namespace snapshotter
