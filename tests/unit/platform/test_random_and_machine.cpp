#include "platform/machine.hpp"
#include "platform/random.hpp"
#include "support/catch.hpp"
#include "support/temp_dir.hpp"

#include <set>
#include <string>

using namespace snapshotter::platform;
using namespace snapshotter::test;

TEST_CASE("a seed replays and another one does not") {
  const auto a = seeded_random(7);
  const auto b = seeded_random(7);
  const auto c = seeded_random(8);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const auto value = a->next();
    CHECK(value == b->next());
    differs = differs || value != c->next();
  }
  CHECK(differs);
}

TEST_CASE("the system's random numbers do not repeat") {
  const auto random = system_random();
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random->next());
  CHECK(seen.size() == 1000);
}

TEST_CASE("random text has as many hexadecimal digits as asked") {
  const auto random = seeded_random(1);
  std::set<char> digits;
  for (const std::size_t length : {0U, 1U, 15U, 16U, 17U, 200U}) {
    const auto text = random_hex(*random, length);
    CHECK(text.size() == length);
    digits.insert(text.begin(), text.end());
  }
  CHECK(std::string(digits.begin(), digits.end()) == "0123456789abcdef");
  const auto text = random_hex(*random, 48);
  CHECK(text.substr(0, 16) != text.substr(16, 16));
  CHECK(text.substr(16, 16) != text.substr(32, 16));
}

TEST_CASE("the machine has a name and lasting ids") {
  CHECK_FALSE(host_name().empty());
  CHECK_FALSE(machine_id().empty());
  CHECK(machine_id() == machine_id());
  if (std::filesystem::exists("/etc/machine-id") && read_file("/etc/machine-id").size() == 33) {
    CHECK(machine_id() + "\n" == read_file("/etc/machine-id"));
  }
  CHECK(boot_id().size() == 36);
}
