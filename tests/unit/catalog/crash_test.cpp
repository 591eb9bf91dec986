// Processes that die: what they had committed is there, and nothing is there by halves.
#include "catalog/catalog.hpp"
#include "platform/unique_fd.hpp"
#include "samples.hpp"
#include "support/catch.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <iostream>
#include <random>

namespace snapshotter::catalog {
namespace {

using platform::UniqueFd;

std::string id_of(int n) { return "run-" + std::to_string(n); }
Time firing_of(int n) { return kNoon + std::chrono::minutes{n}; }

OutboxEntry event_of(int n) {
  OutboxEntry event;
  event.notifier = "ops";
  event.event_id = id_of(n);
  event.at = firing_of(n);
  return event;
}

// Starts a run per firing, forever, and reports each one that was committed as a byte.
[[noreturn]] void write_until_killed(const std::string& path, int report) {
  Catalog catalog(path);
  const int first = static_cast<int>(catalog.runs({}).size());
  for (int n = first;; ++n) {
    RunRecord run = run_at(id_of(n), "job", firing_of(n));
    run.scheduled = firing_of(n);
    for (int target = 0; target < 5; ++target) {
      run.results.push_back({.target = std::to_string(target), .reasons = {"one", "two"}});
    }
    catalog.put_run(run, firing_of(n), {event_of(n)});
    if (::write(report, "x", 1) != 1) ::_exit(1);
  }
}

// Lets a child commit `count` runs, kills it wherever it then is, and returns how many it reported.
int run_and_kill(const std::string& path, int count) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    try {
      write_until_killed(path, writer.get());
    } catch (...) {
      ::_exit(2);
    }
  }
  writer.reset();
  int reported = 0;
  char byte = 0;
  while (reported < count && ::read(reader.get(), &byte, 1) == 1) ++reported;
  ::kill(child, SIGKILL);
  while (::read(reader.get(), &byte, 1) == 1) ++reported;
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  return reported;
}

}  // namespace

TEST_CASE("a daemon killed while it writes leaves a consistent catalog") {
  const unsigned seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937 random(seed);
  const CatalogFile file;
  int reported = 0;
  for (int round = 0; round < 15; ++round) {
    reported += run_and_kill(file.path, std::uniform_int_distribution<int>(1, 40)(random));
    Catalog catalog = file.open();
    const auto runs = catalog.runs({});
    // The last one may have been committed without having been reported.
    CHECK(static_cast<int>(runs.size()) >= reported);
    CHECK(static_cast<int>(runs.size()) <= reported + 1);
    reported = static_cast<int>(runs.size());
    REQUIRE_FALSE(runs.empty());
    CHECK(runs.front().id == id_of(reported - 1));
    CHECK(catalog.last_firings() == std::map<std::string, Time>{{"job", *runs.front().scheduled}});
    const auto deliveries = catalog.deliveries();
    REQUIRE(deliveries.size() == 1);
    CHECK(deliveries[0].pending + deliveries[0].given_up == runs.size());
    for (const auto& run : runs) {
      REQUIRE(run.results.size() == 5);
      REQUIRE(run.results[4].reasons == Ids{"one", "two"});
    }
  }
}

}  // namespace snapshotter::catalog
