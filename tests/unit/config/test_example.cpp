// etc/snapshotterd.yaml is what a fresh install runs: it must be right, as it is and with
// everything on that it shows.
#include "fixture.hpp"
#include "platform/files.hpp"
#include "support/source_path.hpp"
#include "support/temp_dir.hpp"

#include <cstdio>
#include <ctime>
#include <random>
#include <regex>

using namespace snapshotter;
using namespace snapshotter::test;

namespace {

std::string example() { return read_file(source_path("etc/snapshotterd.yaml")); }

// The types that this build really has.
config::Registries real_types(platform::Files& files) {
  config::Registries types;
  types.stores = store::built_in_stores(files);
  types.targets = target::built_in_targets();
  types.notifiers = notify::built_in_notifiers();
  return types;
}

}  // namespace

TEST_CASE("the example works without a warning") {
  const auto files = platform::system_files();
  const auto config =
      config::parse(example(), "snapshotterd.yaml", real_types(*files), environment_of({}));
  CHECK(config.warnings.empty());
  CHECK(config.stores.at("local").store->describe() == "directory /srv/backups");
  CHECK(config.targets.at("configs").type == "filesystem");
  const config::JobSpec& job = config.jobs.at("nightly");
  CHECK(job.schedule->text() == "0 2 * * *");
  CHECK(job.targets == std::vector<std::string>{"configs"});
  CHECK_FALSE(job.retention.keeps_everything());
}

TEST_CASE("the example shows defaults and valid alternatives only") {
  // "#key: value" is a setting that is off; prose has a blank behind the '#'.
  const std::regex off("(^|\n)( *)#([a-z])");
  // The environment and files of no test.
  const std::regex url_from_elsewhere(R"(\$\{[A-Z_]*URL\})");
  const std::regex from_elsewhere(R"(\$\{[^}]*\})");
  std::string everything = std::regex_replace(example(), off, "$1$2$3");
  everything = std::regex_replace(everything, url_from_elsewhere, "https://elsewhere.example/x");
  everything = std::regex_replace(everything, from_elsewhere, "elsewhere");
  REQUIRE(everything != example());
  const auto files = platform::system_files();
  const auto config =
      config::parse(everything, "snapshotterd.yaml", real_types(*files), environment_of({}));
  // What it shows beside its one job is used by none.
  for (const auto& warning : config.warnings) {
    CHECK_THAT(warning.message, ContainsText("is used by no job"));
  }
  CHECK(config.targets.at("metrics").type == "prometheus");
  CHECK(config.daemon.max_concurrent_runs == config::DaemonSettings().max_concurrent_runs);
  CHECK(config.daemon.workers == config::DaemonSettings().workers);
  CHECK(config.daemon.state_dir == config::DaemonSettings().state_dir);
  CHECK(config.daemon.history == config::DaemonSettings().history);
  CHECK(config.logging.level == config::LoggingSettings().level);
  CHECK(config.jobs.at("nightly").retry.attempts == config::Retry().attempts);
  CHECK(config.jobs.at("nightly").retry.backoff == config::Retry().backoff);
  CHECK(config.notifiers.at("chat").notifier->describe() == "https://elsewhere.example");
  CHECK(config.notifiers.at("phone").notifier->describe() == "https://ntfy.sh");
  CHECK(config.notifiers.at("automation").events == config.notifiers.at("chat").events);
  CHECK(config.jobs.at("nightly").notify.size() == 3);
  CHECK(config.jobs.at("nightly").overlap == config::JobSpec().overlap);
  CHECK(config.jobs.at("nightly").catch_up == config::JobSpec().catch_up);
  CHECK(config.jobs.at("nightly").dst == config::JobSpec().dst);
}

TEST_CASE("no mutation of the example makes reading it do anything but read or refuse") {
  const auto seed = std::random_device{}();
  std::printf("seed of the mutated examples: %u\n", seed);
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto below = [&](std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
  };
  const std::vector<std::string> scraps{"\n",      "\t",
                                        ": ",      "- ",
                                        "'",       "\"",
                                        "[",       "]",
                                        "{",       "}",
                                        "&a ",     "*a",
                                        "<<: ",    "#",
                                        "${",      "${A}",
                                        "$",       "|\n",
                                        ">\n",     "---\n",
                                        "? ",      "!!str ",
                                        "\\x",     ",",
                                        "%",       "@",
                                        "\x80",    "\0 ",
                                        "  ",      "\xEF\xBB\xBF",
                                        "jobs:\n", "~",
                                        "...\n",   "99999999999999999999",
                                        "-1",      "\r",
                                        "\xC3\xA4"};
  const std::string original = example();
  const config::Registries types = fake_types();
  const auto environment = environment_of({{"A", "x: [1"}});
  int good = 0;
  for (int round = 0; round < 1500; ++round) {
    std::string text = original;
    for (std::size_t changes = 1 + below(6); changes > 0 && !text.empty(); --changes) {
      const std::size_t at = below(text.size());
      switch (below(4)) {
        case 0:
          text.erase(at, 1 + below(20));
          break;
        case 1:
          text.insert(at, scraps[below(scraps.size())]);
          break;
        case 2:
          text.insert(at, text.substr(below(text.size()), below(200)));
          break;
        default:
          text[at] = static_cast<char>(below(256));
      }
    }
    try {
      (void)config::parse(text, "mutated.yaml", types, environment);
      ++good;
    } catch (const config::InvalidConfig& invalid) {
      REQUIRE(!invalid.details().empty());
      for (const auto& problem : invalid.details().sorted()) {
        REQUIRE(problem.where.file == "mutated.yaml");
        REQUIRE(!problem.message.empty());
      }
    }
  }
  // Most of the example is comments, so some mutations must have been harmless.
  CHECK(good > 0);
}

// Measured, not asserted: test_unit_config "[measure]".
TEST_CASE("time to load ten thousand jobs", "[.][measure]") {
  std::string yaml = "stores: {local: {type: directory, path: /srv/backups}}\ntargets:\n";
  for (int i = 0; i < 10'000; ++i) {
    yaml += "  t" + std::to_string(i) + ": {type: filesystem, paths: [/srv/" + std::to_string(i) +
            "]}\n";
  }
  yaml += "jobs:\n";
  for (int i = 0; i < 10'000; ++i) {
    const std::string number = std::to_string(i);
    yaml += "  job-" + number + ":\n    schedule: \"" + std::to_string(i % 60) +
            " 2 * * mon-fri\"\n    timezone: Europe/Berlin\n    targets: [t" + number +
            "]\n    store: local\n    retention: {days: 30, keep_last: 3, daily: 7}\n";
  }
  const TempDir dir;
  write_file(dir.path() / "snapshotterd.yaml", yaml);
  const std::clock_t begin = std::clock();
  const auto config = config::load(dir.string() + "/snapshotterd.yaml", fake_types(), {});
  const double took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  std::printf("%zu jobs, %zu targets, %zu bytes: %.3f s of CPU time\n", config.jobs.size(),
              config.targets.size(), yaml.size(), took);
}
