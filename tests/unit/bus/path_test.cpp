#include "bus/service.hpp"
#include "support/catch.hpp"

#include <set>

namespace snapshotter::bus {
namespace {

TEST_CASE("names become labels of object paths as sd-bus does it", "[bus][path]") {
  CHECK(job_path("nightly") == "/org/snapshotter1/job/nightly");
  CHECK(job_path("nightly-1") == "/org/snapshotter1/job/nightly_2d1");
  CHECK(job_path("under_score") == "/org/snapshotter1/job/under_5fscore");
  CHECK(job_path("1st") == "/org/snapshotter1/job/_31st");
  CHECK(job_path("a/b.c") == "/org/snapshotter1/job/a_2fb_2ec");
  CHECK(job_path("über") == "/org/snapshotter1/job/_c3_bcber");
  CHECK(job_path("\xff\n") == "/org/snapshotter1/job/_ff_0a");
  CHECK(job_path("") == "/org/snapshotter1/job/_");
  CHECK(run_path("20261124T020000Z-3f9c") == "/org/snapshotter1/run/_320261124T020000Z_2d3f9c");
}

TEST_CASE("no two names share a path", "[bus][path]") {
  std::set<std::string> names;
  std::set<std::string> paths;
  for (const std::string first : {"", "_", "a", "1", "-", "_31", "_5f"}) {
    for (const std::string second : {"", "_", "a", "1", "-", "2d", "\x80"}) {
      names.insert(first + second);
      paths.insert(job_path(first + second));
    }
  }
  CHECK(paths.size() == names.size());
}

}  // namespace
}  // namespace snapshotter::bus
