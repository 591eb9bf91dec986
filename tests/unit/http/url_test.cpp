#include "http/url.hpp"

#include "support/catch.hpp"

TEST_CASE("an address of nothing but a scheme is http at port 80") {
  CHECK(snapshotter::http::Url{}.port == 80);
}
