#include "snapshotctl/parts/progress.hpp"

#include "examples.hpp"

using namespace snapshotter;
using namespace snapshotter::ctl;
using snapshotter::ctl::test::plain_view;
using snapshotter::ctl::test::terminal;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t kMiB = 1U << 20U;

// Whole numbers, so that nothing has to be compared approximately.
std::int64_t rounded(std::optional<double> value) {
  return value ? static_cast<std::int64_t>(*value + 0.5) : -1;
}

}  // namespace

TEST_CASE("A rate needs half a second") {
  RateMeter meter;
  CHECK_FALSE(meter.rate());
  meter.update(Steady{0s}, 0);
  CHECK_FALSE(meter.rate());
  meter.update(Steady{400ms}, 1000);
  CHECK_FALSE(meter.rate());
  meter.update(Steady{1s}, 2000);
  CHECK(rounded(meter.rate()) == 2000);
}

TEST_CASE("A rate follows the last seconds") {
  RateMeter meter;
  for (int second = 0; second <= 100; ++second) {
    meter.update(Steady{std::chrono::seconds(second)}, static_cast<std::uint64_t>(second) * 1000);
  }
  for (int second = 1; second <= 10; ++second) {
    meter.update(Steady{std::chrono::seconds(100 + second)},
                 100'000 + static_cast<std::uint64_t>(second) * 50);
  }
  CHECK(rounded(meter.rate()) == 50);
}

TEST_CASE("A measurement begins anew when there are fewer bytes") {
  RateMeter meter;
  meter.update(Steady{0s}, 1'000'000);
  meter.update(Steady{1s}, 2'000'000);
  meter.update(Steady{2s}, 10);
  CHECK_FALSE(meter.rate());
  meter.update(Steady{3s}, 110);
  CHECK(rounded(meter.rate()) == 100);
}

TEST_CASE("What remains is what is left at this rate") {
  CHECK(remaining(100, 300, 100.0) == Duration(2s));
  CHECK_FALSE(remaining(100, 300, std::nullopt));
  CHECK_FALSE(remaining(100, 0, 100.0));
  CHECK_FALSE(remaining(300, 300, 100.0));
  CHECK_FALSE(remaining(0, 300, 0.0));
  CHECK_FALSE(remaining(0, 1ULL << 60U, 1.0));  // longer than anybody believes
}

TEST_CASE("A progress line fits its terminal") {
  const ProgressState state{"app-db: archiving", 450 * kMiB, 1000 * kMiB, 50.0 * kMiB};
  CHECK(progress_line(state, plain_view()) ==
        "app-db: archiving  [#####-------]  45 %  450 MiB of 1000 MiB  50 MiB/s  11s left");
  for (const std::size_t width : {20U, 40U, 60U, 80U, 100U, 200U}) {
    CHECK(display_width(progress_line(state, terminal(width))) <= width);
  }
  CHECK_THAT(progress_line(state, terminal(200)),
             snapshotter::test::ContainsText("[#############-----------------]"));
}

TEST_CASE("A progress line says only what is known") {
  CHECK(progress_line({"nightly: queued"}, plain_view()) == "nightly: queued");
  CHECK(progress_line({"dump", 5 * kMiB, 0, 1.0 * kMiB}, plain_view()) == "dump  5 MiB  1 MiB/s");
}

TEST_CASE("An estimate that was too low stays at 99 percent") {
  const auto line = progress_line({"x", 2000, 1000, 100.0}, plain_view());
  CHECK_THAT(line, snapshotter::test::ContainsText("99 %"));
}
