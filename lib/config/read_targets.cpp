#include "config/sections.hpp"

#include <limits>

namespace snapshotter::config {
namespace {

using settings::Section;

std::optional<std::uint64_t> read_limit(Section& section, std::string_view key) {
  const auto number = section.integer(key, 0, std::numeric_limits<std::int64_t>::max());
  if (!number) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

Expectation read_expectation(Section section) {
  Expectation expect;
  expect.min_size = section.size("min_size");
  expect.max_shrink = section.fraction("max_shrink");
  section.finish();
  return expect;
}

Tolerance read_tolerance(Section section) {
  Tolerance tolerate;
  tolerate.changed = read_limit(section, "changed");
  tolerate.missing = read_limit(section, "missing").value_or(tolerate.missing);
  tolerate.fail_above = read_limit(section, "fail_above");
  section.finish();
  return tolerate;
}

}  // namespace

std::map<std::string, TargetSpec> read_targets(Section& root, const target::TargetRegistry& types) {
  std::map<std::string, TargetSpec> targets;
  for (auto& [name, section] : read_named(root, "targets", "target")) {
    TargetSpec spec;
    spec.name = name;
    if (auto expect = section.section("expect")) spec.expect = read_expectation(*std::move(expect));
    if (auto limits = section.section("tolerate")) {
      spec.tolerate = read_tolerance(*std::move(limits));
    }
    spec.bandwidth = read_bandwidth(section, "bandwidth");
    make_product(types, section, spec, &TargetSpec::target);
    targets.emplace(name, std::move(spec));
  }
  return targets;
}

}  // namespace snapshotter::config
