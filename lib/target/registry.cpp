#include "target/command/command_target.hpp"
#include "target/filesystem/filesystem_target.hpp"
#include "target/postgresql/postgresql_target.hpp"
#include "target/prometheus/prometheus_target.hpp"
#include "target/target.hpp"

namespace snapshotter::target {

TargetRegistry built_in_targets() {
  TargetRegistry registry;
  registry.add("command", command_target_from);
  registry.add("filesystem", filesystem_target_from);
  registry.add("postgresql", postgresql_target_from);
  registry.add("prometheus", prometheus_target_from);
  return registry;
}

}  // namespace snapshotter::target
