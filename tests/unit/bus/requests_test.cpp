#include "bus/requests.hpp"

#include "base/error.hpp"
#include "support/catch.hpp"

#include <limits>

namespace snapshotter::bus {
namespace {

using test::ContainsText;

using sdbus::Variant;

template <class Call>
std::string refused(Call call) {
  try {
    call();
  } catch (const RequestError& error) {
    CHECK(error.kind() == ErrorKind::invalid_argument);
    return error.what();
  }
  return "not refused";
}

TEST_CASE("names may be long but not any length", "[bus][requests]") {
  CHECK_NOTHROW(check_name("job", std::string(kMaxName, 'x')));
  CHECK(refused([] { check_name("job", std::string(kMaxName + 1, 'x')); }) ==
        "cannot take argument 'job': it is 1025 bytes long; at most 1024 make a name");
  CHECK_NOTHROW(check_names("ids", std::vector<std::string>(kMaxNames, "x")));
  CHECK_THAT(refused([] { check_names("ids", std::vector<std::string>(kMaxNames + 1, "x")); }),
             ContainsText("names 1001 things"));
  CHECK_THAT(refused([] {
               check_names("ids", {"x", std::string(5000, 'x')});
             }),
             ContainsText("5000 bytes"));
}

TEST_CASE("options of a run", "[bus][requests]") {
  const std::vector<std::string> names{"a", "b"};
  CHECK(trigger_options({}).targets.empty());
  CHECK(trigger_options({{"targets", Variant(names)}}).targets == names);
  CHECK(refused([] {
          (void)trigger_options({{"target", Variant(std::string("a"))}});
        }) ==
        "cannot use option 'target': there is no such key, did you mean 'targets'? (known are "
        "targets)");
  CHECK(refused([] {
          (void)trigger_options({{"targets", Variant(std::string("a"))}});
        }) == "cannot use option 'targets': it has D-Bus type 's', but must have 'as'");
  CHECK_THAT(refused([] {
               (void)trigger_options({{"targets", Variant(std::vector<std::string>{})}});
             }),
             ContainsText("the list is empty (leave it out"));
  const std::string huge(1U << 20U, 'x');
  const auto text = refused([&] { (void)trigger_options({{huge, Variant(true)}}); });
  CHECK_THAT(text, ContainsText("there is no such key"));
  CHECK(text.size() < 200);
}

TEST_CASE("filters of runs", "[bus][requests]") {
  const auto all = run_filter({});
  CHECK(all.job.empty());
  CHECK_FALSE(all.failed);
  CHECK_FALSE(all.since.has_value());
  CHECK(all.limit == 0);

  const auto some = run_filter({{"job", Variant(std::string("nightly"))},
                                {"failed", Variant(true)},
                                {"since", Variant(std::uint64_t{7})},
                                {"limit", Variant(std::uint32_t{3})}});
  CHECK(some.job == "nightly");
  CHECK(some.failed);
  CHECK(some.since == from_unix_micros(7));
  CHECK(some.limit == 3);
}

TEST_CASE("filters that make no sense name their key", "[bus][requests]") {
  const auto refusal = [](const std::string& key, const Variant& value) {
    return refused([&] { (void)run_filter({{key, value}}); });
  };
  CHECK(refusal("limt", Variant(std::uint32_t{3})) ==
        "cannot use filter 'limt': there is no such key, did you mean 'limit'? (known are failed, "
        "job, limit, since)");
  CHECK_THAT(refusal("limit", Variant(std::int32_t{3})),
             ContainsText("type 'i', but must have 'u'"));
  CHECK_THAT(refusal("limit", Variant(std::uint64_t{3})), ContainsText("must have 'u'"));
  CHECK_THAT(refusal("failed", Variant(std::string("yes"))), ContainsText("must have 'b'"));
  CHECK_THAT(refusal("since", Variant(std::int64_t{-1})), ContainsText("must have 't'"));
  CHECK_THAT(refusal("job", Variant(true)), ContainsText("must have 's'"));
  CHECK_THAT(refusal("job", Variant(std::string(2000, 'x'))), ContainsText("2000 bytes"));
  CHECK_THAT(refusal("since", Variant(std::numeric_limits<std::uint64_t>::max())),
             ContainsText("microseconds since the epoch"));
}

TEST_CASE("answers that no bus carries are refused", "[bus][requests]") {
  CHECK_NOTHROW(check_answer(kMaxAnswer, "list", "ask for less"));
  CHECK(refused([] { check_answer(kMaxAnswer + 1, "list runs", "give a limit"); }) ==
        "cannot list runs: the answer would have 16 MiB, more than a bus carries (give a limit)");
}

}  // namespace
}  // namespace snapshotter::bus
